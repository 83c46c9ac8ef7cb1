"""Organizations, their users and the users' keys."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now
from pulumi_encord_integrations.server.store.quotas import count_users

_key, _users, _orgs = t.user_keys.c, t.organization_users.c, t.organizations.c
# Asked in every call, so built once.
_OF_KEY = (
    select(_key.organization, _orgs.name, _key.email, _users.role, _key.ended_at, _users.suspended_at)
    .select_from(
        t.user_keys.join(t.organizations, _orgs.uuid == _key.organization).outerjoin(
            t.organization_users, (_users.organization == _key.organization) & (_users.email == _key.email)
        )
    )
    .where(_key.public_key == bindparam("public_key"))
)


@dataclass(frozen=True)
class Caller:
    """The user who calls, as a member of an organization."""

    organization: str
    organization_name: str
    email: str
    role: str

    @property
    def id(self) -> str:
        """Tells the user from every other one."""
        return f"{self.organization}/{self.email}"

    @property
    def is_organization_admin(self) -> bool:
        """True for admins of the organization, who see and may join every integration of it."""
        return self.role == "ADMIN"


@dataclass(frozen=True)
class Key:
    """A registered public key, and the user it stands for."""

    owner: Caller | None
    """None if the user is not part of the organization any more."""
    ended: bool
    """Whether it was made under an earlier membership of the user."""
    suspended: bool = False
    """Whether the user may do nothing until an admin of the organization lifts that."""


def of_key(connection: Connection, public_key: str) -> Key | None:
    """The key; None if it is nobody's."""
    row = connection.execute(_OF_KEY, {"public_key": public_key}).first()
    if row is None:
        return None
    *who, ended_at, suspended_at = row
    owner = Caller(*who) if row.role is not None else None
    return Key(owner, ended_at is not None, suspended_at is not None)


def first(connection: Connection) -> Row[Any] | None:
    """The deployment's organization, if it has one."""
    return connection.execute(select(*t.organizations.c)).first()


def uuids(connection: Connection) -> list[str]:
    """All organizations, oldest first."""
    return list(connection.scalars(select(_orgs.uuid).order_by(_orgs.created_at, _orgs.uuid)))


def name_of(connection: Connection, organization: str) -> str:
    """The name of an organization."""
    c = t.organizations.c
    return str(connection.scalar(select(c.name).where(c.uuid == organization)))


def admins(connection: Connection, organization: str) -> list[str]:
    """E-mails of the organization's admins who are not suspended."""
    users = t.organization_users.c
    mine = (users.organization == organization) & (users.role == "ADMIN")
    query = select(users.email).where(mine, users.suspended_at.is_(None))
    return list(connection.scalars(query.order_by(users.email)))


def is_user(connection: Connection, organization: str, email: str) -> bool:
    """Whether the e-mail is part of the organization."""
    users = t.organization_users.c
    query = select(func.count()).where(users.organization == organization, users.email == email)
    return bool(connection.scalar(query))


def create(connection: Connection, name: str, key_id: str) -> str:
    """A new organization; answers its uuid."""
    uuid = str(uuid4())
    connection.execute(
        insert(t.organizations),
        {"uuid": uuid, "name": name, "encryption_key_id": key_id, "created_at": now()},
    )
    return uuid


def add_user(
    connection: Connection, organization: str, email: str, role: str, member_type: str = "internal"
) -> None:
    """Makes the e-mail part of the organization."""
    end_keys(connection, organization, email)
    connection.execute(
        insert(t.organization_users),
        {
            "organization": organization,
            "email": email,
            "role": role,
            "member_type": member_type,
            "created_at": now(),
        },
    )
    count_users(connection, organization, 1)


def end_keys(connection: Connection, organization: str, email: str) -> None:
    """Ends all keys of a user, and the bearer tokens made from them: they never come back."""
    theirs = (_key.organization == organization, _key.email == email, _key.ended_at.is_(None))
    connection.execute(update(t.user_keys).where(*theirs).values(ended_at=now()))


def add_key(connection: Connection, organization: str, email: str, public_key: str) -> None:
    """Registers a public key of a user; a key that is registered already, or has ended, stays as it is."""
    known = connection.scalar(select(t.user_keys.c.email).where(t.user_keys.c.public_key == public_key))
    if known is None:
        connection.execute(
            insert(t.user_keys),
            {"public_key": public_key, "organization": organization, "email": email, "created_at": now()},
        )
