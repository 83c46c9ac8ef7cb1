"""The caller, and the caller's organization."""

from fastapi import Response

from pulumi_encord_integrations.model.users import BearerToken, CurrentOrganization
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.responses import success
from pulumi_encord_integrations.server.services import organizations as service


def router() -> LazyRouter:
    """The routes of the caller's own user."""
    routes = middleware.router("user", "/user")

    @routes.get("/current-organisation", response_model=CurrentOrganization)
    def current(request: Authenticated) -> Response:
        """Who calls, and for which organization."""
        return request.read(service.current)

    @routes.get("/bearer-token", response_model=BearerToken)
    def bearer_token(request: Authenticated) -> Response:
        """A token that stands for a signature for one hour; only a signature gets one."""
        return success(service.issue_token(request.work))

    return routes
