"""What only the operator of a deployment can do, on its machine and not over the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from pulumi_encord_integrations.model.identity import DeclaredAs
from pulumi_encord_integrations.server.errors import Fault, conflict
from pulumi_encord_integrations.server.store import audit, members
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import Database
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
    c = t.integrations.c
    with database.read() as connection:
        found = connection.execute(select(*c).order_by(c.created_at, c.uuid)).all()
    return [Listed(row.uuid, row.title, declared_as(row), row.owner, row.created_at) for row in found]


def require_removable(database: Database, integration: str, email: str) -> None:
    """Raises `Fault` unless the user is an individual Admin who may go."""
    with database.read() as connection:
        _removable(connection, integration, email)


def remove_admin(database: Database, integration: str, email: str) -> None:
    """Removes an individual Admin, audited, in one transaction; raises `Fault`."""
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


def _removable(connection: Connection, integration: str, email: str) -> Row[Any]:
    c = t.integrations.c
    query: Any = select(c.uuid, c.title, c.organization).where(c.uuid == integration)
    row: Row[Any] | None = connection.execute(query).first()
    if row is None:
        raise Fault(404, "integration_not_found", f"there is no integration {integration}")
    role = members.roles(connection, row.uuid).get(email)
    if role is None:
        raise Fault(404, "no_member", f'{email} is no individual member of "{row.title}"')
    if role != "admin":
        raise conflict(
            "not_an_admin", f'{email} is no Admin of "{row.title}"', "Its Admins remove Users themselves"
        )
    if row.uuid in members.only_admin_of(connection, row.organization, email):
        raise conflict(
            "last_admin",
            f'{email} is the last Admin of "{row.title}"',
            "Let an admin of the organization join it first",
        )
    return row
