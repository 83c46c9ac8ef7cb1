"""The exchange of tokens over HTTP (RFC 8693): the one route that reads a body of somebody unknown."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request, Response

from pulumi_encord_integrations.model.audit import STACK_HEADER, decoded_stack
from pulumi_encord_integrations.model.token_exchange import (
    ACCESS_TOKEN,
    GRANT_TYPE,
    ID_TOKEN,
    JWT,
    ExchangedToken,
)
from pulumi_encord_integrations.server import request_bodies, responses
from pulumi_encord_integrations.server.concurrency import call
from pulumi_encord_integrations.server.errors import InvalidRequest
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.middleware import PREFIX, AuthenticatedRoute
from pulumi_encord_integrations.server.responses import ErrorBody
from pulumi_encord_integrations.server.services.federation import TokenExchange, TokenRequest
from pulumi_encord_integrations.server.traffic import Traffic

MAX_EXCHANGE = 16 * 1024
"""Bytes of a body."""
_MAX_FIELDS = 20
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_STRANGERS = "token exchanges"
"""The caller for bounds on bodies, as long as nobody is known."""


class TokenRoute(AuthenticatedRoute):
    """A route for whoever holds a token of an issuer, in place of credentials."""

    refusal = staticmethod(responses.oauth_refusal)

    async def _passed(self, request: Request, handle: Callable[[Request], Any]) -> Response:
        traffic: Traffic = request.app.state.traffic
        with traffic.bodies.share(_STRANGERS) as share:
            body = await request_bodies.receive(request, MAX_EXCHANGE, share)
        request._body = body.content
        answer: Response = await handle(request)
        return answer


def router() -> LazyRouter:
    """The route of token exchanges."""
    routes = LazyRouter(
        "tokens", PREFIX, TokenRoute, {"default": {"model": ErrorBody, "description": "Refused"}}
    )

    @routes.post("/oauth/token", response_model=ExchangedToken, openapi_extra=_documented())
    async def exchange(request: Request) -> Response:
        """Exchanges a token of a trusted issuer for a bearer token that lives 15 minutes (RFC 8693)."""
        asked = _asked(await request.body(), request.headers)
        state: Any = request.app.state
        traffic: Traffic = state.traffic
        # The issuers are made at the first exchange, in this one thread.
        steps = TokenExchange(state.database, state.deployment, state.deployment.issuers, asked)
        lanes = traffic.lanes
        found = await call(steps.choose, limiter=lanes.reads)
        with traffic.exchange():
            await call(steps.verify, found, limiter=lanes.exchanges)
        with traffic.counted(found.federation, state.deployment.requests_per_minute):
            async with lanes.writer(found.federation):
                return responses.unstored(await call(steps.sign_in, found, limiter=lanes.writes))

    return routes


def _asked(content: bytes, headers: Mapping[str, str]) -> TokenRequest:
    """What a body asks for; raises `InvalidRequest`."""
    given = _fields(content, headers.get("content-type", ""))
    if given.get("grant_type") != GRANT_TYPE:
        raise InvalidRequest("unsupported_grant_type", f"grant_type must be {GRANT_TYPE}")
    if given.get("subject_token_type") not in {JWT, ID_TOKEN}:
        raise _wrong(f"subject_token_type must be {JWT} or {ID_TOKEN}")
    if given.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise _wrong(f"requested_token_type must be {ACCESS_TOKEN}")
    for name in ("actor_token", "actor_token_type", "resource"):
        if name in given:
            raise _wrong(f"{name} is not supported")
    if not given.get("subject_token"):
        raise _wrong("subject_token is missing")
    scope = given.get("scope")
    if scope not in {None, "read", "write"}:
        raise InvalidRequest("invalid_scope", "scope must be read or write")
    return TokenRequest(
        given["subject_token"],
        scope,  # type: ignore[arg-type]
        given.get("audience", ""),
        headers.get("x-cloud-trace-context", ""),
        decoded_stack(headers.get(STACK_HEADER, "")),
    )


def _fields(content: bytes, content_type: str) -> dict[str, str]:
    """The parameters, each given once; an empty one is none."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _JSON:
        found = request_bodies.decoded(content)
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise _wrong("the body must be one mapping of names to texts")
        return {name: value for name, value in found.items() if value}
    if kind != _FORM:
        raise _wrong(f"the body must be {_FORM}")
    try:
        text = content.decode("ascii")
        pairs = parse_qsl(text, max_num_fields=_MAX_FIELDS, errors="strict", strict_parsing=True)
    except ValueError:
        raise _wrong(f"the body is not {_FORM}, or has more than {_MAX_FIELDS} fields") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise _wrong("a parameter is given twice")
    return {name: value for name, value in pairs if value}


def _wrong(message: str) -> InvalidRequest:
    return InvalidRequest("invalid_request", message)


def _documented() -> dict[str, Any]:
    """The body in the schema: the route reads it by itself."""
    text = {"type": "string"}
    properties = {
        "grant_type": {"type": "string", "enum": [GRANT_TYPE]},
        "subject_token": text,
        "subject_token_type": {"type": "string", "enum": [JWT, ID_TOKEN]},
        "requested_token_type": {"type": "string", "enum": [ACCESS_TOKEN]},
        "scope": {"type": "string", "enum": ["read", "write"]},
        "audience": text,
    }
    required = ["grant_type", "subject_token", "subject_token_type"]
    schema = {"type": "object", "properties": properties, "required": required}
    return {"requestBody": {"required": True, "content": {_FORM: {"schema": schema}}}}
