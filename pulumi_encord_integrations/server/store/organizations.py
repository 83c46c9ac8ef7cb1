"""Organizations, their users and the users' keys."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, func, insert, null, select, update

from pulumi_encord_integrations.server.store import invitations, user_keys
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now
from pulumi_encord_integrations.server.store.quotas import count_users

_key, _users, _orgs, _federation = (
    t.user_keys.c,
    t.organization_users.c,
    t.organizations.c,
    t.federations.c,
)
_WHO = (
    _users.role,
    _users.kind,
    _users.auditor,
    _users.suspended_at,
    _users.created_at.label("member_since"),
    _orgs.name.label("organization_name"),
)
# Asked in every call, so built once.
_OF_KEY = (
    select(
        _key.organization,
        _key.email,
        _key.uuid,
        _key.scope,
        _key.ended_at,
        _key.expires_at,
        _key.last_used_at,
        *_WHO,
    )
    .select_from(
        t.user_keys.join(t.organizations, _orgs.uuid == _key.organization).outerjoin(
            t.organization_users, (_users.organization == _key.organization) & (_users.email == _key.email)
        )
    )
    .where(_key.public_key == bindparam("public_key"))
)
_OF_FEDERATION = (
    select(
        _federation.organization,
        _federation.email,
        _federation.uuid,
        _federation.scope,
        null().label("ended_at"),
        null().label("expires_at"),
        _federation.last_used_at,
        *_WHO,
    )
    .select_from(
        t.federations.join(t.organizations, _orgs.uuid == _federation.organization).join(
            t.organization_users,
            (_users.organization == _federation.organization) & (_users.email == _federation.email),
        )
    )
    .where(_federation.uuid == bindparam("uuid"))
)


@dataclass(frozen=True)
class Caller:
    """The identity that calls, as a member of an organization, and the credential that it calls with."""

    organization: str
    organization_name: str
    email: str
    role: str
    kind: str = "person"
    """person, or service_account."""
    auditor: bool = False
    """Whether it may read the configuration of the whole organization."""
    credential: str = ""
    """The uuid of its key, or of the federation that it came by."""
    scope: str = "write"
    """read, or write: what the credential may be used for."""

    @property
    def id(self) -> str:
        """Tells the user from every other one."""
        return f"{self.organization}/{self.email}"

    @property
    def is_organization_admin(self) -> bool:
        """True for admins of the organization, who see and may join every integration of it."""
        return self.role == "ADMIN"

    @property
    def reads_everything(self) -> bool:
        """True for those who may see every integration of the organization, joined or not."""
        return self.is_organization_admin or self.auditor


@dataclass(frozen=True)
class Credential:
    """A registered public key or a federation, and the identity it stands for."""

    owner: Caller | None
    """None if the user is not part of the organization any more."""
    ended_at: datetime | None = None
    """When it was revoked, or the membership ended that it was made under."""
    expires_at: datetime | None = None
    suspended: bool = False
    """Whether the user may do nothing until an admin of the organization lifts that."""
    last_used_at: datetime | None = None
    member_since: datetime | None = None

    @property
    def of_earlier_membership(self) -> bool:
        """Whether it ended before the user became part of the organization again."""
        return bool(self.ended_at and self.member_since and self.ended_at <= self.member_since)

    @property
    def ended(self) -> bool:
        """Whether it was revoked, or ended with a membership."""
        return self.ended_at is not None

    @property
    def expired(self) -> bool:
        """Whether it is past its end."""
        return self.expires_at is not None and self.expires_at <= now()


def of_key(connection: Connection, public_key: str) -> Credential | None:
    """The key; None if it is nobody's."""
    return _credential(connection.execute(_OF_KEY, {"public_key": public_key}).first())


def of_federation(connection: Connection, uuid: str) -> Credential | None:
    """The federation; None if it is gone."""
    return _credential(connection.execute(_OF_FEDERATION, {"uuid": uuid}).first())


def _credential(row: Any) -> Credential | None:
    if row is None:
        return None
    owner = None
    if row.role is not None:
        owner = Caller(
            organization=row.organization,
            organization_name=row.organization_name,
            email=row.email,
            role=row.role,
            kind=row.kind,
            auditor=bool(row.auditor),
            credential=row.uuid,
            scope=row.scope,
        )
    return Credential(
        owner,
        row.ended_at,
        row.expires_at,
        row.suspended_at is not None,
        row.last_used_at,
        row.member_since,
    )


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
    """Ends all keys of a user, the bearer tokens made from them and the user's invitations for good."""
    invitations.remove_of(connection, organization, email)
    theirs = (_key.organization == organization, _key.email == email, _key.ended_at.is_(None))
    connection.execute(update(t.user_keys).where(*theirs).values(ended_at=now()))


def add_key(connection: Connection, organization: str, email: str, public_key: str) -> None:
    """Registers a public key of a user; a key that is registered already, or has ended, stays as it is."""
    if not user_keys.is_registered(connection, public_key):
        key = user_keys.NewKey(str(uuid4()), public_key, name="", scope="write", added_by="")
        user_keys.add(connection, organization, email, key)
