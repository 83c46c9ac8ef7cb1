"""The service: routes, and errors in Encord's form `{"message", "code"}`."""

import json
import logging
from functools import cached_property
from importlib.metadata import version
from itertools import islice
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pulumi_encord_integrations.model.problems import message_of
from pulumi_encord_integrations.server import responses
from pulumi_encord_integrations.server.concurrency import INLINE
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.errors import InternalFailure, ServiceError, invalid
from pulumi_encord_integrations.server.lazy_routes import LazyRoute
from pulumi_encord_integrations.server.observation import observed
from pulumi_encord_integrations.server.routes import (
    audit,
    expiry,
    grants,
    groups,
    health,
    integrations,
    keys,
    last_writes,
    members,
    organizations,
    principals,
    registrations,
    service_accounts,
    signing,
    tokens,
    users,
)
from pulumi_encord_integrations.server.store.database import (
    Database,
    DatabaseError,
    PoolTimeout,
    ValueRefused,
)
from pulumi_encord_integrations.server.traffic import Traffic

_log = logging.getLogger(__name__)
_TOLD = 20
"""Problems of one query."""
_NOUNS = (
    audit,
    members,
    grants,
    expiry,
    registrations,
    signing,
    tokens,
    integrations,
    groups,
    last_writes,
    keys,
    users,
    service_accounts,
    principals,
    organizations,
    health,
)


class _Service(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The schema, for which every route is built."""
        if self.openapi_schema is None:
            routes = [route.documented() if isinstance(route, LazyRoute) else route for route in self.routes]
            self.openapi_schema = FastAPI(title=self.title, version=self.version, routes=routes).openapi()
        return self.openapi_schema

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; what it was is told unless its caller is in this process."""
        if INLINE.get() or scope["type"] != "http":
            await super().__call__(scope, receive, send)
        else:
            metrics = getattr(self.state, "metrics", None)
            await observed(super().__call__, scope, receive, send, metrics)

    @cached_property
    def openapi_json(self) -> str:
        """The schema as it is answered; making it takes half a second, and anybody may ask."""
        return json.dumps(self.openapi())


def create_app(deployment: Deployment, database: Database) -> FastAPI:
    """The service of one deployment on a prepared database."""
    app = _Service(
        title="Encord integrations backing API",
        version=version("pulumi-encord-integrations"),
        docs_url=None,
        openapi_url=None,
        redoc_url=None,
        # A redirected request would not be the one that was signed.
        redirect_slashes=False,
    )
    app.state.deployment = deployment
    app.state.database = database
    app.state.traffic = Traffic()
    for noun in _NOUNS:
        app.router.routes.extend(noun.router().routes)
    app.add_exception_handler(ServiceError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(DatabaseError, _database_error)
    app.add_exception_handler(PoolTimeout, _database_error)
    app.add_exception_handler(ValueRefused, _unkept)
    return app


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)  # noqa: S101  registered for this class alone
    return responses.refusal(error)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this class alone
    told = [_said(found) for found in islice(error.errors(), _TOLD)]
    more = ["and more"] if len(error.errors()) > _TOLD else []
    return responses.refusal(invalid("; ".join([*told, *more])))


def _said(found: Any) -> str:
    if found["type"] == "json_invalid":
        return "the body is not JSON"
    place, *path = found["loc"]
    return f"{'.'.join(map(str, path)) or f'the {place}'}: {message_of(found)}"


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this class alone
    status, headers = error.status_code, dict(error.headers or {})
    if status == responses.WRONG_METHOD:
        headers["Allow"] = _methods_of(request) or headers.get("Allow", "")
    code = responses.FRAMEWORK_CODES.get(status, "invalid_request")
    return responses.failure(status, code, str(error.detail), headers=headers)


def _methods_of(request: Request) -> str:
    # Each route is asked by itself, so the framework names the methods of the first one alone.
    here = (
        route
        for route in request.app.routes
        if isinstance(route, Route) and route.path_regex.match(request.url.path)
    )
    return ", ".join(sorted({method for route in here for method in route.methods or ()}))


async def _unkept(_request: Request, error: Exception) -> Response:
    _log.warning("data: %s", type(getattr(error, "orig", error)).__name__)
    return responses.refusal(invalid("a text or number is not one that can be kept"))


async def _database_error(request: Request, error: Exception) -> Response:
    database: Database = request.app.state.database
    if database.is_busy(error):
        return responses.failure(
            responses.UNAVAILABLE, "database_busy", "the database is busy", "Try again", responses.RETRY_AFTER
        )
    if database.is_away(error):
        _log.error("database: %s", type(getattr(error, "orig", error)).__name__)
        return responses.failure(
            responses.UNAVAILABLE,
            "database_away",
            "the database does not answer",
            "Try again",
            responses.RETRY_AFTER,
        )
    said = str(getattr(error, "orig", error)).partition("\n")[0]
    _log.error("database: %s", said)
    return responses.refusal(
        InternalFailure("database_error", f"the database failed: {said}", database.remedy)
    )
