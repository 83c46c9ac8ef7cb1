"""Gives each request its id, one line in the log, and its place in the metrics."""

import logging
import time
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pulumi_encord_integrations.model.limits import RATE_LIMITED
from pulumi_encord_integrations.server import request_context
from pulumi_encord_integrations.server.request_context import RequestContext
from pulumi_encord_integrations.server.responses import FAILED, FRAMEWORK_CODES

if TYPE_CHECKING:
    from pulumi_encord_integrations.server.metrics import Metrics

_log = logging.getLogger(__name__)
_HEADER = b"x-request-id"


async def observed(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, metrics: "Metrics | None"
) -> None:
    """Answers the request as the application does, and tells what came of it."""
    context = RequestContext.of(scope)
    request_context.enter(context)
    began, status = time.perf_counter(), 0

    async def told(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            identified = (_HEADER, context.request_id.encode())
            message = {**message, "headers": [*message.get("headers", ()), identified]}
        await send(message)

    try:
        await app(scope, receive, told)
    finally:
        seconds = time.perf_counter() - began
        _tell(context, status, seconds)
        if metrics is not None:
            metrics.count(context, status, seconds)


def _tell(context: RequestContext, status: int, seconds: float) -> None:
    # What a stranger is refused is worth a look; for paths that are not there every scanner asks.
    stranger = not context.actor
    refused = bool(context.code) and status < FAILED and context.code not in FRAMEWORK_CODES.values()
    level = logging.WARNING if stranger and refused else logging.INFO
    if not _log.isEnabledFor(level):
        return
    told = _fields(context, status, seconds) | ({"reason": context.reason} if stranger else {})
    _log.log(
        level,
        "request",
        extra={
            "fields": {name: value for name, value in told.items() if value},
            "bound": _bound(context),
        },
    )


def _bound(context: RequestContext) -> str | None:
    """The kind of line of which there are only so many; None for those of who is known and may ask."""
    if not context.actor:
        return f"request: {context.code or 'answered'}"
    # Each identity has lines of its own: those of one must not hide another's.
    return f"request: {RATE_LIMITED} of {context.identity}" if context.code == RATE_LIMITED else None


def _fields(context: RequestContext, status: int, seconds: float) -> dict[str, Any]:
    return {
        "method": context.method,
        "path": context.path,
        "route": context.route,
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
        "actor": context.actor,
        "credential": context.credential,
        "stack": context.stack,
        "code": context.code,
    }
