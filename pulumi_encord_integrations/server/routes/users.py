"""Users of the organization over HTTP, on Encord's own paths."""

from typing import Any

from fastapi import Response

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.users import (
    OrganizationUserChange,
    OrganizationUserSpec,
    OrganizationUserView,
)
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.routes import email_paths
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.services import users as service
from pulumi_encord_integrations.server.services.authorization import require_organization_admin
from pulumi_encord_integrations.server.services.prechecks import examined_for

_add_body: Any = body_of(OrganizationUserSpec)
_change_body: Any = body_of(OrganizationUserChange)


def router() -> LazyRouter:
    """The routes of users."""
    email_paths.register()
    routes = middleware.router("users", "/organisation/users")

    @routes.get("", response_model=Page[OrganizationUserView])
    def list_users(request: Authenticated) -> Response:
        """All users of the organization, in one page."""
        return request.read(service.listing)

    @routes.post("", response_model=OrganizationUserView)
    def add(request: Authenticated, body: _add_body) -> Response:
        """Makes somebody part of the organization at once; 409 if they are."""
        asked = examined_for(request.work, OrganizationUserSpec, body, require_organization_admin)
        return request.write(service.add, asked)

    @routes.get("/{email:email}", response_model=OrganizationUserView)
    def read(request: Authenticated, email: str) -> Response:
        """One user."""
        return request.read(service.read, email)

    @routes.patch("/{email:email}", response_model=OrganizationUserView)
    def change(request: Authenticated, email: str, body: _change_body) -> Response:
        """Changes role and kind of member; Encord publishes no such call."""
        return request.write(service.change, email, service.judge_change(request.work, email, body))

    @routes.delete("/{email:email}", response_model=OrganizationUserView)
    def remove(request: Authenticated, email: str) -> Response:
        """Removes somebody with all their access; answers who it was."""
        return request.write(service.remove, email)

    return routes
