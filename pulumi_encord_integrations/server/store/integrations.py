"""Integrations: rows, and the questions asked of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from pulumi_encord_integrations.model.integration_registry import integration_type
from pulumi_encord_integrations.model.integrations import IntegrationFilters, IntegrationSpec, IntegrationType
from pulumi_encord_integrations.model.marks import SECRET, SHARED
from pulumi_encord_integrations.server.store import encryption
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now
from pulumi_encord_integrations.server.store.declarations import UNTIED
from pulumi_encord_integrations.server.store.encryption import TABLE
from pulumi_encord_integrations.server.store.integration_queries import ROWS, asking, listing
from pulumi_encord_integrations.server.store.members import ROLE
from pulumi_encord_integrations.server.store.organizations import Caller
from pulumi_encord_integrations.server.vault import SecretUnreadable, Vault

_c = t.integrations.c
_s = t.integration_secrets.c
_SEALED = select(_s.integration, _s.field, _s.key_id, _s.sealed).where(
    _s.integration.in_(bindparam("uuids", expanding=True))
)
_NEW, _NEW_MEMBER, _NEW_SECRET = insert(t.integrations), insert(t.members), insert(t.integration_secrets)
_NOT_SETTINGS = {"title", "provider"}
_SAME_PLACE = ("provider", "title", "project", "stack", "path")
# Asked in every call, so built once.
_BY_UUID = ROWS.where(_c.uuid == bindparam("uuid"))
_BY_KEY = ROWS.where(_c.ownership_key == bindparam("key"))
# Sorted by the caller: a database in which nothing was analyzed would read the whole organization in order.
_LOOKALIKES = ROWS.with_only_columns(_c.uuid, _c.created_at).where(
    *(_c[name] == bindparam(name) for name in _SAME_PLACE),
    _c.stack_id != bindparam("stack_id"),
    ROLE == "admin",
)


def find(connection: Connection, caller: Caller, uuid: str) -> Row[Any] | None:
    """The row of one integration of the caller's organization, with the caller's own `role` in it."""
    return connection.execute(_BY_UUID, asking(caller, uuid=uuid)).first()


def find_anywhere(connection: Connection, uuid: str) -> Row[Any] | None:
    """The row of one integration of any organization: for the operator alone."""
    return connection.execute(select(*_c).where(_c.uuid == uuid)).first()


def find_by_key(connection: Connection, caller: Caller, key: str) -> Row[Any] | None:
    """The living integration of a declaration."""
    return connection.execute(_BY_KEY, asking(caller, key=key)).first()


def find_by_title(connection: Connection, caller: Caller, provider: str, title: str) -> Sequence[Row[Any]]:
    """The integrations of that exact title that the caller may view."""
    filters = IntegrationFilters(include_org_access=True, provider=provider, titles=[title])
    return listing(connection, caller, filters)


def lookalikes(connection: Connection, caller: Caller, row: Row[Any]) -> list[str]:
    """The caller's integrations that another stack identity declares at the same place, of the same title."""
    place = {name: getattr(row, name) for name in (*_SAME_PLACE, "stack_id")}
    found = connection.execute(_LOOKALIKES, asking(caller, **place)).all()
    return [other.uuid for other in sorted(found, key=lambda other: other.created_at)]


def insert_new(
    connection: Connection,
    vault: Vault,
    caller: Caller,
    kind: IntegrationType,
    spec: IntegrationSpec,
    tie: Mapping[str, str] = UNTIED,
) -> str:
    """A new integration whose admin is the caller, tied to a declaration; answers its uuid."""
    uuid = str(uuid4())
    connection.execute(
        _NEW,
        {
            "uuid": uuid,
            "organization": caller.organization,
            "provider": kind.provider,
            "title": spec.title,
            "settings": _settings(spec),
            "credential_fingerprint": _fingerprint(vault, uuid, spec),
            "external_id": str(uuid4()),
            "owner": caller.email,
            "created_at": now(),
            "settings_revision": 1,
            "adopted": False,
            **tie,
        },
    )
    connection.execute(
        _NEW_MEMBER,
        {"integration": uuid, "organization": caller.organization, "email": caller.email, "role": "admin"},
    )
    _insert_secrets(connection, vault, caller.organization, uuid, spec)
    return uuid


def apply(
    connection: Connection,
    vault: Vault,
    row: Row[Any],
    kind: IntegrationType,
    spec: IntegrationSpec,
    current: IntegrationSpec | None = None,
) -> None:
    """Makes the settings those of `spec`, and its secrets those that are lost.

    `current` is what was declared of the row, if that was asked already and no secret is lost.
    """
    if current is None:
        stored = stored_values(connection, vault, row, kind)
        current = None if stored.lost else kind.spec.model_validate(stored.values)
    if spec == current:
        return
    changed = current is None or spec.model_copy(update={"title": current.title}) != current
    fingerprint = _fingerprint(vault, row.uuid, spec)
    connection.execute(
        update(t.integrations)
        .where(_c.uuid == row.uuid)
        .values(
            title=spec.title,
            settings=_settings(spec),
            credential_fingerprint=fingerprint,
            settings_revision=row.settings_revision + int(changed),
        )
    )
    if current is None or fingerprint != row.credential_fingerprint:
        _store_secrets(connection, vault, row.organization, row.uuid, spec)


def retitle(connection: Connection, row: Row[Any], title: str) -> None:
    """Gives it another title, and leaves its settings and secrets as they are."""
    if title != row.title:
        connection.execute(update(t.integrations).where(_c.uuid == row.uuid), {"title": title})


def set_expiry(connection: Connection, row: Row[Any], seconds: int | None) -> None:
    """Makes it the lifetime of the integration's signed URLs; None for the default."""
    settings = settings_of(row)
    if settings["signed_url_expiry"] != seconds:
        # No new revision: the integration's own resource would not know of it before a refresh.
        changed = json.dumps({**settings, "signed_url_expiry": seconds}, sort_keys=True)
        connection.execute(update(t.integrations).where(_c.uuid == row.uuid), {"settings": changed})


def remove(connection: Connection, uuid: str) -> None:
    """Deletes an integration with its members and secrets."""
    connection.execute(delete(t.integrations).where(_c.uuid == uuid))


def with_shared(row: Row[Any], spec: IntegrationSpec) -> IntegrationSpec:
    """The spec, with what it leaves out kept as it is where another resource may have set it."""
    settings = settings_of(row)
    absent = [name for name in spec.marked(SHARED) if getattr(spec, name) is None]
    return spec.model_copy(update={name: settings[name] for name in absent})


@dataclass(frozen=True)
class StoredValues:
    """What was declared of an integration, as it is stored."""

    values: Mapping[str, Any]
    """By name of the field, secrets opened."""
    lost: frozenset[str]
    """Secrets that are not in the values, because they do not open or are missing."""


def stored_values(connection: Connection, vault: Vault, row: Row[Any], kind: IntegrationType) -> StoredValues:
    """What was declared of the row."""
    settings = {k: v for k, v in settings_of(row).items() if k in kind.spec.model_fields}
    values = {**settings, "title": row.title}
    if not row.credential_fingerprint:
        return StoredValues(values, frozenset())
    opened, lost = _opened(connection, vault, [row])[row.uuid]
    return StoredValues({**values, **opened}, lost)


def lost_secrets(connection: Connection, vault: Vault, rows: Sequence[Row[Any]]) -> frozenset[str]:
    """The uuids of those rows of which a secret is lost."""
    held = [row for row in rows if row.credential_fingerprint]
    found = _opened(connection, vault, held) if held else {}
    return frozenset(uuid for uuid, (_, lost) in found.items() if lost)


def columns_of(row: Row[Any]) -> Mapping[str, Any]:
    """The row's own values by column, and the caller's role."""
    return row._asdict()


def settings_of(row: Row[Any]) -> Mapping[str, Any]:
    """The row's settings; of its secrets only what may be told."""
    settings: dict[str, Any] = json.loads(row.settings)
    return settings


def _settings(spec: IntegrationSpec) -> str:
    exclude = spec.marked(SECRET) | _NOT_SETTINGS
    return json.dumps({**spec.model_dump(mode="json", exclude=set(exclude)), **spec.told()}, sort_keys=True)


def _fingerprint(vault: Vault, uuid: str, spec: IntegrationSpec) -> str | None:
    """Tells that the secrets changed, nothing about them."""
    return _fingerprint_of(vault, uuid, _plain(spec))


def _fingerprint_of(vault: Vault, uuid: str, plain: Mapping[str, str]) -> str | None:
    return vault.fingerprint(uuid, json.dumps(plain, sort_keys=True)) if plain else None


def _plain(spec: IntegrationSpec) -> dict[str, str]:
    return spec.model_dump(mode="json", include=set(spec.marked(SECRET)), exclude_none=True)


def _opened(
    connection: Connection, vault: Vault, held: Sequence[Row[Any]]
) -> dict[str, tuple[dict[str, str], frozenset[str]]]:
    """Of each integration that holds secrets: those that open by field, and the fields that are lost."""
    plain: dict[str, dict[str, str]] = {row.uuid: {} for row in held}
    lost: dict[str, set[str]] = {row.uuid: set() for row in held}
    for sealed in connection.execute(_SEALED, {"uuids": [*plain]}):
        try:
            plain[sealed.integration][sealed.field] = vault.open(
                sealed.sealed, sealed.key_id, TABLE, sealed.integration, sealed.field
            )
        except SecretUnreadable:
            encryption.require_held(connection, vault, sealed.key_id)
            lost[sealed.integration].add(sealed.field)
    for row in held:
        mismatched = _fingerprint_of(vault, row.uuid, plain[row.uuid]) != row.credential_fingerprint
        if mismatched and not lost[row.uuid]:
            lost[row.uuid] |= _secret_fields(row) - plain[row.uuid].keys()
    return {row.uuid: (plain[row.uuid], frozenset(lost[row.uuid])) for row in held}


def _secret_fields(row: Row[Any]) -> frozenset[str]:
    kind = integration_type(row.provider)
    return kind.spec.marked(SECRET) if kind else frozenset()


def _store_secrets(
    connection: Connection, vault: Vault, organization: str, uuid: str, spec: IntegrationSpec
) -> None:
    if spec.marked(SECRET):
        connection.execute(delete(t.integration_secrets).where(_s.integration == uuid))
        _insert_secrets(connection, vault, organization, uuid, spec)


def _insert_secrets(
    connection: Connection, vault: Vault, organization: str, uuid: str, spec: IntegrationSpec
) -> None:
    plain = _plain(spec)
    if not plain:
        return
    key = vault.sealing(encryption.key_id(connection, organization))
    sealed = [
        {
            "integration": uuid,
            "field": field,
            "key_id": key.id,
            "sealed": key.seal(value, TABLE, uuid, field),
        }
        for field, value in plain.items()
    ]
    connection.execute(_NEW_SECRET, sealed)
