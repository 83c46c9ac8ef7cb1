"""APIs that cannot be asked, each in its way, on loopback ports of their own."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from tests.support.listener import Listener
from tests.support.served import free_port

_ANSWERS = {
    "busy": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "failing": b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
    "another service": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
}
_SLOW = 10.0
"""Seconds until an answer; more than a preview waits."""


@contextmanager
def failing_api(how: str) -> Iterator[str]:
    """Its address: `down` and `black hole` take no connection, `slow` is late, the others say nonsense."""
    if how == "down":
        yield f"http://127.0.0.1:{free_port()}"
    elif how == "black hole":
        with _black_hole() as port:
            yield f"http://127.0.0.1:{port}"
    else:
        serve = _late if how == "slow" else _saying(_ANSWERS[how])
        with socket.create_server(("127.0.0.1", 0)) as stream:
            listener = Listener(stream, serve)
            threading.Thread(target=listener.run, daemon=True).start()
            yield f"http://127.0.0.1:{listener.port}"


def _saying(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda stream: stream.sendall(answer)


def _late(_stream: socket.socket) -> None:
    time.sleep(_SLOW)


@contextmanager
def _black_hole() -> Iterator[int]:
    """A port whose queue is full, so that the system drops what more arrives."""
    with ExitStack() as held:
        stream = held.enter_context(socket.socket())
        stream.bind(("127.0.0.1", 0))
        stream.listen(0)
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(stream.getsockname())
        yield stream.getsockname()[1]
