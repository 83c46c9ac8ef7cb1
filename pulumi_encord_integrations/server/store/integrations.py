"""Integrations: rows, and the questions asked of them."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, insert, or_, select, update

from pulumi_encord_integrations.model.base import SECRET
from pulumi_encord_integrations.model.identity import DeclaredAs, ownership_key
from pulumi_encord_integrations.model.integrations import IntegrationSpec, IntegrationType
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now
from pulumi_encord_integrations.server.store.organizations import Caller
from pulumi_encord_integrations.server.vault import Vault

NONCE_DAYS = 30
"""How long a create is known again after its object is gone."""

_c = t.integrations.c
_NOT_SETTINGS = {"title", "provider"}


@dataclass(frozen=True)
class Filters:
    """What a listing is narrowed to; empty means all that the caller may view."""

    include_org_access: bool = False
    mine: bool = False
    owner: str | None = None
    provider: str | None = None
    titles: Sequence[str] = ()
    uuids: Sequence[str] = ()


def find(connection: Connection, caller: Caller, uuid: str) -> Row[Any] | None:
    """The row of one integration of the caller's organization, with the caller's own `role` in it."""
    return connection.execute(_rows(caller).where(_c.uuid == uuid)).first()


def find_by_key(connection: Connection, caller: Caller, key: str) -> Row[Any] | None:
    """The living integration of a declaration."""
    return connection.execute(_rows(caller).where(_c.ownership_key == key)).first()


def find_by_title(connection: Connection, caller: Caller, provider: str, title: str) -> Sequence[Row[Any]]:
    """The integrations of that exact title that the caller may view."""
    filters = Filters(include_org_access=True, provider=provider, titles=[title])
    return connection.execute(_visible(caller, filters)).all()


def lookalikes(connection: Connection, row: Row[Any]) -> list[str]:
    """Integrations that another stack identity declares at the same place, under the same title."""
    same = [getattr(_c, name) == getattr(row, name) for name in ("organization", "provider", "title")]
    same += [getattr(_c, name) == getattr(row, name) for name in ("project", "stack", "path")]
    query = select(_c.uuid).where(*same, _c.uuid != row.uuid, _c.stack_id != row.stack_id)
    return list(connection.scalars(query.order_by(_c.created_at)))


def listing(connection: Connection, caller: Caller, filters: Filters) -> Sequence[Row[Any]]:
    """All integrations that the caller may view."""
    return connection.execute(_visible(caller, filters)).all()


def page(
    connection: Connection, caller: Caller, filters: Filters, size: int, token: str | None
) -> tuple[Sequence[Row[Any]], str | None]:
    """One page and the token of the next; raises ValueError on a token that this API did not make."""
    query = _visible(caller, filters).limit(size + 1)
    if token:
        query = query.where(_after(token))
    rows = connection.execute(query).all()
    more = len(rows) > size
    rows = rows[:size]
    return rows, _token(rows[-1]) if more else None


def insert_new(
    connection: Connection, vault: Vault, caller: Caller, kind: IntegrationType, spec: IntegrationSpec
) -> str:
    """A new integration whose admin is the caller; answers its uuid."""
    uuid = str(uuid4())
    connection.execute(
        insert(t.integrations).values(
            uuid=uuid,
            organization=caller.organization,
            provider=kind.provider,
            title=spec.title,
            settings=_settings(spec),
            external_id=str(uuid4()),
            owner=caller.email,
            created_at=now(),
            settings_revision=1,
            adopted=False,
        )
    )
    connection.execute(
        insert(t.members).values(
            integration=uuid, organization=caller.organization, email=caller.email, role="admin"
        )
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
            settings_revision=row.settings_revision + int(changed),
        )
    )
    _store_secrets(connection, vault, row.uuid, spec)


def declare(
    connection: Connection,
    uuid: str,
    declared: DeclaredAs,
    kind: IntegrationType,
    spec: IntegrationSpec,
    *,
    adopted: bool | None = None,
) -> None:
    """Ties an integration to a declaration; `adopted` None leaves that as it is."""
    values: dict[str, Any] = {
        "ownership_key": ownership_key(declared, kind.provider, spec.immutable()),
        "stack_id": str(declared.stack_id),
        "path": declared.path,
        "project": declared.project,
        "stack": declared.stack,
    }
    if adopted is not None:
        values["adopted"] = adopted
    connection.execute(update(t.integrations).where(_c.uuid == uuid).values(**values))


def release(connection: Connection, uuid: str) -> None:
    """Frees an integration from its declaration; its settings stay as they are."""
    free = dict.fromkeys(("ownership_key", "stack_id", "path", "project", "stack"))
    connection.execute(update(t.integrations).where(_c.uuid == uuid).values(**free, adopted=False))


def remove(connection: Connection, uuid: str) -> None:
    """Deletes an integration with its members and secrets."""
    connection.execute(delete(t.integrations).where(_c.uuid == uuid))


def created_before(connection: Connection, organization: str, nonce: str) -> str | None:
    """The uuid that a create with this nonce made, alive or not."""
    made = t.creates.c
    return connection.scalar(
        select(made.object).where(made.organization == organization, made.nonce == nonce)
    )


def remember_create(connection: Connection, organization: str, nonce: str, uuid: str) -> None:
    """Keeps the nonce of a create, and forgets those past their time."""
    made = t.creates.c
    connection.execute(delete(t.creates).where(made.created_at < now() - timedelta(days=NONCE_DAYS)))
    connection.execute(
        insert(t.creates).values(organization=organization, nonce=nonce, object=uuid, created_at=now())
    )


def spec_of(connection: Connection, vault: Vault, row: Row[Any], kind: IntegrationType) -> IntegrationSpec:
    """What was declared of the row, secrets opened."""
    secrets = connection.execute(
        select(*t.integration_secrets.c).where(t.integration_secrets.c.integration == row.uuid)
    )
    opened = {s.field: vault.open(s.sealed, "integration_secrets", row.uuid, s.field) for s in secrets}
    return kind.spec.model_validate({**json.loads(row.settings), **opened, "title": row.title})


def fingerprint(connection: Connection, vault: Vault, row: Row[Any], kind: IntegrationType) -> str:
    """Tells that the row's secrets changed, nothing about them."""
    spec = spec_of(connection, vault, row, kind)
    secrets = spec.model_dump(mode="json", include=set(spec.marked(SECRET)))
    return vault.fingerprint(row.uuid, json.dumps(secrets, sort_keys=True))


def declared_as(row: Row[Any]) -> DeclaredAs | None:
    """The declaration that the row is tied to."""
    if row.stack_id is None:
        return None
    return DeclaredAs(stack_id=UUID(row.stack_id), path=row.path, project=row.project, stack=row.stack)


def settings_of(row: Row[Any]) -> Mapping[str, Any]:
    """The row's settings without its secrets."""
    settings: dict[str, Any] = json.loads(row.settings)
    return settings


def _settings(spec: IntegrationSpec) -> str:
    exclude = spec.marked(SECRET) | _NOT_SETTINGS
    return json.dumps(spec.model_dump(mode="json", exclude=set(exclude)), sort_keys=True)


def _store_secrets(connection: Connection, vault: Vault, uuid: str, spec: IntegrationSpec) -> None:
    c = t.integration_secrets.c
    plain = spec.model_dump(mode="json", include=set(spec.marked(SECRET)), exclude_none=True)
    connection.execute(delete(t.integration_secrets).where(c.integration == uuid))
    for field, value in plain.items():
        sealed = vault.seal(value, "integration_secrets", uuid, field)
        connection.execute(
            insert(t.integration_secrets).values(
                integration=uuid, field=field, key_id=vault.key_id, sealed=sealed
            )
        )


def _rows(caller: Caller) -> Select[Any]:
    m = t.members.c
    own = and_(m.integration == _c.uuid, m.organization == caller.organization, m.email == caller.email)
    joined = t.integrations.outerjoin(t.members, own)
    return select(*_c, m.role).select_from(joined).where(_c.organization == caller.organization)


def _visible(caller: Caller, filters: Filters) -> Select[Any]:
    query = _rows(caller)
    if filters.mine or not (filters.include_org_access and caller.is_organization_admin):
        query = query.where(t.members.c.role.is_not(None))
    if filters.owner:
        query = query.where(_c.owner == filters.owner.casefold())
    if filters.provider:
        query = query.where(_c.provider == filters.provider)
    if filters.titles:
        query = query.where(_c.title.in_(filters.titles))
    if filters.uuids:
        query = query.where(_c.uuid.in_(filters.uuids))
    return query.order_by(_c.created_at, _c.uuid)


def _token(row: Row[Any]) -> str:
    return base64.urlsafe_b64encode(f"{row.created_at.isoformat()} {row.uuid}".encode()).decode()


def _after(token: str) -> ColumnElement[bool]:
    at, _, uuid = base64.urlsafe_b64decode(token.encode("ascii")).decode().partition(" ")
    moment = datetime.fromisoformat(at)
    return or_(_c.created_at > moment, and_(_c.created_at == moment, _c.uuid > uuid))
