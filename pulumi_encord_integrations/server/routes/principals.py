"""Who reads the buckets, as this deployment is configured."""

from fastapi import Response

from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.calls import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter


def router() -> LazyRouter:
    """The route of the principals."""
    routes = middleware.router("integration-principals")

    @routes.get("/integration-principals", response_model=Principals)
    def read(call: Authenticated) -> Response:
        """Cloud principals and app origins; what is not configured is null."""
        return call.read(lambda _connection, _caller: call.deployment.principals)

    return routes
