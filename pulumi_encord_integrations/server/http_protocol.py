"""HTTP connections that cannot be held open, or filled, by who sends no whole request or takes no answer."""

import asyncio
import json
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from pulumi_encord_integrations.server.connections import Connections, Stalled
from pulumi_encord_integrations.server.responses import HEADERS_TOO_LARGE, UNAVAILABLE

HEADER_SECONDS = 10.0
"""For a request's headers to arrive, from the connection or from their first byte."""
MAX_HEADER_BYTES = 64 * 1024
"""Of a message, trailers included, beside its body."""
MAX_PIPELINED = 16
"""Requests on one connection that wait for the answer to an earlier one."""
STALLED_SECONDS = 20.0
SLOWEST_READER = 64 * 1024
"""Bytes of an answer that a client must take in `STALLED_SECONDS`."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection: uvicorn bounds neither time nor size, in either direction."""

    _timer: asyncio.TimerHandle | None = None
    _beside = 0
    """Bytes of the message that are not its body."""
    _body = 0
    _fields = 0
    """Bytes of its headers."""
    _headers_done = False

    def __init__(self, *, room: Connections, **given: Any) -> None:
        super().__init__(**given)
        self._room = room
        self._serving = self.app

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # So that whatever a client does not take is noticed.
        transport.set_write_buffer_limits(high=0)
        self._stalled = Stalled(transport, STALLED_SECONDS, SLOWEST_READER)
        self._room.opened(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        self._beside += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        # A body may come in many small chunks, each with a line of its own.
        if self._beside > MAX_HEADER_BYTES + self._body:
            self.transport.abort()
        elif self._answering():
            self._forget_timer()
        elif self._timer is None:
            self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_timer()
        self._stalled.end()
        self._room.closed(self.transport)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._beside = self._body = self._fields = 0
        self._headers_done = False
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._headers_done:
            # Nothing here reads trailers.
            self.transport.abort()
            return
        self._fields += len(name) + len(value) + len(": \r\n")
        if self._fields > MAX_HEADER_BYTES:
            self._refuse_headers()
            return
        super().on_header(name, value)

    def _refuse_headers(self) -> None:
        if not self.transport.is_closing():
            line = f"HTTP/1.1 {HEADERS_TOO_LARGE} Request Header Fields Too Large"
            self.transport.write(f"{line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            self.transport.close()

    def on_headers_complete(self) -> None:
        if self.transport.is_closing():
            return
        self._headers_done = True
        self._room.asks(self.transport)
        self.app = _full if self._room.full else self._serving
        super().on_headers_complete()
        if len(self.pipeline) > MAX_PIPELINED:
            self.transport.abort()

    def on_message_complete(self) -> None:
        if not self.transport.is_closing():
            super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        if self.transport.is_closing():
            return
        self._body += len(body)
        self._beside -= len(body)
        super().on_body(body)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._stalled.watch()
        elif not self.pipeline:
            self._room.waits(self.transport)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled.watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled.end()

    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _expect_headers(self) -> None:
        self._timer = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


async def _full(_scope: Scope, _receive: Receive, send: Send) -> None:
    said = {
        "message": "the API serves as many connections as it can",
        "code": "overloaded",
        "hint": "Try again",
    }
    body = json.dumps(said).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", b"1"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": UNAVAILABLE, "headers": headers})
    await send({"type": "http.response.body", "body": body})
