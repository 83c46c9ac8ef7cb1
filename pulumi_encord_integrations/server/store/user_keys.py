"""Public keys of identities."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, or_, select, update

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.chunks import batches
from pulumi_encord_integrations.server.store.database import now

LISTED = 1_000
"""Keys of one identity that a listing names: the active ones, then those that ended last."""
_k, _u, _f = t.user_keys.c, t.organization_users.c, t.federations.c


@dataclass(frozen=True)
class NewKey:
    """A key to register."""

    uuid: str
    public_key: str
    """In hexadecimal."""
    name: str
    scope: str
    added_by: str
    expires_at: datetime | None = None


def add(connection: Connection, organization: str, email: str, key: NewKey) -> None:
    """Registers a key that is not registered anywhere."""
    whose = {"organization": organization, "email": email, "created_at": now()}
    connection.execute(insert(t.user_keys), {**asdict(key), **whose})


def is_registered(connection: Connection, public_key: str) -> bool:
    """Whether anybody has the key, or had it."""
    return bool(connection.scalar(select(func.count()).where(_k.public_key == public_key)))


def listing(connection: Connection, organization: str, email: str) -> Sequence[Row[Any]]:
    """Keys of an identity, the oldest first, ended ones included."""
    mine = select(*_k).where(_k.organization == organization, _k.email == email)
    found = connection.execute(mine.order_by(_k.ended_at.is_not(None), _k.ended_at.desc()).limit(LISTED))
    return sorted(found.all(), key=lambda row: (row.created_at, row.uuid))


def find(connection: Connection, organization: str, email: str, uuid: str) -> Row[Any] | None:
    """One key of an identity."""
    mine = (_k.organization == organization, _k.email == email, _k.uuid == uuid)
    return connection.execute(select(*_k).where(*mine)).first()


def end_of(connection: Connection, uuid: str) -> datetime | None:
    """When a key stops by itself; None if it does not, or is none."""
    found: datetime | None = connection.scalar(select(_k.expires_at).where(_k.uuid == uuid))
    return found


def active(connection: Connection, organization: str, email: str) -> int:
    """How many keys of an identity may be used."""
    mine = (_k.organization == organization, _k.email == email, *_usable())
    return connection.scalar(select(func.count()).where(*mine)) or 0


def revoke(connection: Connection, uuid: str) -> None:
    """Ends a key, and the bearer tokens made from it."""
    connection.execute(
        update(t.user_keys).where(_k.uuid == uuid, _k.ended_at.is_(None)).values(ended_at=now())
    )


def admin_can_sign(connection: Connection, organization: str) -> bool:
    """Whether an admin of the organization, who is not suspended, has a key that may be used to write."""
    admins = t.user_keys.join(
        t.organization_users, (_u.organization == _k.organization) & (_u.email == _k.email)
    )
    query = select(func.count()).select_from(admins)
    able = (_u.role == "ADMIN", _u.suspended_at.is_(None), _k.scope == "write", *_usable())
    return bool(connection.scalar(query.where(_u.organization == organization, *able)))


def used(connection: Connection, credentials: Collection[str], before: timedelta) -> None:
    """Notes that these keys, in hexadecimal, or federations, by uuid, were used just now.

    Those are left alone whose last use that is known is younger than `before`.
    """
    at = now()
    for some in batches(credentials):
        for table, name in ((t.user_keys, _k.public_key), (t.federations, _f.uuid)):
            last = table.c.last_used_at
            late = or_(last.is_(None), last < at - before)
            connection.execute(update(table).where(name.in_(some), late).values(last_used_at=at))


def _usable() -> tuple[ColumnElement[bool], ...]:
    return _k.ended_at.is_(None), or_(_k.expires_at.is_(None), _k.expires_at > now())
