"""What anybody may ask: whether the API lives, whether it can do its work, and what it offers."""

from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from pulumi_encord_integrations.server.concurrency import call
from pulumi_encord_integrations.server.errors import Overloaded
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.readiness import Readiness
from pulumi_encord_integrations.server.responses import ErrorBody, refusal, success
from pulumi_encord_integrations.server.traffic import Traffic


def router() -> LazyRouter:
    """The routes of health, which wait behind no other request."""
    routes = LazyRouter("health", "", APIRoute, {"default": {"model": ErrorBody, "description": "Not ready"}})

    @routes.get("/livez", response_model=dict[str, str])
    async def livez() -> Response:
        """Whether the process answers: if not, restart it."""
        return success({"status": "ok"})

    @routes.get("/readyz", response_model=dict[str, str])
    async def readyz(request: Request) -> Response:
        """Whether the database takes writes and has room for them: if not, send no requests here."""
        return await _ready(request)

    @routes.get("/healthz", response_model=dict[str, str])
    async def healthz(request: Request) -> Response:
        """The same as readyz: version, and how the database keeps its writes."""
        return await _ready(request)

    @routes.get("/openapi.json", include_in_schema=False)
    async def description(request: Request) -> Response:
        """The description of all routes."""
        traffic: Traffic = request.app.state.traffic
        return success(await call(_described, request.app, limiter=traffic.lanes.health))

    return routes


def _described(app: Any) -> str:
    return str(app.openapi_json)


async def _ready(request: Request) -> Response:
    state: Any = request.app.state
    traffic: Traffic = state.traffic
    if traffic.draining:
        return refusal(Overloaded("ending", "this server is ending"))
    readiness = _readiness(state)
    if not await call(readiness.probe, limiter=traffic.lanes.health):
        return refusal(
            Overloaded("not_ready", "the database takes no writes", "The log of the server says why")
        )
    return success({"status": "ok", "version": request.app.version, "database": readiness.described})


def _readiness(state: Any) -> Readiness:
    # Made at the first question: the database may be exchanged before it.
    if getattr(state, "readiness", None) is None or state.readiness.database is not state.database:
        state.readiness = Readiness(state.database)
    known: Readiness = state.readiness
    return known
