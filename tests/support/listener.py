"""A server on loopback that notes who connects, and a name server that answers as told."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_HELLO = b"\x16"
"""TLS begins with it."""

Serve = Callable[[socket.socket], None]


@dataclass
class Listener:
    """Counts who connects to loopback, and keeps what they send."""

    stream: socket.socket
    serve: Serve | None = None
    """Instead of answering 200."""
    tls: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def port(self) -> int:
        return cast(int, self.stream.getsockname()[1])

    @property
    def lines(self) -> list[str]:
        return self.requests[-1].decode("ascii").split("\r\n")

    def run(self) -> None:
        while True:
            try:
                peer, _ = self.stream.accept()
            except OSError:
                return
            self.connections += 1
            try:
                self.answer(peer)
            except OSError:
                continue
            finally:
                peer.close()

    def answer(self, peer: socket.socket) -> None:
        peer.settimeout(10)
        with self.tls.wrap_socket(peer, server_side=True) if self.tls else peer as stream:
            received = b""
            while (
                b"\r\n\r\n" not in received
                and not received.startswith(_HELLO)
                and (piece := stream.recv(65_536))
            ):
                received += piece
            self.requests.append(received)
            (self.serve or (lambda stream: stream.sendall(OK)))(stream)


@contextmanager
def listening(serve: Serve | None = None) -> Iterator[Listener]:
    stream = socket.create_server(("127.0.0.1", 0))
    found = Listener(stream, serve)
    thread = threading.Thread(target=found.run)
    thread.start()
    try:
        yield found
    finally:
        stream.shutdown(socket.SHUT_RDWR)
        stream.close()
        thread.join(10)


class Dns:
    """A name server; each question takes the next of its answers, the last one stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), list[tuple[Any, Any]]()

    def __call__(self, host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        self.asked.append((host, port))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not answer:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [self.entry(text, port) for text in answer]

    @staticmethod
    def entry(text: str, port: int) -> Any:
        if ":" not in text:
            return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port))
        address, _, scope = text.partition("%")
        return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, int(scope or 0)))


def dns(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> Dns:
    server = Dns(*answers)
    monkeypatch.setattr(socket, "getaddrinfo", server)
    return server
