"""Keys of identities: who registers and revokes them, and what no key may do."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.keys import KeySpec, KeyView
from pulumi_encord_integrations.model.public_keys import fingerprint, hex_of, openssh
from pulumi_encord_integrations.model.service_accounts import MAX_KEYS
from pulumi_encord_integrations.server.errors import Conflict, ObjectNotFound, PermissionDenied, invalid
from pulumi_encord_integrations.server.services.authorization import (
    require_organization_admin,
    require_organization_reader,
    require_signature,
)
from pulumi_encord_integrations.server.services.lockouts import keeping_an_admin
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction
from pulumi_encord_integrations.server.services.users import found
from pulumi_encord_integrations.server.store import user_keys as store
from pulumi_encord_integrations.server.store.database import Record, now

MAX_MADE = 200
"""Keys that one identity may register within `_COUNTED`: a revoked one keeps its row, and stays refused."""
_COUNTED = timedelta(days=30)


def own(tx: Transaction) -> Page[KeyView]:
    """The caller's keys, the oldest first, ended ones included."""
    return _listing(tx, tx.caller.email)


def of_user(tx: Transaction, email: str) -> Page[KeyView]:
    """The same of anybody, for those who read the whole organization."""
    require_organization_reader(tx)
    return _listing(tx, found(tx, email).email)


def add_own(tx: Transaction, asked: KeySpec) -> Effect:
    """Registers a further key of the caller, which lives no longer than the one that signs for it."""
    require_signature(tx)
    end = store.end_of(tx.connection, tx.caller.credential)
    later = end is not None and (asked.expires_at is None or utc(asked.expires_at) > end)
    if later and not tx.caller.is_organization_admin:
        raise PermissionDenied(
            "outlives_its_key",
            f"the key that you call with ends at {end:%Y-%m-%d %H:%M} UTC, and registers no later one",
            "Give expiresAt, or ask an admin of the organization to register it",
        )
    return _add(tx, tx.caller.email, asked)


def add_for(tx: Transaction, email: str, asked: KeySpec) -> Effect:
    """Registers a key of anybody, by an admin of the organization."""
    row = administered_by_signature(tx, email)
    return _add(tx, row.email, asked)


def revoke_own(tx: Transaction, uuid: UUID) -> Effect:
    """Ends a key of the caller, perhaps the one that they call with."""
    return _revoke(tx, tx.caller.email, tx.caller.role, uuid)


def revoke_for(tx: Transaction, email: str, uuid: UUID) -> Effect:
    """Ends a key of anybody, by an admin of the organization."""
    require_organization_admin(tx)
    row = found(tx, email)
    return _revoke(tx, row.email, row.role, uuid)


def administered_by_signature(tx: Transaction, email: str) -> Record:
    """A user to whom the caller may give keys; raises `ServiceError`."""
    require_organization_admin(tx)
    require_signature(tx)
    return found(tx, email)


def require_free(tx: Transaction, email: str, public_key: str, name: str) -> None:
    """Raises `Conflict` for a key that is registered, or that would be one too many."""
    if store.is_registered(tx.connection, public_key):
        # Whose it is would tell one organization about another.
        raise Conflict(
            "key_exists",
            f'the key "{name}" ({fingerprint(public_key)}) is registered already, or was revoked',
            "A key is registered once. Make another one: ssh-keygen -t ed25519",
        )
    made = store.made_since(tx.connection, tx.caller.organization, email, now() - _COUNTED)
    if made >= MAX_MADE:
        raise Conflict(
            "quota_reached",
            f"{email} registered {MAX_MADE} keys within {_COUNTED.days} days, and no more",
            "Use one that is there",
        )
    if store.active(tx.connection, tx.caller.organization, email) >= MAX_KEYS:
        raise Conflict(
            "quota_reached", f"{email} has {MAX_KEYS} keys that may be used, and no more", "Revoke one first"
        )


def require_future(field: str, moment: str | None) -> None:
    """Raises `InvalidRequest` for an end that is over."""
    if moment is not None and utc(moment) <= now():
        raise invalid(f"{field}: must be in the future")


def utc(moment: str) -> datetime:
    """A time as databases keep it, without a zone."""
    return datetime.fromisoformat(moment).astimezone(UTC).replace(tzinfo=None)


def view(tx: Transaction, row: Record) -> KeyView:
    """A key as it is shown."""
    over = row.expires_at is not None and row.expires_at <= now()
    return KeyView(
        uuid=row.uuid,
        user=row.email,
        name=row.name,
        public_key=openssh(row.public_key),
        fingerprint=fingerprint(row.public_key),
        scope=row.scope,
        created_at=row.created_at.replace(tzinfo=UTC),
        added_by=row.added_by or None,
        expires_at=row.expires_at and row.expires_at.replace(tzinfo=UTC),
        last_used_at=row.last_used_at and row.last_used_at.replace(tzinfo=UTC),
        ended_at=row.ended_at and row.ended_at.replace(tzinfo=UTC),
        state="revoked" if row.ended_at else "expired" if over else "active",
        current=row.uuid == tx.caller.credential,
    )


def shown(tx: Transaction, email: str, uuid: str) -> KeyView:
    """A key of somebody; raises `ObjectNotFound`."""
    row = store.find(tx.connection, tx.caller.organization, email, uuid)
    if row is None:
        raise ObjectNotFound("key_not_found", f"{email} has no key {uuid}")
    return view(tx, row)


def told(key: KeyView) -> dict[str, object]:
    """What the audit trail keeps of a key."""
    kept = key.model_dump(
        mode="json", by_alias=True, include={"name", "fingerprint", "scope", "expires_at", "state"}
    )
    return {name: value for name, value in kept.items() if value is not None}


def _listing(tx: Transaction, email: str) -> Page[KeyView]:
    rows = store.listing(tx.connection, tx.caller.organization, email)
    return Page(results=[view(tx, row) for row in rows])


def _add(tx: Transaction, email: str, asked: KeySpec) -> Effect:
    require_future("expiresAt", asked.expires_at)
    public_key, uuid = hex_of(asked.public_key), str(uuid4())
    require_free(tx, email, public_key, asked.name)
    end = utc(asked.expires_at) if asked.expires_at else None
    key = store.NewKey(uuid, public_key, asked.name, asked.scope, tx.caller.email, end)
    store.add(tx.connection, tx.caller.organization, email, key)
    made = shown(tx, email, uuid)
    return Effect(made, "key.add", uuid, {"email": email}, after=told(made))


def _revoke(tx: Transaction, email: str, role: str, uuid: UUID) -> Effect:
    before = shown(tx, email, str(uuid))
    if before.state == "revoked":
        raise Conflict("key_ended", f"the key {before.fingerprint} of {email} is revoked already")
    with keeping_an_admin(tx, role):
        store.revoke(tx.connection, before.uuid)
    after = shown(tx, email, before.uuid)
    return Effect(after, "key.revoke", before.uuid, {"email": email}, told(before), told(after))
