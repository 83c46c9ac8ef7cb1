"""Routes that FastAPI builds when they are first called or documented.

Building one takes milliseconds, and an embedded API answers few of them before its process ends.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial, update_wrapper
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pulumi_encord_integrations.server import request_context

F = TypeVar("F", bound=Callable[..., Any])


class LazyRoute(Route):
    """One route; `build` makes FastAPI's, with the answers documented or without."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        method: str,
        build: Callable[..., APIRoute],
        *,
        include_in_schema: bool = True,
    ) -> None:
        super().__init__(path, endpoint, include_in_schema=include_in_schema)
        # Starlette would add HEAD to GET.
        self.methods = {method}
        self.app = self._serve
        self._build = build

    @cached_property
    def _served(self) -> APIRoute:
        # Endpoints answer with whole responses, so the models of answers are documentation.
        return self._build(documented=False)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_context.note_route(self.path_format)
        await self._served.app(scope, receive, send)

    def documented(self) -> APIRoute:
        """The route as the schema shows it."""
        return self._build(documented=True)


@dataclass
class LazyRouter:
    """Declares routes as FastAPI's router does; all stand under one prefix and in one class."""

    noun: str
    prefix: str
    route_class: type[APIRoute]
    responses: dict[int | str, dict[str, Any]]
    routes: list[LazyRoute] = field(default_factory=list)

    def get(self, path: str, **documentation: Any) -> Callable[[F], F]:
        """Declares a GET route."""
        return self._declare("GET", path, documentation)

    def post(self, path: str, **documentation: Any) -> Callable[[F], F]:
        """Declares a POST route."""
        return self._declare("POST", path, documentation)

    def put(self, path: str, **documentation: Any) -> Callable[[F], F]:
        """Declares a PUT route."""
        return self._declare("PUT", path, documentation)

    def patch(self, path: str, **documentation: Any) -> Callable[[F], F]:
        """Declares a PATCH route."""
        return self._declare("PATCH", path, documentation)

    def delete(self, path: str, **documentation: Any) -> Callable[[F], F]:
        """Declares a DELETE route."""
        return self._declare("DELETE", path, documentation)

    def _declare(self, method: str, path: str, documentation: dict[str, Any]) -> Callable[[F], F]:
        def declared(endpoint: F) -> F:
            def build(*, documented: bool) -> APIRoute:
                called = _in_lane(endpoint, documented=documented)
                return self._built(method, path, called, documentation if documented else {})

            shown = documentation.get("include_in_schema", True)
            route = LazyRoute(self.prefix + path, endpoint, method, build, include_in_schema=shown)
            self.routes.append(route)
            return endpoint

        return declared

    def _built(
        self, method: str, path: str, endpoint: Callable[..., Any], documentation: dict[str, Any]
    ) -> APIRoute:
        responses = self.responses if documentation else None
        router = APIRouter(
            prefix=self.prefix, tags=[self.noun], route_class=self.route_class, responses=responses
        )
        # The annotation of the answer is no model.
        router.add_api_route(path, endpoint, methods=[method], **{"response_model": None, **documentation})
        (route,) = router.routes
        assert isinstance(route, APIRoute)  # noqa: S101  what was just added
        return route


def _in_lane(endpoint: Callable[..., Any], *, documented: bool) -> Callable[..., Any]:
    """The endpoint, run where its request says and not in FastAPI's one pool for everything."""
    if inspect.iscoroutinefunction(endpoint):
        return endpoint

    async def answered(request: Request, **given: Any) -> Any:
        authenticated = request.state.authenticated
        return await authenticated.run(partial(endpoint, authenticated, **given))

    update_wrapper(answered, endpoint)
    # FastAPI would look through the wrapper and take it for synchronous.
    del answered.__dict__["__wrapped__"]
    signature = inspect.signature(endpoint)
    answered.__dict__["__signature__"] = signature if documented else _undocumented(signature)
    return answered


def _undocumented(signature: inspect.Signature) -> inspect.Signature:
    """Without the dependencies that say in the schema how a request is authenticated: they cost each call."""
    first, *others = signature.parameters.values()
    return signature.replace(parameters=[first.replace(annotation=Request), *others])
