"""Integrations: what a create, a change and a delete do, and what a declaration means to them."""

from collections.abc import Mapping, Sequence
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
from pulumi_encord_integrations.model.members import Permission, may, permissions_of
from pulumi_encord_integrations.server.errors import Conflict
from pulumi_encord_integrations.server.services import control
from pulumi_encord_integrations.server.services.audit import known_last_write
from pulumi_encord_integrations.server.services.audited_states import integration_state, released
from pulumi_encord_integrations.server.services.authorization import inspected, require, viewable, visible
from pulumi_encord_integrations.server.services.bodies import (
    Body,
    ChangeRequest,
    CreateRequest,
    kind_of,
    read_change,
    read_create,
)
from pulumi_encord_integrations.server.services.declarations import ADOPT, AGAIN, CREATE, shown
from pulumi_encord_integrations.server.services.declared_integrations import (
    DeclaredIntegrations,
    other_admins,
)
from pulumi_encord_integrations.server.services.pagination import foreign_token
from pulumi_encord_integrations.server.services.prechecks import before_write
from pulumi_encord_integrations.server.services.quotas import require_room
from pulumi_encord_integrations.server.services.releases import release, require_declared_in
from pulumi_encord_integrations.server.services.stored_specs import Current, changing_spec, told_fingerprints
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction, UnitOfWork
from pulumi_encord_integrations.server.store import (
    access_proofs,
    declarations,
    integration_queries,
)
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.database import Record
from pulumi_encord_integrations.server.store.organizations import Caller


def titles(tx: Transaction, filters: IntegrationFilters) -> IntegrationTitles:
    """Titles and uuids of the integrations that the caller may view."""
    rows = integration_queries.listing(tx.connection, tx.caller, filters)
    return IntegrationTitles(result=[IntegrationTitle(uuid=row.uuid, title=row.title) for row in rows])


def search(
    tx: Transaction, filters: IntegrationFilters, size: int, token: str | None, stack: UUID | None = None
) -> Page[Any]:
    """Whole integrations, oldest first."""
    vault = tx.deployment.vault
    try:
        rows, next_ = integration_queries.page(tx.connection, vault, tx.caller, filters, size, token)
    except ValueError:
        raise foreign_token() from None
    views = _views(tx, rows, stack, told_fingerprints(tx, rows))
    return Page(results=views, next_page_token=next_)


def read(tx: Transaction, uuid: UUID, stack: UUID | None = None) -> IntegrationView:
    """One integration."""
    return view(tx, visible(tx, uuid), stack)


def last_write(tx: Transaction, uuid: UUID) -> LastWrite:
    """Who wrote the integration, its members or its data last, for whoever may say who its members are."""
    return known_last_write(tx, inspected(tx, uuid).uuid)


def judge_create(work: UnitOfWork, body: Body) -> CreateRequest:
    """What a create asks for; raises `InvalidRequest`."""
    judged = before_write(work, lambda: read_create(body, datetime.now(UTC)))
    # A credential may have ended between a request and its repeat.
    return judged or read_create(body, None)


def create(tx: Transaction, asked: CreateRequest) -> Effect:
    """Creates, finds what an earlier create of the same declaration made, or adopts."""
    kind, spec, placement = asked.kind, asked.spec, asked.placement
    wanted = DeclaredIntegrations(tx, kind, spec)
    made = wanted.made_before(placement.nonce)
    if made is not None:
        return _created(tx, made, made, AGAIN, placement.stack)
    declared, vault = placement.declared_as, tx.deployment.vault
    row, action = wanted.meant(placement)
    if row is None:
        tie = declarations.tied_to(declared, wanted.key(declared)) if declared else declarations.UNTIED
        uuid = store.insert_new(tx.connection, vault, tx.caller, kind, spec, tie)
        require_room(tx, "integrations")
    else:
        uuid, spec = row.uuid, wanted.applied(row, action)
        _apply(tx, row, kind, spec)
    if declared is not None and row is not None:
        wanted = DeclaredIntegrations(tx, kind, spec)
        adopted = action == ADOPT or None
        declarations.declare(
            tx.connection, "integrations", uuid, declared, wanted.key(declared), adopted=adopted
        )
    if placement.nonce:
        declarations.remember_create(tx.connection, tx.caller.organization, placement.nonce, uuid)
    return _created(tx, row, visible(tx, UUID(uuid)), action, placement.stack)


def judge_change(work: UnitOfWork, uuid: UUID, body: Body) -> ChangeRequest:
    """What a change asks for, judged by the settings as they are; raises `ServiceError`."""

    def judge() -> ChangeRequest:
        kind, now = work.read(lambda tx: _changeable(tx, uuid, body))
        return read_change(kind, now.spec, body, now.lost)

    return before_write(work, judge) or ChangeRequest(body)


def _changeable(tx: Transaction, uuid: UUID, body: Body) -> tuple[IntegrationType, Current]:
    row = visible(tx, uuid)
    require(row, Permission.ADD_USERS)
    kind = kind_of(row.provider)
    return kind, changing_spec(tx, row, kind, body)


def change(
    tx: Transaction,
    uuid: UUID,
    asked: ChangeRequest,
    declared_by: UUID | None = None,
    declared_in: str | None = None,
) -> Effect:
    """Changes what may change in place; what is absent stays, null clears."""
    row = visible(tx, uuid)
    require(row, Permission.ADD_USERS)
    require_declared_in(row, row.title, declared_in)
    kind = kind_of(row.provider)
    now = changing_spec(tx, row, kind, asked.body)
    current = now.spec
    spec, declared = asked.applied(kind, current, now.lost)
    fixed = [name for name, value in spec.immutable().items() if current.immutable()[name] != value]
    if fixed:
        raise Conflict("immutable", f"{', '.join(fixed)} cannot change; make a new integration")
    if now.lost:
        store.retitle(tx.connection, row, spec.title)
    else:
        _apply(tx, row, kind, spec, None if now.renewed else current)
    if declared is not None:
        wanted = DeclaredIntegrations(tx, kind, spec)
        wanted.require_free(declared, row, declared_by)
        adopted = declarations.is_readopted(row, declared_by)
        declarations.declare(
            tx.connection, "integrations", row.uuid, declared, wanted.key(declared), adopted=adopted
        )
    elif "declaredAs" in asked.body:
        release(tx, "integrations", row, row.title, declared_by)
    fields = kind.spec.model_fields
    changed = now.renewed | {name for name in fields if getattr(spec, name) != getattr(current, name)}
    after = visible(tx, uuid)
    return Effect(
        view(tx, after, declared.stack_id if declared else declared_by),
        "integration.update",
        row.uuid,
        {"changed": sorted(changed)},
        before=integration_state(row),
        after=integration_state(after),
    )


def delete(tx: Transaction, uuid: UUID, declared_by: UUID | None, *, if_empty: bool = False) -> Effect:
    """Deletes; on behalf of a stack releases what was adopted and keeps what another stack declares."""
    found = store.find(tx.connection, tx.caller, str(uuid))
    if found is not None and declarations.let_go(found, declared_by) == "kept":
        # Whoever lost the object to another stack may be no member any more, and has to let it go.
        return Effect(LetGo(outcome="kept"), "integration.kept", found.uuid, {"title": found.title})
    row = viewable(tx, uuid, found)
    require(row, Permission.DELETE)
    answer = LetGo(outcome=declarations.let_go(row, declared_by))
    if if_empty and answer.outcome == "deleted":
        _require_empty(row)
    if answer.outcome == "released":
        declarations.release(tx.connection, "integrations", row.uuid)
    elif answer.outcome == "deleted":
        store.remove(tx.connection, row.uuid)
    before = integration_state(row)
    after = released(before) if answer.outcome == "released" else None
    action, detail = f"integration.{answer.outcome}", {"title": row.title}
    return Effect(answer, action, row.uuid, detail, before=before, after=after)


def _require_empty(row: Record) -> None:
    if row.registered:
        held = "1 registration" if row.registered == 1 else f"{row.registered} registrations"
        raise Conflict(
            "holds_registrations",
            f'"{row.title}" ({row.uuid}) holds {held}, which would be deleted with it',
            f"Take them back first: encord-integrations registrations {row.uuid} --delete",
        )


def view(tx: Transaction, row: Record, stack: UUID | None = None) -> IntegrationView:
    """The row as it is answered to a caller that sent this stack's identity."""
    return _views(tx, [row], stack, told_fingerprints(tx, [row]))[0]


def _views(
    tx: Transaction, rows: Sequence[Record], stack: UUID | None, told: Mapping[str, str]
) -> list[IntegrationView]:
    principals = tx.deployment.principals.model_dump()
    return [_view(tx.caller, row, principals, stack, told.get(row.uuid)) for row in rows]


def _view(
    caller: Caller,
    row: Record,
    principals: Mapping[str, Any],
    stack: UUID | None,
    fingerprint: str | None,
) -> IntegrationView:
    kind, settings = kind_of(row.provider), store.settings_of(row)
    known = {
        **kind.scenario(settings),
        **principals,
        **settings,
        **store.columns_of(row),
        "created_at": row.created_at.replace(tzinfo=UTC),
        **shown(row, stack),
        "permissions": permissions_of(row.role),
        "registrations": row.registered if caller.auditor or may(row.role, Permission.VIEW) else None,
        **_proof(kind, row),
        **({"credential_fingerprint": fingerprint} if fingerprint else {}),
    }
    return kind.view.model_validate(known)


def _apply(
    tx: Transaction,
    row: Record,
    kind: IntegrationType,
    spec: IntegrationSpec,
    current: IntegrationSpec | None = None,
) -> None:
    """Makes the settings those of `spec`; a proof of what they were before is forgotten."""
    store.apply(tx.connection, tx.deployment.vault, row, kind, spec, current)
    if row.trust is None:
        return
    changed = visible(tx, UUID(row.uuid))
    if kind.signs_by_role:
        access_proofs.forget_others(tx.connection, changed)
    else:
        control.forget_others(tx, kind, changed)


def _proof(kind: IntegrationType, row: Record) -> dict[str, Any]:
    if not kind.signs_by_role:
        return {"challenge": row.external_id, "verified": control.verified(kind, row)}
    found = access_proofs.proof_of(row)
    if found is None:
        return {}
    session = {"session_seconds": found.session_seconds, "session_limited_by": found.limited_by}
    return {"verified": True, **session}


def _created(tx: Transaction, before: Record | None, row: Record, action: str, stack: UUID | None) -> Effect:
    created = action == CREATE
    beside = other_admins(tx, row) if action == ADOPT else {}
    # Its secrets were sealed a moment ago: they need not be opened to see that they open.
    told = {} if created else told_fingerprints(tx, [row])
    (seen,) = _views(tx, [row], stack, told)
    answer = CreatedIntegration(
        integration=seen.model_dump(mode="json", by_alias=True),
        created=created,
        lookalikes=store.lookalikes(tx.connection, tx.caller, row) if created and row.stack_id else [],
        **beside,
    )
    maker = {"owner": row.owner} if beside else {}
    detail = {"title": row.title, "provider": row.provider, **maker, **beside}
    old = None if before is None else integration_state(before)
    now = integration_state(row)
    return Effect(answer, f"integration.{action}", row.uuid, detail, before=old, after=now)
