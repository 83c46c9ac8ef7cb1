"""Answers over HTTP: models as JSON, and errors in Encord's form `{"message", "code"}` with their status."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from pulumi_encord_integrations.server import errors

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
UNAVAILABLE = 503
HEADERS_TOO_LARGE = 431
UNHEARD = 400
"""Of an answer to a client that has left."""
_CHALLENGED = 401
_SOON = {429, UNAVAILABLE}
RETRY_AFTER = {"Retry-After": "1"}
"""Of what may be asked again soon; whole seconds, since Encord's SDK reads no dates."""


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


def failure(
    status: int,
    code: str,
    message: str,
    hint: str = "",
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> Response:
    """An error of that status."""
    body: dict[str, Any] = {"message": message, "code": code}
    body |= ({"hint": hint} if hint else {}) | ({"errors": errors} if errors else {})
    # ASCII: what is quoted may hold half a character, which UTF-8 has no bytes for.
    return Response(json.dumps(body), status, headers, media_type="application/json")


def refusal(error: errors.ServiceError) -> Response:
    """A service's refusal."""
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    headers = {"WWW-Authenticate": "Bearer"} if status == _CHALLENGED else {}
    headers |= RETRY_AFTER if status in _SOON else {}
    return failure(status, error.code, error.message, error.hint, headers, error.errors)
