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
from pulumi_encord_integrations.server.calls import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.services import users as service

_add_body: Any = body_of(OrganizationUserSpec)
_change_body: Any = body_of(OrganizationUserChange)


def router() -> LazyRouter:
    """The routes of users."""
    routes = middleware.router("users", "/organisation/users")

    @routes.get("", response_model=Page[OrganizationUserView])
    def list_users(call: Authenticated) -> Response:
        """All users of the organization, in one page."""
        return call.read(service.listing)

    @routes.post("", response_model=OrganizationUserView)
    def add(call: Authenticated, body: _add_body) -> Response:
        """Makes somebody part of the organization at once; 409 if they are."""
        return call.write(lambda connection, caller: service.add(connection, caller, body))

    @routes.get("/{email:path}", response_model=OrganizationUserView)
    def read(call: Authenticated, email: str) -> Response:
        """One user."""
        return call.read(lambda connection, caller: service.read(connection, caller, email))

    @routes.patch("/{email:path}", response_model=OrganizationUserView)
    def change(call: Authenticated, email: str, body: _change_body) -> Response:
        """Changes role and kind of member; Encord publishes no such call."""
        return call.write(lambda connection, caller: service.change(connection, caller, email, body))

    @routes.delete("/{email:path}", response_model=OrganizationUserView)
    def remove(call: Authenticated, email: str) -> Response:
        """Removes somebody with all their access; answers who it was."""
        return call.write(lambda connection, caller: service.remove(connection, caller, email))

    return routes
