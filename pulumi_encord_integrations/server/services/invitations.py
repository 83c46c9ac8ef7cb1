"""Invitations: an admin lets somebody register one key, whom no key proves yet."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from pydantic import BaseModel

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.keys import (
    INVITATION_HOURS,
    INVITATION_PREFIX,
    MAX_INVITATION_HOURS,
    InvitationAcceptance,
    InvitationSpec,
    InvitationView,
    IssuedInvitation,
)
from pulumi_encord_integrations.server.errors import Conflict, ObjectNotFound, PermissionDenied, invalid
from pulumi_encord_integrations.server.services import keys
from pulumi_encord_integrations.server.services.authorization import (
    require_organization_admin,
    require_organization_reader,
)
from pulumi_encord_integrations.server.services.unit_of_work import (
    Effect,
    FirstAnswer,
    Transaction,
    UnitOfWork,
)
from pulumi_encord_integrations.server.services.users import found
from pulumi_encord_integrations.server.store import invitations as store
from pulumi_encord_integrations.server.store import user_keys
from pulumi_encord_integrations.server.store.database import Connection, Record, now
from pulumi_encord_integrations.server.store.organizations import Caller

MAX_INVITATIONS = 20
"""Invitations of one identity that nobody has accepted."""
_SLACK = timedelta(minutes=5)
"""By how much a client's clock may be ahead."""
_log = logging.getLogger(__name__)


def create(tx: Transaction, email: str, asked: InvitationSpec) -> Effect:
    """Invites somebody who is part of the organization; the answer alone holds the token."""
    row = keys.administered_by_signature(tx, email)
    keys.require_future("expiresAt", asked.expires_at)
    keys.require_future("keyExpiresAt", asked.key_expires_at)
    end = _end(asked)
    if row.suspended_at is not None:
        raise Conflict("user_suspended", f"{row.email} is suspended", "Lift that first")
    pending = store.listing(tx.connection, tx.caller.organization, row.email)
    if sum(one.expires_at > now() for one in pending) >= MAX_INVITATIONS:
        said = f"{row.email} has {MAX_INVITATIONS} invitations that nobody has accepted, and no more"
        raise Conflict("quota_reached", said, "Revoke one first")
    token = INVITATION_PREFIX + secrets.token_urlsafe(32)
    key_end = keys.utc(asked.key_expires_at) if asked.key_expires_at else None
    made = store.NewInvitation(
        uuid=str(uuid4()),
        token_digest=_digest(token),
        scope=asked.scope,
        created_by=tx.caller.email,
        created_with=tx.caller.credential,
        expires_at=end,
        key_expires_at=key_end,
    )
    store.add(tx.connection, tx.caller.organization, row.email, made)
    shown = _shown(tx, row.email, made.uuid)
    answer = IssuedInvitation(**dict(shown), token=token)
    return Effect(answer, "invitation.create", made.uuid, {"email": row.email}, after=_told(shown))


def once(_tx: Transaction) -> BaseModel:
    """Refuses the repeat of a create, whose answer holds a token and is not kept; raises `Conflict`."""
    raise Conflict("replayed", "this request was answered before", "Sign it anew, with a nonce of its own")


def listing(tx: Transaction, email: str) -> Page[InvitationView]:
    """Invitations of somebody that nobody has accepted, without their tokens."""
    require_organization_reader(tx)
    rows = store.listing(tx.connection, tx.caller.organization, found(tx, email).email)
    return Page(results=[_view(row) for row in rows])


def revoke(tx: Transaction, email: str, uuid: UUID) -> Effect:
    """Ends an invitation that nobody has accepted."""
    require_organization_admin(tx)
    before = _shown(tx, found(tx, email).email, str(uuid))
    store.remove(tx.connection, before.uuid)
    return Effect(before, "invitation.revoke", before.uuid, {"email": before.user}, _told(before))


def accept(work: UnitOfWork, asked: InvitationAcceptance) -> BaseModel | FirstAnswer:
    """Registers the key that signed, once for each invitation; raises `ServiceError`."""
    if not work.proof.signed:
        raise PermissionDenied(
            "signature_required",
            "an invitation is accepted by a signature of the new key",
            "Sign the request with it",
        )
    admitted = replace(work, admit=_admission(asked.token))
    return admitted.write(lambda tx: _accepted(tx, asked, work.proof.public_key))


def _admission(token: str) -> Callable[[Connection], Caller]:
    """As whom the holder of a token acts; raises `PermissionDenied` for a token that is not valid."""
    uuid = str(uuid4())

    def admit(connection: Connection) -> Caller:
        row = _valid(connection, token)
        return Caller(
            organization=row.organization,
            organization_name=row.organization_name,
            email=row.email,
            role=row.role,
            kind=row.kind,
            auditor=bool(row.auditor),
            credential=uuid,
        )

    return admit


def _accepted(tx: Transaction, asked: InvitationAcceptance, public_key: str) -> Effect:
    row = _valid(tx.connection, asked.token)
    # A key that is registered is its owner's: then the caller is not who was invited.
    keys.require_free(tx, row.email, public_key, asked.name)
    store.remove(tx.connection, row.uuid)
    key = user_keys.NewKey(
        tx.caller.credential, public_key, asked.name, row.scope, row.created_by, row.key_expires_at
    )
    user_keys.add(tx.connection, row.organization, row.email, key)
    made = keys.shown(tx, row.email, key.uuid)
    detail = {"email": row.email, "invitation": row.uuid, "invitedBy": row.created_by}
    return Effect(made, "invitation.accept", key.uuid, detail, after=keys.told(made))


def _valid(connection: Connection, token: str) -> Record:
    """The invitation of a token. The caller is not told what is wrong with it, the log is."""
    row = store.of_token(connection, _digest(token))
    wrong = "no invitation has this token" if row is None else _wrong_with(row)
    if row is None or wrong:
        _log.warning("an invitation was refused: %s", wrong)
        raise PermissionDenied(
            "invitation_not_valid",
            "this invitation is not valid: it was used, has ended, or never was",
            "Ask an admin of the organization for another one",
        )
    return row


def _wrong_with(row: Record) -> str:
    if row.expires_at <= now():
        return f"{row.uuid} ended at {row.expires_at:%Y-%m-%d %H:%M} UTC"
    if row.key_expires_at is not None and row.key_expires_at <= now():
        return f"{row.uuid} is for a key that would have ended already"
    if row.suspended_at is not None:
        return f"{row.uuid} is for a user who is suspended"
    if row.inviter_role != "ADMIN" or row.inviter_suspended_at is not None:
        return f"{row.uuid} was made by somebody who administers the organization no more"
    return ""


def _end(asked: InvitationSpec) -> datetime:
    """When an invitation stops; raises `InvalidRequest` if that is too late."""
    if asked.expires_at is None:
        return now() + timedelta(hours=asked.hours or INVITATION_HOURS)
    end = keys.utc(asked.expires_at)
    if end > now() + timedelta(hours=MAX_INVITATION_HOURS) + _SLACK:
        raise invalid(f"expiresAt: must be within {MAX_INVITATION_HOURS // 24} days")
    return end


def _shown(tx: Transaction, email: str, uuid: str) -> InvitationView:
    row = store.find(tx.connection, tx.caller.organization, email, uuid)
    if row is None:
        raise ObjectNotFound("invitation_not_found", f"{email} has no invitation {uuid}")
    return _view(row)


def _view(row: Record) -> InvitationView:
    return InvitationView(
        uuid=row.uuid,
        user=row.email,
        scope=row.scope,
        created_at=row.created_at.replace(tzinfo=UTC),
        created_by=row.created_by,
        expires_at=row.expires_at.replace(tzinfo=UTC),
        key_expires_at=row.key_expires_at and row.key_expires_at.replace(tzinfo=UTC),
    )


def _told(invitation: InvitationView) -> dict[str, object]:
    kept = {"scope", "expires_at", "key_expires_at"}
    told = invitation.model_dump(mode="json", by_alias=True, include=kept)
    return {name: value for name, value in told.items() if value is not None}


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
