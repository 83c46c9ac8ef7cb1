"""Members one kind at a time, in the shapes of Encord's own grants; and what a person may do."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.groups import GrantedGroup
from pulumi_encord_integrations.model.members import (
    GroupsGrant,
    IntegrationUser,
    UserAccess,
    UserEmails,
    UsersGrant,
)
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.services import grants
from pulumi_encord_integrations.server.services.members import administered
from pulumi_encord_integrations.server.services.prechecks import examined_for

_users_body: Any = body_of(UsersGrant)
_emails_body: Any = body_of(UserEmails)
_groups_body: Any = body_of(GroupsGrant)


def router() -> LazyRouter:
    """The routes of individual members, of groups, and of access."""
    routes = middleware.router("grants", "/cloud-integrations", large=True)

    @routes.get("/access", response_model=Page[UserAccess])
    def access(request: Authenticated, user_email: Annotated[str, Query(alias="userEmail")]) -> Response:
        """What a user may do on each integration that the caller administers; all of one's own."""
        return request.read(grants.access, user_email)

    @routes.get("/{uuid:uuid}/users", response_model=Page[IntegrationUser])
    def list_users(request: Authenticated, uuid: UUID) -> Response:
        """Individual members, in one page."""
        return request.read(grants.users, uuid)

    @routes.post("/{uuid:uuid}/users", response_model=Page[IntegrationUser])
    def add_users(request: Authenticated, uuid: UUID, body: _users_body) -> Response:
        """Adds several users in one role, all or none."""
        asked = examined_for(request.work, UsersGrant, body, administered, uuid)
        return request.write(grants.add_users, uuid, asked)

    @routes.post("/{uuid:uuid}/users/bulk-delete", response_model=Page[IntegrationUser])
    def remove_users(request: Authenticated, uuid: UUID, body: _emails_body) -> Response:
        """Removes several users, all or none; who is no member is passed over."""
        asked = examined_for(request.work, UserEmails, body, administered, uuid)
        return request.write(grants.remove_users, uuid, asked)

    @routes.get("/{uuid:uuid}/groups", response_model=Page[GrantedGroup])
    def list_groups(request: Authenticated, uuid: UUID) -> Response:
        """Groups that the integration is shared with, in one page."""
        return request.read(grants.groups, uuid)

    @routes.post("/{uuid:uuid}/groups", response_model=Page[GrantedGroup])
    def add_groups(request: Authenticated, uuid: UUID, body: _groups_body) -> Response:
        """Shares the integration with groups in one role."""
        asked = examined_for(request.work, GroupsGrant, body, administered, uuid)
        return request.write(grants.add_groups, uuid, asked)

    @routes.delete("/{uuid:uuid}/groups", response_model=Page[GrantedGroup])
    def remove_groups(
        request: Authenticated,
        uuid: UUID,
        group_hash_list: Annotated[list[UUID], Query(alias="groupHashList")],
    ) -> Response:
        """Takes groups off, whatever their role."""
        return request.write(grants.remove_groups, uuid, group_hash_list)

    return routes
