"""A proxy that leads each connection to one of several servers, and past those that refuse it."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle

_CHUNK = 65_536


@dataclass
class Balancer:
    """Passes on bytes, and so `Host` and signatures, as they are."""

    listener: socket.socket
    upstreams: Sequence[int]
    """Ports."""
    taken: Counter[int] = field(default_factory=Counter)
    """Connections that each upstream took."""

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    def run(self) -> None:
        """Until the listener is shut down, and each connection has ended."""
        starts, leading = cycle(range(len(self.upstreams))), list[threading.Thread]()
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                leading.append(threading.Thread(target=self._lead, args=(client, next(starts))))
                leading[-1].start()
        for one in leading:
            one.join()

    def _lead(self, client: socket.socket, start: int) -> None:
        with client:
            for port in (*self.upstreams[start:], *self.upstreams[:start]):
                with suppress(ConnectionRefusedError):
                    server = socket.create_connection(("127.0.0.1", port))
                    self.taken[port] += 1
                    with server:
                        back = threading.Thread(target=_pass_on, args=(server, client))
                        back.start()
                        _pass_on(client, server)
                        back.join()
                    return


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """All that comes, and its end."""
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextmanager
def balancing(upstreams: Sequence[int]) -> Iterator[Balancer]:
    """A balancer on a free port until the block ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        balancer = Balancer(listener, upstreams)
        thread = threading.Thread(target=balancer.run, daemon=True)
        thread.start()
        try:
            yield balancer
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
