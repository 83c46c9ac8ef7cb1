"""Integrations: what a create, a change and a delete do, and what a declaration means to them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pulumi_encord_integrations.model.audit import LastWrite
from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.identity import LetGo
from pulumi_encord_integrations.model.integrations import (
    CreatedIntegration,
    IntegrationFilters,
    IntegrationSpec,
    IntegrationTitle,
    IntegrationTitles,
    IntegrationType,
    IntegrationView,
)
from pulumi_encord_integrations.model.marks import SECRET
from pulumi_encord_integrations.model.members import Permission, may, permissions_of
from pulumi_encord_integrations.model.problems import on_the_wire
from pulumi_encord_integrations.server.errors import Conflict, invalid
from pulumi_encord_integrations.server.services import control
from pulumi_encord_integrations.server.services.audit import known_last_write
from pulumi_encord_integrations.server.services.authorization import require, visible
from pulumi_encord_integrations.server.services.bodies import Body, kind_of, read_change, read_create
from pulumi_encord_integrations.server.services.declarations import ADOPT, AGAIN, CREATE
from pulumi_encord_integrations.server.services.declared_integrations import DeclaredIntegrations
from pulumi_encord_integrations.server.services.pagination import foreign_token
from pulumi_encord_integrations.server.services.releases import release
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction
from pulumi_encord_integrations.server.store import (
    access_proofs,
    declarations,
    integration_queries,
    registrations,
)
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.database import Record


def titles(tx: Transaction, filters: IntegrationFilters) -> IntegrationTitles:
    """Titles and uuids of the integrations that the caller may view."""
    rows = integration_queries.listing(tx.connection, tx.caller, filters)
    return IntegrationTitles(result=[IntegrationTitle(uuid=row.uuid, title=row.title) for row in rows])


def search(tx: Transaction, filters: IntegrationFilters, size: int, token: str | None) -> Page[Any]:
    """Whole integrations, oldest first."""
    vault = tx.deployment.vault
    try:
        rows, next_ = integration_queries.page(tx.connection, vault, tx.caller, filters, size, token)
    except ValueError:
        raise foreign_token() from None
    return Page(results=_views(tx, rows), next_page_token=next_)


def read(tx: Transaction, uuid: UUID) -> IntegrationView:
    """One integration."""
    return view(tx, visible(tx, uuid))


def last_write(tx: Transaction, uuid: UUID) -> LastWrite:
    """Who wrote the integration, its members or its data last, for whoever may say who its members are."""
    row = visible(tx, uuid)
    require(row, Permission.ADD_USERS)
    return known_last_write(tx, row.uuid)


def create(tx: Transaction, body: Body) -> Effect:
    """Creates, finds what an earlier create of the same declaration made, or adopts."""
    kind, spec, placement = read_create(body)
    wanted = DeclaredIntegrations(tx, kind, spec)
    made = wanted.made_before(placement.nonce)
    if made is not None:
        return _created(tx, made, AGAIN)
    declared, vault = placement.declared_as, tx.deployment.vault
    row, action = wanted.meant(placement)
    if row is None:
        uuid = store.insert_new(tx.connection, vault, tx.caller, kind, spec)
    else:
        uuid, spec = row.uuid, wanted.applied(row, action)
        _apply(tx, row, kind, spec)
    if declared is not None:
        wanted = DeclaredIntegrations(tx, kind, spec)
        adopted = action == ADOPT or None
        declarations.declare(
            tx.connection, "integrations", uuid, declared, wanted.key(declared), adopted=adopted
        )
    if placement.nonce:
        declarations.remember_create(tx.connection, tx.caller.organization, placement.nonce, uuid)
    return _created(tx, visible(tx, UUID(uuid)), action)


def change(tx: Transaction, uuid: UUID, body: Body, declared_by: UUID | None = None) -> Effect:
    """Changes what may change in place; what is absent stays, null clears."""
    row = visible(tx, uuid)
    require(row, Permission.ADD_USERS)
    kind, vault = kind_of(row.provider), tx.deployment.vault
    current = store.spec_of(tx.connection, vault, row, kind)
    spec, declared = read_change(kind, current, body)
    if any(getattr(spec, name) != getattr(current, name) for name in spec.marked(SECRET)):
        _refuse_unfit(spec)
    fixed = [name for name, value in spec.immutable().items() if current.immutable()[name] != value]
    if fixed:
        raise Conflict("immutable", f"{', '.join(fixed)} cannot change; make a new integration")
    _apply(tx, row, kind, spec)
    if declared is not None:
        wanted = DeclaredIntegrations(tx, kind, spec)
        wanted.require_free(declared, row, declared_by)
        adopted = declarations.is_readopted(row, declared_by)
        declarations.declare(
            tx.connection, "integrations", row.uuid, declared, wanted.key(declared), adopted=adopted
        )
    elif "declaredAs" in body:
        release(tx, "integrations", row, row.title, declared_by)
    changed = sorted(name for name in kind.spec.model_fields if getattr(spec, name) != getattr(current, name))
    answer = view(tx, visible(tx, uuid))
    return Effect(answer, "integration.update", row.uuid, {"changed": changed})


def delete(tx: Transaction, uuid: UUID, declared_by: UUID | None, *, if_empty: bool = False) -> Effect:
    """Deletes; on behalf of a stack releases what was adopted and keeps what another stack declares."""
    row = visible(tx, uuid)
    require(row, Permission.DELETE)
    answer = LetGo(outcome=declarations.let_go(row, declared_by))
    if if_empty and answer.outcome == "deleted":
        _require_empty(tx, row)
    if answer.outcome == "released":
        declarations.release(tx.connection, "integrations", row.uuid)
    elif answer.outcome == "deleted":
        store.remove(tx.connection, row.uuid)
    return Effect(answer, f"integration.{answer.outcome}", row.uuid, {"title": row.title})


def _require_empty(tx: Transaction, row: Record) -> None:
    count = registrations.counts(tx.connection, [row.uuid]).get(row.uuid, 0)
    if count:
        held = "1 registration" if count == 1 else f"{count} registrations"
        raise Conflict(
            "holds_registrations",
            f'"{row.title}" ({row.uuid}) holds {held}, which would be deleted with it',
            f"Take them back first: encord-integrations registrations {row.uuid} --delete",
        )


def view(tx: Transaction, row: Record) -> IntegrationView:
    """The row as it is answered."""
    return _views(tx, [row])[0]


def _views(tx: Transaction, rows: Sequence[Record]) -> list[IntegrationView]:
    listable = [row.uuid for row in rows if may(row.role, Permission.VIEW)]
    counted = dict.fromkeys(listable, 0) | registrations.counts(tx.connection, listable)
    return [_view(tx, row, counted.get(row.uuid)) for row in rows]


def _view(tx: Transaction, row: Record, registered: int | None) -> IntegrationView:
    kind, settings = kind_of(row.provider), store.settings_of(row)
    known = {
        **kind.scenario(settings),
        **tx.deployment.principals.model_dump(),
        **settings,
        **store.columns_of(row),
        "created_at": row.created_at.replace(tzinfo=UTC),
        "declared_as": declarations.declared_as(row),
        "permissions": permissions_of(row.role),
        "registrations": registered,
        **_proof(kind, row),
    }
    return kind.view.model_validate(known)


def _apply(tx: Transaction, row: Record, kind: IntegrationType, spec: IntegrationSpec) -> None:
    """Makes the settings those of `spec`; a proof of what they were before is forgotten."""
    store.apply(tx.connection, tx.deployment.vault, row, kind, spec)
    changed = visible(tx, UUID(row.uuid))
    if kind.signs_by_role:
        access_proofs.forget_others(tx.connection, changed)
    else:
        control.forget_others(tx, kind, changed)


def _refuse_unfit(spec: IntegrationSpec) -> None:
    """A stored credential may be over, a new one may not."""
    found = [on_the_wire(problem, type(spec)) for problem in spec.unfit(datetime.now(UTC))]
    if found:
        raise invalid("; ".join(map(str, found)))


def _proof(kind: IntegrationType, row: Record) -> dict[str, Any]:
    if not kind.signs_by_role:
        return {"challenge": row.external_id, "verified": control.verified(kind, row)}
    found = access_proofs.proof_of(row)
    if found is None:
        return {}
    session = {"session_seconds": found.session_seconds, "session_limited_by": found.limited_by}
    return {"verified": True, **session}


def _created(tx: Transaction, row: Record, action: str) -> Effect:
    created = action == CREATE
    answer = CreatedIntegration(
        integration=view(tx, row).model_dump(mode="json", by_alias=True),
        created=created,
        lookalikes=store.lookalikes(tx.connection, tx.caller, row) if created and row.stack_id else [],
    )
    return Effect(answer, f"integration.{action}", row.uuid, {"title": row.title, "provider": row.provider})
