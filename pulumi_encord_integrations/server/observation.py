"""Gives each request its id, one line in the log, and its place in the metrics."""

import logging
import time
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pulumi_encord_integrations.server import request_context
from pulumi_encord_integrations.server.request_context import RequestContext
from pulumi_encord_integrations.server.responses import FAILED, FRAMEWORK_CODES

if TYPE_CHECKING:
    from pulumi_encord_integrations.server.metrics import Metrics

_log = logging.getLogger(__name__)
_HEADER = b"x-request-id"
_TOO_MANY = "rate_limited"


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
    many = stranger or context.code == _TOO_MANY
    _log.log(
        level,
        "request",
        extra={
            "fields": {name: value for name, value in told.items() if value},
            "bound": f"request: {context.code or 'answered'}" if many else None,
        },
    )


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
