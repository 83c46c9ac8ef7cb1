"""What only the operator of a deployment can do, on its machine and not over the API."""

from dataclasses import dataclass
from datetime import datetime

from pulumi_encord_integrations.model.identity import DeclaredAs
from pulumi_encord_integrations.server.errors import Conflict, ObjectNotFound
from pulumi_encord_integrations.server.store import audit, integration_queries, members
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.database import Connection, Database, Record
from pulumi_encord_integrations.server.store.declarations import declared_as

OPERATOR = "operator"
"""The actor in the audit trail."""


@dataclass(frozen=True)
class Listed:
    """An integration, as far as it is found by."""

    uuid: str
    title: str
    declared_as: DeclaredAs | None
    owner: str
    created_at: datetime


def integrations(database: Database) -> list[Listed]:
    """All integrations of all organizations, oldest first."""
    with database.read() as connection:
        found = integration_queries.everywhere(connection)
    return [Listed(row.uuid, row.title, declared_as(row), row.owner, row.created_at) for row in found]


def require_removable(database: Database, integration: str, email: str) -> None:
    """Raises `ServiceError` unless the user is an individual Admin who may go."""
    with database.read() as connection:
        _removable(connection, integration, email)


def remove_admin(database: Database, integration: str, email: str) -> None:
    """Removes an individual Admin, audited, in one transaction; raises `ServiceError`."""
    with database.write() as connection:
        row = _removable(connection, integration, email)
        members.leave(connection, row.organization, email, row.uuid)
        audit.record(
            connection,
            organization=row.organization,
            actor=OPERATOR,
            action="members.remove-admin",
            object_=row.uuid,
            detail={"removed": [email]},
        )


def _removable(connection: Connection, integration: str, email: str) -> Record:
    row = store.find_anywhere(connection, integration)
    if row is None:
        raise ObjectNotFound("integration_not_found", f"there is no integration {integration}")
    role = members.roles(connection, row.uuid).get(email)
    if role is None:
        raise ObjectNotFound("no_member", f'{email} is no individual member of "{row.title}"')
    if role != "admin":
        raise Conflict(
            "not_an_admin", f'{email} is no Admin of "{row.title}"', "Its Admins remove Users themselves"
        )
    if row.uuid in members.only_admin_of(connection, row.organization, email):
        raise Conflict(
            "last_admin",
            f'{email} is the last Admin of "{row.title}"',
            "Let an admin of the organization join it first",
        )
    return row
