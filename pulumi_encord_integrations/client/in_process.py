"""Calls an API that runs in this process, over WSGI."""

from typing import Any, cast

import httpx2

_RAW_PATH = "X-Raw-Path"


class _InProcess(httpx2.WSGITransport):
    """WSGI hands over the path decoded; the one that was signed goes along as a header."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers[_RAW_PATH] = request.url.raw_path.partition(b"?")[0].decode("ascii")
        return super().handle_request(request)


def in_process(app: Any) -> httpx2.BaseTransport:
    """A transport to an ASGI application in this process."""
    from a2wsgi import ASGIMiddleware

    async def with_raw_path(scope: Any, receive: Any, send: Any) -> None:
        given = scope["wsgi_environ"][f"HTTP_{_RAW_PATH.upper().replace('-', '_')}"]
        await app({**scope, "raw_path": given.encode("ascii")}, receive, send)

    # Both sides of the bridge are typed more narrowly than WSGI and ASGI are.
    bridge = cast(Any, ASGIMiddleware(cast(Any, with_raw_path)))

    def wsgi(environ: Any, start_response: Any) -> Any:
        # WSGI wants the bytes of the path as Latin-1; the transport hands over its text.
        environ["PATH_INFO"] = environ["PATH_INFO"].encode().decode("latin-1")
        return bridge(environ, start_response)

    return _InProcess(cast(Any, wsgi))
