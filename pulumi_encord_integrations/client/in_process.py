"""Calls an API that runs in this process, in the thread that asks."""

import asyncio
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2

_Message = MutableMapping[str, Any]
_App = Callable[[Any, Any, Any], Awaitable[None]]


class _InProcess(httpx2.BaseTransport):
    """Runs an ASGI application on event loops that one request has to itself, one after another.

    Threads share no loop at the same time, so nothing of one request waits for another.
    """

    def __init__(self, app: _App) -> None:
        self._app = app
        self._idle: deque[asyncio.AbstractEventLoop] = deque()
        # A loop that is not closed holds descriptors.
        self._end = weakref.finalize(self, _close, self._idle)

    def close(self) -> None:
        self._end()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._answer(request)
        # A thread can run one loop only, and this one runs the caller's.
        with ThreadPoolExecutor(1) as other:
            return other.submit(self._answer, request).result()

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        exchange = _Exchange(request)
        try:
            loop = self._idle.pop()
        except IndexError:
            loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(exchange.run(self._app))
        except BaseException:
            # What was interrupted may have left something on its loop.
            loop.close()
            raise
        self._idle.append(loop)
        return exchange.response()


def _close(loops: deque[asyncio.AbstractEventLoop]) -> None:
    while loops:
        loops.pop().close()


class _Exchange:
    """One request and its answer, as ASGI tells them."""

    def __init__(self, request: httpx2.Request) -> None:
        url = request.url
        self._request = request
        self._body: bytes | None = request.read()
        self._status: int | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": None,
            "server": (url.host, url.port),
            "state": {},
        }

    async def run(self, app: _App) -> None:
        try:
            await app(self.scope, self._receive, self._send)
        except Exception:
            # A server's answer counts, whatever it raises for its log.
            if self._status is None:
                raise

    def response(self) -> httpx2.Response:
        if self._status is None:
            raise httpx2.RemoteProtocolError("the API in this process did not answer")
        return httpx2.Response(
            self._status, headers=self._headers, content=b"".join(self._parts), request=self._request
        )

    async def _receive(self) -> _Message:
        if self._body is None:
            return {"type": "http.disconnect"}
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def _send(self, message: _Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = list(message.get("headers", ()))
        else:
            self._parts.append(message.get("body", b""))


def in_process(app: _App) -> httpx2.BaseTransport:
    """A transport to an ASGI application in this process."""
    return _InProcess(app)
