"""Integrations: what a create, a change and a delete do, and what a declaration means to them."""

from datetime import UTC
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pulumi_encord_integrations.model.identity import DeclaredAs, ownership_key
from pulumi_encord_integrations.model.integrations import (
    CreatedIntegration,
    DeletedIntegration,
    IntegrationSpec,
    IntegrationType,
    IntegrationView,
    Placement,
)
from pulumi_encord_integrations.server.actions.access import require_admin, visible
from pulumi_encord_integrations.server.actions.bodies import Body, kind_of, read_change, read_create
from pulumi_encord_integrations.server.calls import Call, Effect
from pulumi_encord_integrations.server.faults import conflict, invalid
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.organizations import Caller

_CREATE, _AGAIN, _ADOPT = "integration.create", "integration.create-again", "integration.adopt"


def create(call: Call, connection: Connection, caller: Caller, body: Body) -> Effect:
    """Creates, finds what an earlier create of the same declaration made, or adopts."""
    kind, spec, placement = read_create(body)
    made = _made_before(connection, caller, placement.nonce)
    if made is not None:
        return _created(call, connection, caller, made, _AGAIN)
    declared, vault = placement.declared_as, call.deployment.vault
    row, action = _meant(connection, caller, kind, spec, placement)
    if row is None:
        uuid = store.insert_new(connection, vault, caller, kind, spec)
    else:
        uuid = row.uuid
        store.apply(connection, vault, row, kind, spec)
    if declared is not None:
        store.declare(connection, uuid, declared, kind, spec, adopted=action == _ADOPT or None)
    if placement.nonce:
        store.remember_create(connection, caller.organization, placement.nonce, uuid)
    return _created(call, connection, caller, visible(connection, caller, UUID(uuid)), action)


def change(call: Call, connection: Connection, caller: Caller, uuid: UUID, body: Body) -> Effect:
    """Changes what may change in place; what is absent stays, null clears."""
    row = visible(connection, caller, uuid)
    require_admin(row)
    kind, vault = kind_of(row.provider), call.deployment.vault
    current = store.spec_of(connection, vault, row, kind)
    spec, declared = read_change(kind, current, body)
    fixed = [name for name, value in spec.immutable().items() if current.immutable()[name] != value]
    if fixed:
        raise conflict("immutable", f"{', '.join(fixed)} cannot change; make a new integration")
    store.apply(connection, vault, row, kind, spec)
    if declared is not None:
        _declare(connection, caller, row, kind, spec, declared)
    elif "declaredAs" in body:
        store.release(connection, row.uuid)
    changed = sorted(name for name in kind.spec.model_fields if getattr(spec, name) != getattr(current, name))
    answer = view(call, visible(connection, caller, uuid))
    return Effect(answer, "integration.update", row.uuid, {"changed": changed})


def _declare(
    connection: Connection,
    caller: Caller,
    row: Row[Any],
    kind: IntegrationType,
    spec: IntegrationSpec,
    declared: DeclaredAs,
) -> None:
    other = _declared(connection, caller, kind, spec, declared)
    if other is not None and other.uuid != row.uuid:
        raise conflict(
            "declaration_taken", f"this declaration belongs to the integration {other.uuid} already"
        )
    store.declare(connection, row.uuid, declared, kind, spec)


def delete(connection: Connection, caller: Caller, uuid: UUID, declared_by: UUID | None) -> Effect:
    """Deletes; on behalf of a stack releases what was adopted and keeps what another stack declares."""
    row = visible(connection, caller, uuid)
    require_admin(row)
    foreign = row.stack_id is not None and row.stack_id != str(declared_by)
    if declared_by is not None and foreign:
        answer = DeletedIntegration(outcome="kept")
    elif declared_by is not None and row.adopted:
        answer = DeletedIntegration(outcome="released")
        store.release(connection, row.uuid)
    else:
        answer = DeletedIntegration(outcome="deleted")
        store.remove(connection, row.uuid)
    return Effect(answer, f"integration.{answer.outcome}", row.uuid, {"title": row.title})


def view(call: Call, row: Row[Any]) -> IntegrationView:
    """The row as it is answered."""
    kind, settings = kind_of(row.provider), store.settings_of(row)
    known = {
        **kind.scenario(settings),
        **call.deployment.principals.model_dump(),
        **settings,
        **row._mapping,
        "created_at": row.created_at.replace(tzinfo=UTC),
        "declared_as": store.declared_as(row),
    }
    return kind.view.model_validate(known)


def _created(call: Call, connection: Connection, caller: Caller, row: Row[Any], action: str) -> Effect:
    created = action == _CREATE
    answer = CreatedIntegration(
        integration=view(call, row).model_dump(mode="json", by_alias=True),
        created=created,
        lookalikes=store.lookalikes(connection, caller, row) if created and row.stack_id else [],
    )
    return Effect(answer, action, row.uuid, {"title": row.title, "provider": row.provider})


def _meant(
    connection: Connection, caller: Caller, kind: IntegrationType, spec: IntegrationSpec, placement: Placement
) -> tuple[Row[Any] | None, str]:
    """The integration that a create means, if it is there, and what the create does to it."""
    row = _declared(connection, caller, kind, spec, placement.declared_as)
    if row is not None:
        return row, _AGAIN
    if placement.adopt:
        return _adoptable(connection, caller, kind, spec, placement.declared_as), _ADOPT
    return None, _CREATE


def _made_before(connection: Connection, caller: Caller, nonce: str | None) -> Row[Any] | None:
    """What a create with this nonce made. A repeat that comes late must neither revive nor revert it."""
    made = store.created_before(connection, caller.organization, nonce) if nonce else None
    if made is None:
        return None
    row = store.find(connection, caller, made)
    if row is None or row.role != "admin":
        gone = "its integration has been deleted since" if row is None else "you do not administer it"
        raise conflict("created_before", f"this create was done before, and {gone}")
    return row


def _declared(
    connection: Connection,
    caller: Caller,
    kind: IntegrationType,
    spec: IntegrationSpec,
    declared: DeclaredAs | None,
) -> Row[Any] | None:
    if declared is None:
        return None
    key = ownership_key(declared, kind.provider, spec.immutable())
    row = store.find_by_key(connection, caller, key)
    if row is not None and row.role != "admin":
        # The key can be guessed from names: whoever is no admin learns nothing of the object.
        raise conflict(
            "declaration_taken", "this declaration belongs to an integration that you do not administer"
        )
    return row


def _adoptable(
    connection: Connection,
    caller: Caller,
    kind: IntegrationType,
    spec: IntegrationSpec,
    declared: DeclaredAs | None,
) -> Row[Any]:
    if declared is None:
        raise invalid("adopt needs declaredAs")
    rows = store.find_by_title(connection, caller, kind.provider, spec.title)
    if not rows:
        raise conflict(
            "nothing_to_adopt",
            f'there is no {kind.provider} integration "{spec.title}"',
            "Drop adopt to create it",
        )
    if len(rows) > 1:
        uuids = ", ".join(row.uuid for row in rows)
        raise conflict(
            "several_to_adopt",
            f'{len(rows)} integrations are titled "{spec.title}": {uuids}',
            "Rename all but one",
        )
    row = rows[0]
    require_admin(row)
    unequal = [name for name, value in spec.immutable().items() if store.settings_of(row)[name] != value]
    if unequal:
        raise conflict("immutable", f'"{spec.title}" differs in what cannot change: {", ".join(unequal)}')
    owner = store.declared_as(row)
    if owner is not None and owner.stack_id == declared.stack_id and owner.path != declared.path:
        raise conflict(
            "declared_twice", f'"{spec.title}" is declared in this stack already, as {owner.where}'
        )
    return row
