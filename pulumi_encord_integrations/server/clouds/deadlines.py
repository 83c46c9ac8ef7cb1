"""One end for all that a request does, which a peer cannot put off by sending a byte now and then."""

import io
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Deadline:
    """The moment at which a request is given up."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left; raises `TimeoutError` if there are none."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


class Wire:
    """What `http.client` uses of a socket, each step bounded by the deadline; its maker closes the socket."""

    def __init__(self, stream: socket.socket, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def sendall(self, data: bytes) -> None:
        """Sends it all; over TLS, the socket's own `sendall` would bound each part alone."""
        rest = memoryview(data)
        while rest:
            self._stream.settimeout(self._deadline.left())
            rest = rest[self._stream.send(rest) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        """The side that is read."""
        return io.BufferedReader(_Reader(self._stream, self._deadline))

    def close(self) -> None:
        """Nothing: an answer is read on after `http.client` has closed its connection."""


class _Reader(io.RawIOBase):
    def __init__(self, stream: socket.socket, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        self._stream.settimeout(self._deadline.left())
        return self._stream.recv_into(buffer)
