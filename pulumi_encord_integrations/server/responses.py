"""Answers over HTTP: models as JSON, and errors in Encord's form `{"message", "code"}` with their status."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from pulumi_encord_integrations.server import errors, request_context

STATUSES: Mapping[type[errors.ServiceError], int] = {
    errors.InvalidRequest: 400,
    errors.Unauthenticated: 401,
    errors.PermissionDenied: 403,
    errors.ObjectNotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.RequestTimeout: 408,
    errors.RequestTooLarge: 413,
    errors.Misdirected: 421,
    errors.TooManyRequests: 429,
    # Clients take a 502 for a gateway's and ask again.
    errors.CloudFailed: 424,
    errors.InternalFailure: 500,
    errors.NotConfigured: 501,
    errors.Overloaded: 503,
}
FRAMEWORK_CODES = {404: "no_such_route", 405: "method_not_allowed"}
"""Codes of what the framework refuses by itself."""
WRONG_METHOD = 405
FAILED = 500
"""From here on it is not the caller who is wrong."""
UNAVAILABLE = 503
HEADERS_TOO_LARGE = 431
UNHEARD = 400
"""Of an answer to a client that has left."""
_CHALLENGED = 401
_SOON = {429, UNAVAILABLE}
RETRY_AFTER = {"Retry-After": "1"}
"""Of what may be asked again soon; whole seconds, since Encord's SDK reads no dates."""

_OAUTH_CODES = {"invalid_grant", "invalid_scope", "unauthorized_client", "unsupported_grant_type"}
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class ErrorBody(BaseModel):
    """Every answer that is no success."""

    message: str
    code: str
    hint: str | None = None
    errors: list[dict[str, str]] | None = None
    """Each refusal, where one request asks for many things; what arrived, where a signature is not of it."""


def success(found: BaseModel | Mapping[str, Any] | str) -> Response:
    """A model as JSON; a mapping is in the form of the wire already, and a text is JSON."""
    if isinstance(found, BaseModel):
        found = found.model_dump_json(by_alias=True)
    body = found if isinstance(found, str) else json.dumps(found)
    return Response(body, media_type="application/json")


def unstored(found: BaseModel | str) -> Response:
    """The same for what no cache may keep."""
    answer = success(found)
    answer.headers.update(_NO_STORE)
    return answer


def failure(
    status: int,
    code: str,
    message: str,
    hint: str = "",
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    more: Mapping[str, str] | None = None,
) -> Response:
    """An error of that status, with `more` in its body."""
    request_context.note_refusal(code, message)
    body: dict[str, Any] = {"message": message, "code": code}
    body |= ({"hint": hint} if hint else {}) | ({"errors": errors} if errors else {}) | dict(more or {})
    # ASCII: what is quoted may hold half a character, which UTF-8 has no bytes for.
    return Response(json.dumps(body), status, headers, media_type="application/json")


def refusal(error: errors.ServiceError, more: Mapping[str, str] | None = None) -> Response:
    """A service's refusal, with `more` in its body."""
    status = _status(error)
    headers = {"WWW-Authenticate": "Bearer"} if status == _CHALLENGED else {}
    headers |= {"Retry-After": str(error.retry_after)} if status in _SOON else {}
    return failure(status, error.code, error.message, error.hint, headers, error.errors, more)


def oauth_refusal(error: errors.ServiceError) -> Response:
    """The same with what OAuth clients read beside (RFC 6749, 5.2)."""
    kind = error.code
    if kind not in _OAUTH_CODES:
        kind = "temporarily_unavailable" if _status(error) in _SOON else "invalid_request"
    answer = refusal(error, {"error": kind, "error_description": error.message})
    answer.headers.update(_NO_STORE)
    return answer


def _status(error: errors.ServiceError) -> int:
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
