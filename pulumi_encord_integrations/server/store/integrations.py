"""Integrations: rows, and the questions asked of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from pulumi_encord_integrations.model.integrations import IntegrationFilters, IntegrationSpec, IntegrationType
from pulumi_encord_integrations.model.marks import SECRET, SHARED
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now
from pulumi_encord_integrations.server.store.integration_queries import ROWS, listing, rows
from pulumi_encord_integrations.server.store.members import ROLE
from pulumi_encord_integrations.server.store.organizations import Caller
from pulumi_encord_integrations.server.vault import Vault

_c = t.integrations.c
_NOT_SETTINGS = {"title", "provider"}
_SAME_PLACE = ("provider", "title", "project", "stack", "path")
_LOOKALIKES = ROWS.where(
    *(_c[name] == bindparam(name) for name in _SAME_PLACE),
    _c.stack_id != bindparam("stack_id"),
    ROLE == "admin",
).order_by(_c.created_at)


def find(connection: Connection, caller: Caller, uuid: str) -> Row[Any] | None:
    """The row of one integration of the caller's organization, with the caller's own `role` in it."""
    return connection.execute(rows(caller).where(_c.uuid == uuid)).first()


def find_anywhere(connection: Connection, uuid: str) -> Row[Any] | None:
    """The row of one integration of any organization: for the operator alone."""
    return connection.execute(select(*_c).where(_c.uuid == uuid)).first()


def find_by_key(connection: Connection, caller: Caller, key: str) -> Row[Any] | None:
    """The living integration of a declaration."""
    return connection.execute(rows(caller).where(_c.ownership_key == key)).first()


def find_by_title(connection: Connection, caller: Caller, provider: str, title: str) -> Sequence[Row[Any]]:
    """The integrations of that exact title that the caller may view."""
    filters = IntegrationFilters(include_org_access=True, provider=provider, titles=[title])
    return listing(connection, caller, filters)


def lookalikes(connection: Connection, caller: Caller, row: Row[Any]) -> list[str]:
    """The caller's integrations that another stack identity declares at the same place, of the same title."""
    place = {name: getattr(row, name) for name in (*_SAME_PLACE, "stack_id")}
    return [other.uuid for other in connection.execute(rows(caller, _LOOKALIKES), place)]


def insert_new(
    connection: Connection, vault: Vault, caller: Caller, kind: IntegrationType, spec: IntegrationSpec
) -> str:
    """A new integration whose admin is the caller; answers its uuid."""
    uuid = str(uuid4())
    connection.execute(
        insert(t.integrations),
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
        },
    )
    connection.execute(
        insert(t.members),
        {"integration": uuid, "organization": caller.organization, "email": caller.email, "role": "admin"},
    )
    _store_secrets(connection, vault, uuid, spec)
    return uuid


def apply(
    connection: Connection, vault: Vault, row: Row[Any], kind: IntegrationType, spec: IntegrationSpec
) -> None:
    """Makes the settings those of `spec`."""
    current = spec_of(connection, vault, row, kind)
    if spec == current:
        return
    changed = spec.model_copy(update={"title": current.title}) != current
    connection.execute(
        update(t.integrations)
        .where(_c.uuid == row.uuid)
        .values(
            title=spec.title,
            settings=_settings(spec),
            credential_fingerprint=_fingerprint(vault, row.uuid, spec),
            settings_revision=row.settings_revision + int(changed),
        )
    )
    _store_secrets(connection, vault, row.uuid, spec)


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


def spec_of(connection: Connection, vault: Vault, row: Row[Any], kind: IntegrationType) -> IntegrationSpec:
    """What was declared of the row, secrets opened."""
    opened = _open_secrets(connection, vault, row.uuid) if kind.spec.marked(SECRET) else {}
    settings = {k: v for k, v in settings_of(row).items() if k in kind.spec.model_fields}
    return kind.spec.model_validate({**settings, **opened, "title": row.title})


def columns_of(row: Row[Any]) -> Mapping[str, Any]:
    """The row's own values by column, and the caller's role."""
    return {str(name): value for name, value in row._mapping.items()}


def settings_of(row: Row[Any]) -> Mapping[str, Any]:
    """The row's settings; of its secrets only what may be told."""
    settings: dict[str, Any] = json.loads(row.settings)
    return settings


def _settings(spec: IntegrationSpec) -> str:
    exclude = spec.marked(SECRET) | _NOT_SETTINGS
    return json.dumps({**spec.model_dump(mode="json", exclude=set(exclude)), **spec.told()}, sort_keys=True)


def _fingerprint(vault: Vault, uuid: str, spec: IntegrationSpec) -> str | None:
    """Tells that the secrets changed, nothing about them."""
    secrets = spec.model_dump(mode="json", include=set(spec.marked(SECRET)), exclude_none=True)
    return vault.fingerprint(uuid, json.dumps(secrets, sort_keys=True)) if secrets else None


def _open_secrets(connection: Connection, vault: Vault, uuid: str) -> dict[str, str]:
    c = t.integration_secrets.c
    sealed = connection.execute(select(c.field, c.sealed).where(c.integration == uuid))
    return {s.field: vault.open(s.sealed, "integration_secrets", uuid, s.field) for s in sealed}


def _store_secrets(connection: Connection, vault: Vault, uuid: str, spec: IntegrationSpec) -> None:
    if not spec.marked(SECRET):
        return
    c = t.integration_secrets.c
    plain = spec.model_dump(mode="json", include=set(spec.marked(SECRET)), exclude_none=True)
    connection.execute(delete(t.integration_secrets).where(c.integration == uuid))
    for field, value in plain.items():
        sealed = vault.seal(value, "integration_secrets", uuid, field)
        connection.execute(
            insert(t.integration_secrets),
            {"integration": uuid, "field": field, "key_id": vault.key_id, "sealed": sealed},
        )
