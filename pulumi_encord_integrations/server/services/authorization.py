"""Who may view an integration, and who may do more."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pulumi_encord_integrations.model.members import Permission, may
from pulumi_encord_integrations.server.errors import Fault, not_allowed
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.organizations import Caller


def visible(connection: Connection, caller: Caller, uuid: UUID) -> Row[Any]:
    """The row, if the caller may view it."""
    row = store.find(connection, caller, str(uuid))
    if row is None:
        raise Fault(404, "integration_not_found", f"there is no integration {uuid}")
    if row.role is None and not caller.is_organization_admin:
        raise not_allowed(
            "not_a_member", f"you are not a member of the integration {uuid}", "Ask one of its admins"
        )
    return row


def readable(connection: Connection, caller: Caller, uuid: UUID) -> Row[Any]:
    """The row, if the caller is a member; to an organization admin who has not joined it is only listed."""
    row = visible(connection, caller, uuid)
    if not may(row.role, Permission.VIEW):
        raise not_allowed("not_a_member", f'you are not a member of "{row.title}"', "Join it first")
    return row


def require(row: Row[Any], permission: Permission) -> None:
    """Refuses whoever's effective role does not carry the permission."""
    if not may(row.role, permission):
        raise not_allowed(
            "not_an_admin", f'only admins of "{row.title}" may do this', "Ask one of its admins"
        )


def require_organization_admin(caller: Caller) -> None:
    """Refuses whoever does not administer the organization."""
    if not caller.is_organization_admin:
        raise not_allowed(
            "not_an_organization_admin",
            "only admins of the organization may do this",
            "Ask one of them",
        )
