"""Public keys of identities."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, update

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.chunks import batches
from pulumi_encord_integrations.server.store.database import now

LISTED = 1_000
"""Keys of one identity that a listing names: the active ones, then those that ended last."""
_NEVER = datetime(9999, 1, 1)  # noqa: DTZ001  as databases keep it
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


def made_since(connection: Connection, organization: str, email: str, moment: datetime) -> int:
    """How many keys of an identity were registered since then, revoked ones included."""
    mine = (_k.organization == organization, _k.email == email, _k.created_at >= moment)
    return connection.scalar(select(func.count()).where(*mine)) or 0


def revoke(connection: Connection, uuid: str) -> None:
    """Ends a key, the bearer tokens made from it and the invitations made with it."""
    connection.execute(delete(t.invitations).where(t.invitations.c.created_with == uuid))
    connection.execute(
        update(t.user_keys).where(_k.uuid == uuid, _k.ended_at.is_(None)).values(ended_at=now())
    )


def admins_sign_in_until(connection: Connection, organization: str, *, federated: bool) -> datetime | None:
    """When the last credential ends by which admins who are not suspended may write; None if they have none.

    Federations, which have no end, count only if they are `federated`.
    """
    able = (_u.organization == organization, _u.role == "ADMIN", _u.suspended_at.is_(None))
    admins = t.user_keys.join(
        t.organization_users, (_u.organization == _k.organization) & (_u.email == _k.email)
    )
    ends = select(func.max(func.coalesce(_k.expires_at, _NEVER))).select_from(admins)
    end: datetime | None = connection.scalar(ends.where(*able, _k.scope == "write", *_usable()))
    if federated and end != _NEVER:
        trusted = t.federations.join(
            t.organization_users, (_u.organization == _f.organization) & (_u.email == _f.email)
        )
        count = select(func.count()).select_from(trusted).where(*able, _f.scope == "write")
        end = _NEVER if connection.scalar(count) else end
    return end


def used(connection: Connection, credentials: Collection[str], before: timedelta) -> None:
    """Notes that these keys, in hexadecimal, or federations, by uuid, were used just now.

    Those are left alone whose last use that is known is younger than `before`.
    """
    at = now()
    uuids = {one for one in credentials if "-" in one}
    of_tables = ((t.user_keys, _k.public_key, set(credentials) - uuids), (t.federations, _f.uuid, uuids))
    for table, name, mine in of_tables:
        last = table.c.last_used_at
        late = or_(last.is_(None), last < at - before)
        for some in batches(mine):
            connection.execute(update(table).where(name.in_(some), late).values(last_used_at=at))


def _usable() -> tuple[ColumnElement[bool], ...]:
    return _k.ended_at.is_(None), or_(_k.expires_at.is_(None), _k.expires_at > now())
