"""User groups and their users."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from pulumi_encord_integrations.model.groups import GroupSpec
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.chunks import batches
from pulumi_encord_integrations.server.store.database import now
from pulumi_encord_integrations.server.store.declarations import UNTIED

_c = t.groups.c
_u = t.group_users.c


def listing(connection: Connection, organization: str) -> Sequence[Row[Any]]:
    """All groups, oldest first."""
    query = select(*_c).where(_c.organization == organization).order_by(_c.created_at, _c.uuid)
    return connection.execute(query).all()


def find(connection: Connection, organization: str, uuid: str) -> Row[Any] | None:
    """One group."""
    return connection.execute(select(*_c).where(_c.organization == organization, _c.uuid == uuid)).first()


def find_by_key(connection: Connection, organization: str, key: str) -> Row[Any] | None:
    """The living group of a declaration."""
    query = select(*_c).where(_c.organization == organization, _c.ownership_key == key)
    return connection.execute(query).first()


def find_by_name(connection: Connection, organization: str, name: str) -> Sequence[Row[Any]]:
    """The groups of exactly that name, oldest first."""
    return [row for row in listing(connection, organization) if row.name == name]


def missing(connection: Connection, organization: str, uuids: Collection[str]) -> list[str]:
    """Those of the uuids that are no groups of the organization, sorted."""
    known: set[str] = set()
    for some in batches(uuids):
        known.update(
            connection.scalars(select(_c.uuid).where(_c.organization == organization, _c.uuid.in_(some)))
        )
    return sorted(set(uuids) - known)


def lookalikes(connection: Connection, row: Row[Any]) -> list[str]:
    """Groups that another stack identity declares at the same place, of the same name."""
    # A database in which nothing was analyzed would read the whole organization to find them in order.
    query = select(_c.uuid, _c.created_at).where(
        _c.organization == row.organization,
        *(_c[name] == getattr(row, name) for name in ("name", "project", "stack", "path")),
        _c.stack_id != row.stack_id,
    )
    found = connection.execute(query).all()
    return [other.uuid for other in sorted(found, key=lambda other: other.created_at)]


def insert_new(
    connection: Connection, organization: str, spec: GroupSpec, tie: Mapping[str, str] = UNTIED
) -> str:
    """A new group, tied to a declaration; answers its uuid."""
    uuid = str(uuid4())
    connection.execute(
        insert(t.groups),
        {
            "uuid": uuid,
            "organization": organization,
            "name": spec.name,
            "description": spec.description,
            "created_at": now(),
            "adopted": False,
            **tie,
        },
    )
    return uuid


def apply(connection: Connection, uuid: str, spec: GroupSpec) -> None:
    """Makes name and description those of `spec`."""
    connection.execute(
        update(t.groups).where(_c.uuid == uuid), {"name": spec.name, "description": spec.description}
    )


def remove(connection: Connection, uuid: str) -> None:
    """Deletes a group and all access that it granted."""
    connection.execute(delete(t.groups).where(_c.uuid == uuid))


def uuids(organization: str) -> Select[Any]:
    """The uuids of all groups."""
    return select(_c.uuid).where(_c.organization == organization)


def user_counts(connection: Connection, organization: str, uuid: str | None = None) -> dict[str, int]:
    """How many users there are in each of the groups that has any, of all groups or of one."""
    query = select(_u.group, func.count()).where(_u.organization == organization)
    if uuid is not None:
        query = query.where(_u.group == uuid)
    return {row[0]: row[1] for row in connection.execute(query.group_by(_u.group))}


def users(connection: Connection, uuid: str) -> list[str]:
    """E-mails of a group's users, sorted."""
    return sorted(connection.scalars(select(_u.email).where(_u.group == uuid)))


def add_users(connection: Connection, organization: str, uuid: str, emails: Collection[str]) -> None:
    """Adds users, none of whom is in the group."""
    if emails:
        rows = [{"group": uuid, "organization": organization, "email": email} for email in emails]
        connection.execute(insert(t.group_users), rows)


def remove_users(connection: Connection, uuid: str, emails: Collection[str]) -> None:
    """Removes users; who is not in the group is passed over."""
    for some in batches(emails):
        connection.execute(delete(t.group_users).where(_u.group == uuid, _u.email.in_(some)))
