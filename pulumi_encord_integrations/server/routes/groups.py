"""User groups over HTTP, on Encord's own paths."""

from typing import Any
from uuid import UUID

from fastapi import Response

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.groups import DeclaredGroup, GroupChange, GroupCreate, GroupUser
from pulumi_encord_integrations.model.identity import LetGo
from pulumi_encord_integrations.model.members import UserEmails
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.routes.stacks import DeclaredBy, DeclaredIn, StackId
from pulumi_encord_integrations.server.services import groups as service
from pulumi_encord_integrations.server.services.authorization import require_organization_admin
from pulumi_encord_integrations.server.services.prechecks import examined_for

_create_body: Any = body_of(GroupCreate)
_change_body: Any = body_of(GroupChange)
_emails_body: Any = body_of(UserEmails)
_GROUP = "/organisation/groups/{uuid:uuid}"


def router() -> LazyRouter:
    """The routes of groups; their shapes are Encord's, with more keys."""
    routes = middleware.router("groups", large=True)

    @routes.get("/user/current-organisation/groups", response_model=Page[DeclaredGroup])
    def list_groups(request: Authenticated, stack_id: StackId = None) -> Response:
        """All groups of the organization, in one page; declaredHere for those of the stack of stackId."""
        return request.read(service.listing, stack_id)

    @routes.post("/organisation/groups", response_model=DeclaredGroup)
    def create(request: Authenticated, body: _create_body) -> Response:
        """Creates a group or, for a known declaration, answers the group with this spec applied."""
        asked = examined_for(request.work, GroupCreate, body, require_organization_admin)
        return request.write(service.create, asked)

    @routes.get(_GROUP, response_model=DeclaredGroup)
    def read(request: Authenticated, uuid: UUID, stack_id: StackId = None) -> Response:
        """One group; declaredHere if the stack of stackId declares it."""
        return request.read(service.read, uuid, stack_id)

    @routes.patch(_GROUP, response_model=DeclaredGroup)
    def change(
        request: Authenticated,
        uuid: UUID,
        body: _change_body,
        declared_by: DeclaredBy = None,
        declared_in: DeclaredIn = None,
    ) -> Response:
        """Changes name and description; what is absent or null stays, but declaredAs null frees; with
        declaredBy, an identity, or declaredIn, project/stack, refused if another stack declares it.
        """
        asked = examined_for(request.work, GroupChange, body, service.administered, uuid)
        return request.write(service.change, uuid, asked, declared_by, declared_in)

    @routes.delete(_GROUP, response_model=LetGo)
    def delete(request: Authenticated, uuid: UUID, declared_by: DeclaredBy = None) -> Response:
        """Deletes with all access granted; for a stack releases what was adopted and keeps another's."""
        return request.write(service.delete, uuid, declared_by)

    @routes.get(f"{_GROUP}/users", response_model=Page[GroupUser])
    def list_users(request: Authenticated, uuid: UUID) -> Response:
        """Everybody in the group, in one page."""
        return request.read(service.users, uuid)

    @routes.post(f"{_GROUP}/users", response_model=Page[GroupUser])
    def add_users(request: Authenticated, uuid: UUID, body: _emails_body) -> Response:
        """Adds users, all or none; answers everybody in the group."""
        asked = examined_for(request.work, UserEmails, body, service.administered, uuid)
        return request.write(service.add_users, uuid, asked)

    @routes.post(f"{_GROUP}/users/bulk-delete", response_model=Page[GroupUser])
    def remove_users(request: Authenticated, uuid: UUID, body: _emails_body) -> Response:
        """Removes users; who is not in the group is passed over."""
        asked = examined_for(request.work, UserEmails, body, service.administered, uuid)
        return request.write(service.remove_users, uuid, asked)

    return routes
