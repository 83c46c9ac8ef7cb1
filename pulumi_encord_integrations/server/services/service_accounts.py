"""Service accounts: who may declare them, and what becomes of their keys and federations."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.federations import DeclaredFederation
from pulumi_encord_integrations.model.public_keys import fingerprint, hex_of, openssh
from pulumi_encord_integrations.model.service_accounts import (
    AccountFederation,
    AccountKey,
    DeclaredKey,
    ServiceAccountChange,
    ServiceAccountSpec,
    ServiceAccountView,
    email_of_account,
    name_in,
)
from pulumi_encord_integrations.server.errors import Conflict, ObjectNotFound
from pulumi_encord_integrations.server.services import users
from pulumi_encord_integrations.server.services.authorization import (
    require_organization_admin,
    require_organization_reader,
    require_signature,
)
from pulumi_encord_integrations.server.services.keys import require_free, require_future, utc
from pulumi_encord_integrations.server.services.lockouts import keeping_an_admin
from pulumi_encord_integrations.server.services.quotas import require_room
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction
from pulumi_encord_integrations.server.store import federations as federation_store
from pulumi_encord_integrations.server.store import organization_users, organizations, user_keys
from pulumi_encord_integrations.server.store import service_accounts as store
from pulumi_encord_integrations.server.store.database import Record, now


def listing(tx: Transaction) -> Page[ServiceAccountView]:
    """All in one page, for admins and auditors of the organization."""
    require_organization_reader(tx)
    here = tx.caller.organization
    keys, federations = store.keys(tx.connection, here), store.federations(tx.connection, here)
    rows = store.listing(tx.connection, here)
    views = [_view(row, keys.get(row.email, ()), federations.get(row.email, ())) for row in rows]
    return Page(results=views)


def read(tx: Transaction, name: str) -> ServiceAccountView:
    """One of them."""
    require_organization_reader(tx)
    return _read(tx, name)


def _read(tx: Transaction, name: str) -> ServiceAccountView:
    row = _found(tx, name)
    keys = store.keys(tx.connection, tx.caller.organization, row.email)
    federations = store.federations(tx.connection, tx.caller.organization, row.email)
    return _view(row, keys.get(row.email, ()), federations.get(row.email, ()))


def administered(tx: Transaction, name: str) -> Record:
    """One of them, if the caller may change it."""
    require_organization_admin(tx)
    return _found(tx, name)


def _found(tx: Transaction, name: str) -> Record:
    row = None
    if "@" not in name and "\0" not in name:
        row = organization_users.find(tx.connection, tx.caller.organization, email_of_account(name))
    if row is None or row.kind != store.KIND:
        raise ObjectNotFound(
            "service_account_not_found", "the organization has no service account of that name"
        )
    return row


def add(tx: Transaction, asked: ServiceAccountSpec) -> Effect:
    """Makes a service account with its keys and federations."""
    require_organization_admin(tx)
    if asked.role == "ADMIN" or asked.auditor or asked.keys or asked.federations:
        require_signature(tx)
    email, here = email_of_account(asked.name), tx.caller.organization
    if organization_users.find(tx.connection, here, email) is not None:
        raise Conflict("service_account_exists", f"there is a service account {asked.name} already")
    organizations.add_user(tx.connection, here, email, asked.role)
    require_room(tx, "users")
    suspended_at = now() if asked.suspended else None
    values: dict[str, Any] = {"kind": store.KIND, "description": asked.description, "auditor": asked.auditor}
    organization_users.change(tx.connection, here, email, {**values, "suspended_at": suspended_at})
    _write(tx, email, asked.keys, asked.federations)
    view = _read(tx, asked.name)
    return Effect(view, "service-account.add", users.audited_id(email), _named(view), after=_told(view))


def change(tx: Transaction, name: str, asked: ServiceAccountChange) -> Effect:
    """Changes what is given; of keys and federations, those that are given are all that there are then."""
    row, before = administered(tx, name), _read(tx, name)
    if asked.keys or asked.federations:
        require_signature(tx)
    wanted = before.model_copy(update=asked.model_dump(include=_PLAIN, exclude_none=True))
    values = {"description": wanted.description}
    with keeping_an_admin(tx, row.role):
        users.apply(tx, row, wanted.role, values, suspended_=wanted.suspended, auditor=wanted.auditor)
        _write(tx, row.email, asked.keys, asked.federations)
    view = _read(tx, name)
    action = f"service-account.{users.ACTIONS[before.suspended, view.suspended]}"
    return Effect(
        view, action, users.audited_id(row.email), _named(view), before=_told(before), after=_told(view)
    )


def remove(tx: Transaction, name: str) -> Effect:
    """Ends the account with all its access, keys and federations; answers what it was."""
    row, view = administered(tx, name), _read(tx, name)
    # Federations go with the user.
    left = users.leave(tx, row)
    detail = {**_named(view), "left": left}
    return Effect(view, "service-account.remove", users.audited_id(row.email), detail, before=_told(view))


_PLAIN = {"description", "role", "auditor", "suspended"}


def _write(
    tx: Transaction,
    email: str,
    keys: Sequence[DeclaredKey] | None,
    federations: Sequence[DeclaredFederation] | None,
) -> None:
    if keys is not None:
        _write_keys(tx, email, keys)
    if federations is not None:
        _write_federations(tx, email, federations)


def _write_keys(tx: Transaction, email: str, declared: Sequence[DeclaredKey]) -> None:
    here = tx.caller.organization
    now_there = {row.public_key: row for row in store.keys(tx.connection, here, email).get(email, ())}
    wanted = {hex_of(key.public_key): key for key in declared}
    for gone in now_there.keys() - wanted.keys():
        user_keys.revoke(tx.connection, now_there[gone].uuid)
    for index, (public_key, key) in enumerate(wanted.items()):
        row, end = now_there.get(public_key), utc(key.expires_at) if key.expires_at else None
        if row is None or row.expires_at != end:
            require_future(f"keys[{index}].expiresAt", key.expires_at)
        if row is None:
            require_free(tx, email, public_key, key.name)
            new = user_keys.NewKey(str(uuid4()), public_key, key.name, key.scope, tx.caller.email, end)
            user_keys.add(tx.connection, here, email, new)
        elif (row.name, row.scope, row.expires_at) != (key.name, key.scope, end):
            store.change_key(tx.connection, row.uuid, key.name, key.scope, end)


def _write_federations(tx: Transaction, email: str, declared: Sequence[DeclaredFederation]) -> None:
    here = tx.caller.organization
    rows = store.federations(tx.connection, here, email).get(email, ())
    now_there = {(row.issuer, row.audience, row.subject, row.scope): row.uuid for row in rows}
    wanted = {(one.issuer, one.audience, one.subject, one.scope): one for one in declared}
    for known, uuid in now_there.items():
        if known not in wanted:
            federation_store.remove(tx.connection, here, uuid)
    for known, one in wanted.items():
        if known not in now_there:
            federation_store.add(tx.connection, here, email, **one.model_dump())


def _named(view: ServiceAccountView) -> dict[str, Any]:
    return {"name": view.name, "email": view.email}


def _told(view: ServiceAccountView) -> dict[str, Any]:
    """What the audit trail tells of it."""
    return {
        **view.model_dump(mode="json", by_alias=True, include=_PLAIN),
        "keys": [
            {
                "name": key.name,
                "fingerprint": fingerprint(hex_of(key.public_key)),
                "scope": key.scope,
                "expiresAt": key.expires_at and key.expires_at.isoformat(),
            }
            for key in view.keys
        ],
        "federations": [
            one.model_dump(include={"issuer", "audience", "subject", "scope"}) for one in view.federations
        ],
    }


def _view(row: Record, keys: Sequence[Record], federations: Sequence[Record]) -> ServiceAccountView:
    return ServiceAccountView(
        name=name_in(row.email),
        email=row.email,
        description=row.description,
        role=row.role,
        auditor=bool(row.auditor),
        suspended=users.suspended(row),
        keys=[_key(key) for key in keys],
        federations=[_federation(one) for one in federations],
        created_at=_utc(row.created_at),
        last_edited_at=_utc(row.last_edited_at or row.created_at),
    )


def _key(row: Record) -> AccountKey:
    return AccountKey(
        uuid=row.uuid,
        name=row.name,
        public_key=openssh(row.public_key),
        scope=row.scope,
        expires_at=row.expires_at and _utc(row.expires_at),
        created_at=_utc(row.created_at),
        last_used_at=row.last_used_at and _utc(row.last_used_at),
    )


def _federation(row: Record) -> AccountFederation:
    return AccountFederation(
        uuid=row.uuid,
        issuer=row.issuer,
        audience=row.audience,
        subject=row.subject,
        scope=row.scope,
        created_at=_utc(row.created_at),
        last_used_at=row.last_used_at and _utc(row.last_used_at),
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
