"""Users of an organization."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.chunks import batches
from pulumi_encord_integrations.server.store.database import now
from pulumi_encord_integrations.server.store.quotas import count_users

_c = t.organization_users.c


def listing(connection: Connection, organization: str) -> Sequence[Row[Any]]:
    """All users, by e-mail."""
    query = select(*_c).where(_c.organization == organization)
    return sorted(connection.execute(query).all(), key=lambda row: row.email)


def find(connection: Connection, organization: str, email: str) -> Row[Any] | None:
    """One user."""
    return connection.execute(select(*_c).where(_c.organization == organization, _c.email == email)).first()


def strangers(connection: Connection, organization: str, emails: Collection[str]) -> list[str]:
    """Those of the e-mails that are not part of the organization, sorted."""
    known: set[str] = set()
    for some in batches(emails):
        known.update(
            connection.scalars(select(_c.email).where(_c.organization == organization, _c.email.in_(some)))
        )
    return sorted(set(emails) - known)


def suspended(connection: Connection, organization: str, emails: Iterable[str]) -> frozenset[str]:
    """Those of the e-mails whose users may do nothing."""
    query = select(_c.email).where(_c.organization == organization, _c.suspended_at.is_not(None))
    found = (connection.scalars(query.where(_c.email.in_(some))) for some in batches(emails))
    return frozenset(email for some in found for email in some)


def change(
    connection: Connection, organization: str, email: str, values: Mapping[str, str | bool | datetime | None]
) -> None:
    """Changes role, kind of member, suspension, the auditor's flag and the description."""
    connection.execute(
        update(t.organization_users).where(_c.organization == organization, _c.email == email),
        {**values, "last_edited_at": now()},
    )


def remove(connection: Connection, organization: str, email: str) -> None:
    """Ends the membership in the organization and in all its groups; individual roles must have ended."""
    gone = delete(t.organization_users).where(_c.organization == organization, _c.email == email)
    count_users(connection, organization, -connection.execute(gone).rowcount)


def other_admins(connection: Connection, organization: str, email: str) -> bool:
    """Whether anyone but this user administers the organization, and is not suspended."""
    others = (_c.organization == organization) & (_c.role == "ADMIN") & (_c.email != email)
    return bool(connection.scalar(select(func.count()).where(others, _c.suspended_at.is_(None))))
