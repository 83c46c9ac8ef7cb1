"""What every request passes before its route: a bound on its size, proof of who calls, and a net for bugs."""

import logging
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.errors import (
    InternalFailure,
    RequestTooLarge,
    ServiceError,
    unauthenticated,
)
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.responses import ErrorBody
from pulumi_encord_integrations.server.store.database import ConstraintError, DatabaseError, PoolTimeout

PREFIX = "/v2/public"
MAX_BODY = 1024 * 1024
"""Bytes in a request's body."""
MAX_LARGE_BODY = 16 * MAX_BODY
"""Bytes in a body that may name all members of an integration or group."""

_log = logging.getLogger(__name__)
_ONCE = ("authorization", "content-digest", "signature", "signature-input", "host")


class AuthenticatedRoute(APIRoute):
    """Proves the credentials before anything else of the request is read into meaning."""

    max_body = MAX_BODY

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler behind authentication."""
        handle = super().get_route_handler()

        async def authenticated(request: Request) -> Response:
            try:
                deployment: Deployment = request.app.state.deployment
                incoming = await _incoming(request, self.max_body)
                request.state.proof = auth.prove(
                    incoming, deployment.vault, deployment.window, deployment.addresses
                )
                return await handle(request)
            except (ServiceError, HTTPException, RequestValidationError, PoolTimeout):
                raise
            except Exception as error:
                # What breaks a constraint is a bug of ours, and its text quotes values.
                if isinstance(error, DatabaseError) and not isinstance(error, ConstraintError):
                    raise
                raise _bug(request, error) from None

        return authenticated


class LargeRoute(AuthenticatedRoute):
    """The same for long lists."""

    max_body = MAX_LARGE_BODY


def router(noun: str, prefix: str = "", *, large: bool = False) -> LazyRouter:
    """A router whose routes all stand behind authentication; `large` for those that take long lists."""
    route = LargeRoute if large else AuthenticatedRoute
    refusals: dict[int | str, dict[str, Any]] = {"default": {"model": ErrorBody, "description": "Refused"}}
    return LazyRouter(noun, PREFIX + prefix, route, refusals)


def _bug(request: Request, error: Exception) -> InternalFailure:
    # Only the kind of the error and its place: its text may quote what the caller sent.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    _log.error("%s %s: %s in %s", request.method, request.url.path, type(error).__name__, place)
    return InternalFailure("internal_error", "the API failed", "See its log")


async def _incoming(request: Request, max_body: int) -> auth.Incoming:
    if any(len(request.headers.getlist(name)) > 1 for name in _ONCE):
        raise unauthenticated(f"a request may hold each of {', '.join(_ONCE)} once")
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    return auth.Incoming(
        method=request.method,
        target=f"{path}?{query}" if query else path,
        authority=request.headers.get("host", ""),
        headers=request.headers,
        body=await _body(request, max_body),
    )


async def _body(request: Request, max_body: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_body:
            raise RequestTooLarge("payload_too_large", f"a request may hold {max_body} bytes")
    # Starlette hands this to whoever parses the body after us.
    request._body = bytes(body)
    return request._body
