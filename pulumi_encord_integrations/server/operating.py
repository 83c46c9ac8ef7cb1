"""What only the operator of a deployment can do, on its machine and not over the API."""

from typing import Any

from sqlalchemy import Connection, Row, select

from pulumi_encord_integrations.server.faults import Fault, conflict
from pulumi_encord_integrations.server.store import audit, members
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import Database

OPERATOR = "operator"
"""The actor in the audit trail."""


def title_of_admin(database: Database, integration: str, email: str) -> str:
    """The integration's title, if the user is an individual Admin who may go; raises `Fault`."""
    with database.read() as connection:
        return str(_removable(connection, integration, email).title)


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
