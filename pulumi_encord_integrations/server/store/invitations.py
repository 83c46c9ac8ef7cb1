"""Invitations to register a key, of whose tokens only a digest is kept."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now

_i, _u, _o = t.invitations.c, t.organization_users.c, t.organizations.c


@dataclass(frozen=True)
class NewInvitation:
    """An invitation to keep; of its token only the digest."""

    uuid: str
    token_digest: str
    scope: str
    created_by: str
    created_with: str
    """The uuid of the key or federation that made it."""
    expires_at: datetime
    key_expires_at: datetime | None = None


def add(connection: Connection, organization: str, email: str, invitation: NewInvitation) -> None:
    """Keeps an invitation; those of the identity that are over go."""
    theirs = (_i.organization == organization, _i.email == email)
    connection.execute(delete(t.invitations).where(*theirs, _i.expires_at <= now()))
    whose = {"organization": organization, "email": email, "created_at": now()}
    connection.execute(insert(t.invitations), {**asdict(invitation), **whose})


def listing(connection: Connection, organization: str, email: str) -> Sequence[Row[Any]]:
    """Invitations of an identity that nobody has accepted, the oldest first."""
    mine = select(*_i).where(_i.organization == organization, _i.email == email)
    return connection.execute(mine.order_by(_i.created_at, _i.uuid)).all()


def find(connection: Connection, organization: str, email: str, uuid: str) -> Row[Any] | None:
    """One invitation of an identity."""
    mine = (_i.organization == organization, _i.email == email, _i.uuid == uuid)
    return connection.execute(select(*_i).where(*mine)).first()


def of_token(connection: Connection, token_digest: str) -> Row[Any] | None:
    """The invitation of that token, with who is invited and whether who invited them still may."""
    inviter = t.organization_users.alias()
    whose = t.invitations.join(t.organizations, _o.uuid == _i.organization).join(
        t.organization_users, (_u.organization == _i.organization) & (_u.email == _i.email)
    )
    whose = whose.outerjoin(
        inviter, (inviter.c.organization == _i.organization) & (inviter.c.email == _i.created_by)
    )
    query: Select[Any] = select(
        *_i,
        _o.name.label("organization_name"),
        *(_u.role, _u.kind, _u.auditor, _u.suspended_at),
        inviter.c.role.label("inviter_role"),
        inviter.c.suspended_at.label("inviter_suspended_at"),
    )
    return connection.execute(query.select_from(whose).where(_i.token_digest == token_digest)).first()


def remove_of(connection: Connection, organization: str, created_by: str) -> None:
    """Removes all invitations that somebody made."""
    theirs = (_i.organization == organization, _i.created_by == created_by)
    connection.execute(delete(t.invitations).where(*theirs))


def remove(connection: Connection, uuid: str) -> None:
    """Removes an invitation."""
    connection.execute(delete(t.invitations).where(_i.uuid == uuid))
