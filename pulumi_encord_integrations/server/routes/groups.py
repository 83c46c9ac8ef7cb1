"""User groups over HTTP, on Encord's own paths."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.groups import DeclaredGroup, GroupChange, GroupCreate, GroupUser
from pulumi_encord_integrations.model.identity import LetGo
from pulumi_encord_integrations.model.members import UserEmails
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.calls import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.services import groups as service

_create_body: Any = body_of(GroupCreate)
_change_body: Any = body_of(GroupChange)
_emails_body: Any = body_of(UserEmails)
_GROUP = "/organisation/groups/{uuid:uuid}"


def router() -> LazyRouter:
    """The routes of groups; their shapes are Encord's, with more keys."""
    routes = middleware.router("groups", large=True)

    @routes.get("/user/current-organisation/groups", response_model=Page[DeclaredGroup])
    def list_groups(call: Authenticated) -> Response:
        """All groups of the organization, in one page."""
        return call.read(service.listing)

    @routes.post("/organisation/groups", response_model=DeclaredGroup)
    def create(call: Authenticated, body: _create_body) -> Response:
        """Creates a group or, for a known declaration, answers the group with this spec applied."""
        return call.write(lambda connection, caller: service.create(connection, caller, body))

    @routes.get(_GROUP, response_model=DeclaredGroup)
    def read(call: Authenticated, uuid: UUID) -> Response:
        """One group."""
        return call.read(lambda connection, caller: service.view(service.found(connection, caller, uuid)))

    @routes.patch(_GROUP, response_model=DeclaredGroup)
    def change(call: Authenticated, uuid: UUID, body: _change_body) -> Response:
        """Changes name and description; what is absent or null stays."""
        return call.write(lambda connection, caller: service.change(connection, caller, uuid, body))

    @routes.delete(_GROUP, response_model=LetGo)
    def delete(
        call: Authenticated, uuid: UUID, declared_by: Annotated[UUID | None, Query(alias="declaredBy")] = None
    ) -> Response:
        """Deletes with all access granted; for a stack releases what was adopted and keeps another's."""
        return call.write(lambda connection, caller: service.delete(connection, caller, uuid, declared_by))

    @routes.get(f"{_GROUP}/users", response_model=Page[GroupUser])
    def list_users(call: Authenticated, uuid: UUID) -> Response:
        """Everybody in the group, in one page."""
        return call.read(lambda connection, caller: service.users(connection, caller, uuid))

    @routes.post(f"{_GROUP}/users", response_model=Page[GroupUser])
    def add_users(call: Authenticated, uuid: UUID, body: _emails_body) -> Response:
        """Adds users, all or none; answers everybody in the group."""
        return call.write(lambda connection, caller: service.add_users(connection, caller, uuid, body))

    @routes.post(f"{_GROUP}/users/bulk-delete", response_model=Page[GroupUser])
    def remove_users(call: Authenticated, uuid: UUID, body: _emails_body) -> Response:
        """Removes users; who is not in the group is passed over."""
        return call.write(lambda connection, caller: service.remove_users(connection, caller, uuid, body))

    return routes
