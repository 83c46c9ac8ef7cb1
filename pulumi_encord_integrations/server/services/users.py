"""Users of the organization: who may add, change and remove them, and what a removal ends."""

from datetime import UTC
from uuid import NAMESPACE_OID, UUID, uuid5

from pydantic import TypeAdapter, ValidationError

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.text import Email
from pulumi_encord_integrations.model.users import (
    OrganizationUserChange,
    OrganizationUserSpec,
    OrganizationUserView,
)
from pulumi_encord_integrations.server.errors import Conflict, ObjectNotFound
from pulumi_encord_integrations.server.services.authorization import require_organization_admin
from pulumi_encord_integrations.server.services.bodies import Body, examined
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction
from pulumi_encord_integrations.server.store import members, organizations
from pulumi_encord_integrations.server.store import organization_users as store
from pulumi_encord_integrations.server.store.database import Record

_TOLD = 5
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


def listing(tx: Transaction) -> Page[OrganizationUserView]:
    """Everybody in one page: Encord's SDK reads no second one."""
    rows = store.listing(tx.connection, tx.caller.organization)
    return Page(results=[_view(row) for row in rows])


def read(tx: Transaction, email: str) -> OrganizationUserView:
    """One user."""
    return _view(found(tx, email))


def add(tx: Transaction, body: Body) -> Effect:
    """Makes somebody part of the organization at once; there is no invitation."""
    require_organization_admin(tx)
    asked = examined(OrganizationUserSpec, body)
    if store.find(tx.connection, tx.caller.organization, asked.email) is not None:
        raise Conflict("user_exists", f"{asked.email} is part of the organization already")
    organizations.add_user(tx.connection, tx.caller.organization, asked.email, asked.role, asked.member_type)
    return _done(tx, asked.email, "add")


def change(tx: Transaction, email: str, body: Body) -> Effect:
    """Changes role and kind of member; what is absent or null stays."""
    require_organization_admin(tx)
    row = found(tx, email)
    asked = examined(OrganizationUserChange, body).model_dump(exclude_none=True)
    wanted = examined(
        OrganizationUserSpec, {"email": row.email, "role": row.role, "member_type": row.member_type, **asked}
    )
    if wanted.role != "ADMIN":
        _require_other_admin(tx, row.email)
    store.change(
        tx.connection,
        tx.caller.organization,
        row.email,
        {"role": wanted.role, "member_type": wanted.member_type},
    )
    return _done(tx, row.email, "change")


def remove(tx: Transaction, email: str) -> Effect:
    """Ends the user's membership and with it all access, individual or by groups, and all keys."""
    require_organization_admin(tx)
    row = found(tx, email)
    if row.email == tx.caller.email:
        raise Conflict(
            "own_user", "nobody removes themselves from the organization", "Ask another admin of it"
        )
    # The caller administers the organization and is somebody else, so that it keeps an admin.
    orphaned = list(members.only_admin_of(tx.connection, tx.caller.organization, row.email).values())
    if orphaned:
        titles = ", ".join(f'"{title}"' for title in orphaned[:_TOLD])
        more = f" and {len(orphaned) - _TOLD} more" if len(orphaned) > _TOLD else ""
        raise Conflict(
            "last_admin",
            f"{row.email} is the last Admin of {titles}{more}",
            "Give each another Admin first; an admin of the organization may join it",
        )
    answer = _view(row)
    left = members.leave(tx.connection, tx.caller.organization, row.email)
    organizations.end_keys(tx.connection, tx.caller.organization, row.email)
    store.remove(tx.connection, tx.caller.organization, row.email)
    return Effect(answer, "organization-user.remove", _id(row.email), {"email": row.email, "left": left})


def _require_other_admin(tx: Transaction, email: str) -> None:
    if not store.other_admins(tx.connection, tx.caller.organization, email):
        raise Conflict("last_organization_admin", f"{email} is the organization's last admin")


def found(tx: Transaction, email: str) -> Record:
    """One user of the caller's organization, however the e-mail is spelled."""
    try:
        row = store.find(tx.connection, tx.caller.organization, _EMAIL.validate_python(email))
    except ValidationError:
        row = None
    if row is None:
        raise ObjectNotFound("user_not_found", "the organization has no user of that e-mail")
    return row


def _done(tx: Transaction, email: str, action: str) -> Effect:
    answer = read(tx, email)
    detail = {"email": email, "role": answer.role, "memberType": answer.member_type}
    return Effect(answer, f"organization-user.{action}", _id(email), detail)


def _id(email: str) -> str:
    """What the audit trail calls a user, whose e-mail may be longer than its column."""
    return str(uuid5(NAMESPACE_OID, email))


def _view(row: Record) -> OrganizationUserView:
    return OrganizationUserView(
        email=row.email,
        role=row.role,
        role_uuid=str(uuid5(UUID(row.organization), row.role)),
        member_type=row.member_type,
        created_at=row.created_at.replace(tzinfo=UTC),
        last_edited_at=(row.last_edited_at or row.created_at).replace(tzinfo=UTC),
    )
