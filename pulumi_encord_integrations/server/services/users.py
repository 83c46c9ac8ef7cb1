"""Users of the organization: who may add, change and remove them, and what a removal ends."""

from datetime import UTC
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Row

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.text import Email
from pulumi_encord_integrations.model.users import (
    OrganizationUserChange,
    OrganizationUserSpec,
    OrganizationUserView,
)
from pulumi_encord_integrations.server.calls import Effect
from pulumi_encord_integrations.server.errors import Fault, conflict
from pulumi_encord_integrations.server.services.authorization import require_organization_admin
from pulumi_encord_integrations.server.services.bodies import Body, examined
from pulumi_encord_integrations.server.store import members, organizations
from pulumi_encord_integrations.server.store import organization_users as store
from pulumi_encord_integrations.server.store.organizations import Caller

_TOLD = 5
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


def listing(connection: Connection, caller: Caller) -> Page[OrganizationUserView]:
    """Everybody in one page: Encord's SDK reads no second one."""
    rows = store.listing(connection, caller.organization)
    return Page(results=[_view(row) for row in rows])


def read(connection: Connection, caller: Caller, email: str) -> OrganizationUserView:
    """One user."""
    return _view(found(connection, caller, email))


def add(connection: Connection, caller: Caller, body: Body) -> Effect:
    """Makes somebody part of the organization at once; there is no invitation."""
    require_organization_admin(caller)
    asked = examined(OrganizationUserSpec, body)
    if store.find(connection, caller.organization, asked.email) is not None:
        raise conflict("user_exists", f"{asked.email} is part of the organization already")
    organizations.add_user(connection, caller.organization, asked.email, asked.role, asked.member_type)
    return _done(connection, caller, asked.email, "add")


def change(connection: Connection, caller: Caller, email: str, body: Body) -> Effect:
    """Changes role and kind of member; what is absent or null stays."""
    require_organization_admin(caller)
    row = found(connection, caller, email)
    asked = examined(OrganizationUserChange, body).model_dump(exclude_none=True)
    wanted = examined(
        OrganizationUserSpec, {"email": row.email, "role": row.role, "member_type": row.member_type, **asked}
    )
    if wanted.role != "ADMIN":
        _require_other_admin(connection, caller, row.email)
    store.change(
        connection,
        caller.organization,
        row.email,
        {"role": wanted.role, "member_type": wanted.member_type},
    )
    return _done(connection, caller, row.email, "change")


def remove(connection: Connection, caller: Caller, email: str) -> Effect:
    """Ends the user's membership and with it all access, individual or by groups, and all keys."""
    require_organization_admin(caller)
    row = found(connection, caller, email)
    if row.email == caller.email:
        raise conflict(
            "own_user", "nobody removes themselves from the organization", "Ask another admin of it"
        )
    # The caller administers the organization and is somebody else, so that it keeps an admin.
    orphaned = list(members.only_admin_of(connection, caller.organization, row.email).values())
    if orphaned:
        titles = ", ".join(f'"{title}"' for title in orphaned[:_TOLD])
        more = f" and {len(orphaned) - _TOLD} more" if len(orphaned) > _TOLD else ""
        raise conflict(
            "last_admin",
            f"{row.email} is the last Admin of {titles}{more}",
            "Give each another Admin first; an admin of the organization may join it",
        )
    answer = _view(row)
    left = members.leave(connection, caller.organization, row.email)
    organizations.end_keys(connection, caller.organization, row.email)
    store.remove(connection, caller.organization, row.email)
    return Effect(answer, "organization-user.remove", _id(row.email), {"email": row.email, "left": left})


def _require_other_admin(connection: Connection, caller: Caller, email: str) -> None:
    if not store.other_admins(connection, caller.organization, email):
        raise conflict("last_organization_admin", f"{email} is the organization's last admin")


def found(connection: Connection, caller: Caller, email: str) -> Row[Any]:
    """One user of the caller's organization, however the e-mail is spelled."""
    try:
        row = store.find(connection, caller.organization, _EMAIL.validate_python(email))
    except ValidationError:
        row = None
    if row is None:
        raise Fault(404, "user_not_found", "the organization has no user of that e-mail")
    return row


def _done(connection: Connection, caller: Caller, email: str, action: str) -> Effect:
    answer = read(connection, caller, email)
    detail = {"email": email, "role": answer.role, "memberType": answer.member_type}
    return Effect(answer, f"organization-user.{action}", _id(email), detail)


def _id(email: str) -> str:
    """What the audit trail calls a user, whose e-mail may be longer than its column."""
    return str(uuid5(NAMESPACE_OID, email))


def _view(row: Row[Any]) -> OrganizationUserView:
    return OrganizationUserView(
        email=row.email,
        role=row.role,
        role_uuid=str(uuid5(UUID(row.organization), row.role)),
        member_type=row.member_type,
        created_at=row.created_at.replace(tzinfo=UTC),
        last_edited_at=(row.last_edited_at or row.created_at).replace(tzinfo=UTC),
    )
