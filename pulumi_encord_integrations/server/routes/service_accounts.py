"""Service accounts over HTTP."""

from typing import Any

from fastapi import Response

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.service_accounts import (
    ServiceAccountChange,
    ServiceAccountSpec,
    ServiceAccountView,
)
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.services import service_accounts as service
from pulumi_encord_integrations.server.services.authorization import require_organization_admin
from pulumi_encord_integrations.server.services.prechecks import examined_for

_add_body: Any = body_of(ServiceAccountSpec)
_change_body: Any = body_of(ServiceAccountChange)


def router() -> LazyRouter:
    """The routes of service accounts."""
    routes = middleware.router("service accounts", "/organisation/service-accounts")

    @routes.get("", response_model=Page[ServiceAccountView])
    def list_accounts(request: Authenticated) -> Response:
        """All service accounts of the organization, in one page; for its admins and auditors."""
        return request.read(service.listing)

    @routes.post("", response_model=ServiceAccountView)
    def add(request: Authenticated, body: _add_body) -> Response:
        """Makes one with its keys and federations; 409 if there is one of that name."""
        asked = examined_for(request.work, ServiceAccountSpec, body, require_organization_admin)
        return request.write(service.add, asked)

    @routes.get("/{name}", response_model=ServiceAccountView)
    def read(request: Authenticated, name: str) -> Response:
        """One service account."""
        return request.read(service.read, name)

    @routes.patch("/{name}", response_model=ServiceAccountView)
    def change(request: Authenticated, name: str, body: _change_body) -> Response:
        """Changes what is given; `keys` and `federations` are all that there are then."""
        asked = examined_for(request.work, ServiceAccountChange, body, service.administered, name)
        return request.write(service.change, name, asked)

    @routes.delete("/{name}", response_model=ServiceAccountView)
    def remove(request: Authenticated, name: str) -> Response:
        """Removes it with all its access, keys and federations; answers what it was."""
        return request.write(service.remove, name)

    return routes
