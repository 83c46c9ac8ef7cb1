"""Who reads the buckets, as this deployment is configured."""

from fastapi import Response

from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.services import organizations


def router() -> LazyRouter:
    """The route of the principals."""
    routes = middleware.router("integration-principals")

    @routes.get("/integration-principals", response_model=Principals)
    def read(request: Authenticated) -> Response:
        """Cloud principals and app origins; what is not configured is null."""
        return request.read(organizations.principals)

    return routes
