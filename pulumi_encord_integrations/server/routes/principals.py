"""Who reads the buckets, as this deployment is configured."""

from fastapi import APIRouter

from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.server.calls import Authenticated


def router() -> APIRouter:
    """The route of the principals."""
    routes = APIRouter(tags=["integration-principals"])

    @routes.get("/integration-principals", response_model=Principals)
    def read(call: Authenticated) -> Principals:
        """Cloud principals and app origins; what is not configured is null."""
        return call.deployment.principals

    return routes
