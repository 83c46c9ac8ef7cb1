"""Users of the organization: who may add, change and remove them, and what a removal ends."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from pydantic import TypeAdapter, ValidationError

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.text import Email
from pulumi_encord_integrations.model.users import (
    SERVICE_ACCOUNT_DOMAIN,
    OrganizationUserChange,
    OrganizationUserSpec,
    OrganizationUserView,
)
from pulumi_encord_integrations.server.errors import Conflict, ObjectNotFound
from pulumi_encord_integrations.server.services.authorization import (
    require_organization_admin,
    require_signature,
)
from pulumi_encord_integrations.server.services.bodies import Body, examined
from pulumi_encord_integrations.server.services.lockouts import keeping_an_admin
from pulumi_encord_integrations.server.services.prechecks import before_write, examined_for
from pulumi_encord_integrations.server.services.quotas import require_room
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction, UnitOfWork
from pulumi_encord_integrations.server.store import invitations, members, organizations
from pulumi_encord_integrations.server.store import organization_users as store
from pulumi_encord_integrations.server.store.database import Record, now

_TOLD = 5
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
ACTIONS = {
    (False, False): "change",
    (True, True): "change",
    (False, True): "suspend",
    (True, False): "restore",
}
"""By whether the user was suspended, and is now."""


def listing(tx: Transaction) -> Page[OrganizationUserView]:
    """Everybody in one page: Encord's SDK reads no second one."""
    rows = store.listing(tx.connection, tx.caller.organization)
    return Page(results=[_view(row) for row in rows])


def read(tx: Transaction, email: str) -> OrganizationUserView:
    """One user."""
    return _view(found(tx, email))


def add(tx: Transaction, asked: OrganizationUserSpec) -> Effect:
    """Makes somebody part of the organization at once; there is no invitation."""
    require_organization_admin(tx)
    if asked.role == "ADMIN" or asked.auditor:
        require_signature(tx)
    if store.find(tx.connection, tx.caller.organization, asked.email) is not None:
        raise Conflict("user_exists", f"{asked.email} is part of the organization already")
    organizations.add_user(tx.connection, tx.caller.organization, asked.email, asked.role, asked.member_type)
    require_room(tx, "users")
    more = {"auditor": asked.auditor, "suspended_at": now() if asked.suspended else None}
    if asked.auditor or asked.suspended:
        store.change(tx.connection, tx.caller.organization, asked.email, more)
    return _done(tx, asked.email, "add", None)


def judge_change(work: UnitOfWork, email: str, body: Body) -> OrganizationUserChange:
    """What a change asks for, which fits the user as it is; raises `ServiceError`."""
    asked = examined_for(work, OrganizationUserChange, body, administered, email)
    before_write(work, lambda: work.read(lambda tx: _changeable(tx, email, asked)))
    return asked


def _changeable(
    tx: Transaction, email: str, asked: OrganizationUserChange
) -> tuple[Record, OrganizationUserSpec]:
    """The user, and what becomes of them."""
    row = administered(tx, email)
    _require_person(row)
    known = {
        "email": row.email,
        "role": row.role,
        "member_type": row.member_type,
        "suspended": suspended(row),
        "auditor": bool(row.auditor),
    }
    return row, examined(OrganizationUserSpec, known | asked.model_dump(exclude_none=True))


def change(tx: Transaction, email: str, asked: OrganizationUserChange) -> Effect:
    """Changes role, kind of member and the auditor's flag, suspends and restores; what is absent stays."""
    row, wanted = _changeable(tx, email, asked)
    values: dict[str, Any] = {"member_type": wanted.member_type}
    apply(tx, row, wanted.role, values, suspended_=wanted.suspended, auditor=wanted.auditor)
    return _done(tx, row.email, ACTIONS[suspended(row), wanted.suspended], row)


def apply(
    tx: Transaction, row: Record, role: str, values: Mapping[str, Any], *, suspended_: bool, auditor: bool
) -> None:
    """Changes an identity, so that the organization keeps an admin who can act; raises `ServiceError`."""
    if (role == "ADMIN" != row.role) or (auditor and not row.auditor) or (suspended(row) and not suspended_):
        require_signature(tx)
    if suspended_ and row.email == tx.caller.email:
        raise Conflict("own_user", "nobody suspends themselves", "Ask another admin of the organization")
    if role != "ADMIN":
        _require_other_admin(tx, row.email)
    written = {**values, "role": role, "auditor": auditor}
    if suspended_ != suspended(row):
        written["suspended_at"] = now() if suspended_ else None
    if suspended_ or role != "ADMIN":
        # Otherwise an admin who is about to leave would leave a way back in.
        invitations.remove_of(tx.connection, tx.caller.organization, row.email)
    with keeping_an_admin(tx, row.role):
        store.change(tx.connection, tx.caller.organization, row.email, written)


def remove(tx: Transaction, email: str) -> Effect:
    """Ends the user's membership and with it all access, individual or by groups, and all keys."""
    row = administered(tx, email)
    _require_person(row)
    answer, left = _view(row), leave(tx, row)
    detail = {"email": row.email, "left": left}
    return Effect(answer, "organization-user.remove", audited_id(row.email), detail, before=_state(row))


def leave(tx: Transaction, row: Record) -> list[str]:
    """Ends the membership of an identity with all access and keys; answers which integrations it left."""
    if row.email == tx.caller.email:
        raise Conflict(
            "own_user", "nobody removes themselves from the organization", "Ask another admin of it"
        )
    orphaned = list(members.only_admin_of(tx.connection, tx.caller.organization, row.email).values())
    if orphaned:
        titles = ", ".join(f'"{title}"' for title in orphaned[:_TOLD])
        more = f" and {len(orphaned) - _TOLD} more" if len(orphaned) > _TOLD else ""
        raise Conflict(
            "last_admin",
            f"{row.email} is the last Admin of {titles}{more}",
            "Give each another Admin who is not suspended first, as whom an admin of the organization may "
            f"join it; until then, suspending {row.email} ends all they can do",
        )
    with keeping_an_admin(tx, row.role):
        left = members.leave(tx.connection, tx.caller.organization, row.email)
        organizations.end_keys(tx.connection, tx.caller.organization, row.email)
        store.remove(tx.connection, tx.caller.organization, row.email)
    return left


def _require_person(row: Record) -> None:
    if row.kind == "service_account":
        name = row.email.removesuffix(f"@{SERVICE_ACCOUNT_DOMAIN}")
        raise Conflict(
            "is_service_account",
            f"{row.email} is a service account, which is not changed as a user",
            f"Change it at organisation/service-accounts/{name}, or by its ServiceAccount",
        )


def _require_other_admin(tx: Transaction, email: str) -> None:
    if not store.other_admins(tx.connection, tx.caller.organization, email):
        said = f"{email} is the organization's last admin who is not suspended"
        raise Conflict("last_organization_admin", said)


def administered(tx: Transaction, email: str) -> Record:
    """One user, if the caller may change them."""
    require_organization_admin(tx)
    return found(tx, email)


def found(tx: Transaction, email: str) -> Record:
    """One user of the caller's organization, however the e-mail is spelled."""
    try:
        row = store.find(tx.connection, tx.caller.organization, _EMAIL.validate_python(email))
    except ValidationError:
        row = None
    if row is None:
        raise ObjectNotFound("user_not_found", "the organization has no user of that e-mail")
    return row


def suspended(row: Record) -> bool:
    """Whether every request of the identity is refused."""
    return row.suspended_at is not None


def _done(tx: Transaction, email: str, action: str, before: Record | None) -> Effect:
    row = found(tx, email)
    return Effect(
        _view(row),
        f"organization-user.{action}",
        audited_id(email),
        {"email": email},
        before=before and _state(before),
        after=_state(row),
    )


def _state(row: Record) -> dict[str, Any]:
    """What the audit trail tells of a user."""
    return {
        "role": row.role,
        "memberType": row.member_type,
        "suspended": suspended(row),
        "auditor": bool(row.auditor),
    }


def audited_id(email: str) -> str:
    """What the audit trail calls a user, whose e-mail may be longer than its column."""
    return str(uuid5(NAMESPACE_OID, email))


def _view(row: Record) -> OrganizationUserView:
    return OrganizationUserView(
        email=row.email,
        role=row.role,
        role_uuid=str(uuid5(UUID(row.organization), row.role)),
        member_type=row.member_type,
        suspended=suspended(row),
        kind=row.kind,
        auditor=bool(row.auditor),
        created_at=row.created_at.replace(tzinfo=UTC),
        last_edited_at=(row.last_edited_at or row.created_at).replace(tzinfo=UTC),
    )
