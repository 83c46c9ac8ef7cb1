"""HTTP connections that cannot be held open by who sends no whole request."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEADER_SECONDS = 10.0
"""For a request's headers to arrive, from the connection or from their first byte."""
MAX_HEADER_BYTES = 64 * 1024
MAX_WAITING = 256
"""Connections without a whole request; beyond, the oldest of them makes room."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection: uvicorn bounds neither how long headers take nor how large they are."""

    _timer: asyncio.TimerHandle | None = None
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._answering():
            self._done()
            return
        self._received += len(data)
        if self._received > MAX_HEADER_BYTES:
            self.transport.abort()
        elif self._timer is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done()
        super().connection_lost(exc)

    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _wait(self) -> None:
        self._timer = self.loop.call_later(HEADER_SECONDS, self.transport.abort)
        waiting = self._waiting()
        waiting[self] = None
        if len(waiting) > MAX_WAITING:
            oldest = next(iter(waiting))
            # Its loss is told later; the next one must not make room a second time.
            del waiting[oldest]
            oldest.transport.abort()

    def _done(self) -> None:
        self._received = 0
        self._waiting().pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _waiting(self) -> "dict[BoundedHttpProtocol, None]":
        """Of the whole server, oldest first."""
        shared: dict[str, Any] = vars(self.server_state)
        found: dict[BoundedHttpProtocol, None] = shared.setdefault("waiting", {})
        return found
