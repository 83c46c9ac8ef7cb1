"""Integrations: who may do what to them, and what a declaration does."""

from datetime import UTC
from functools import reduce
from operator import or_
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field, ValidationError, create_model
from sqlalchemy import Connection, Row

from pulumi_encord_integrations.model.base import SECRET, Page, Received
from pulumi_encord_integrations.model.identity import DeclaredAs, ownership_key
from pulumi_encord_integrations.model.integrations import (
    CreatedIntegration,
    DeletedIntegration,
    IntegrationSpec,
    IntegrationTitle,
    IntegrationType,
    IntegrationView,
    Placement,
    integration_type,
    integration_types,
)
from pulumi_encord_integrations.model.problems import Problem, problems_of
from pulumi_encord_integrations.server.calls import Authenticated, Call, Effect
from pulumi_encord_integrations.server.faults import Fault, conflict, invalid, not_allowed
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.organizations import Caller


class Titles(Received):
    """Encord's own listing."""

    result: list[IntegrationTitle]


def router() -> APIRouter:
    """The routes, with a request and an answer type for every registered type of integration."""
    create_body: Any = _one_of(
        [create_model(f"{k.resource}Create", __base__=(Placement, k.spec)) for k in integration_types()]
    )
    view: Any = _one_of([k.view for k in integration_types()])
    routes = APIRouter(prefix="/cloud-integrations", tags=["cloud-integrations"])

    @routes.get("", response_model=Titles)
    def list_titles(
        call: Authenticated,
        filter_integration_uuids: Annotated[list[UUID], Query(alias="filterIntegrationUuids")] = [],  # noqa: B006
        filter_integration_titles: Annotated[list[str], Query(alias="filterIntegrationTitles")] = [],  # noqa: B006
        include_org_access: Annotated[bool, Query(alias="includeOrgAccess")] = False,
    ) -> Titles:
        """Titles and uuids of the integrations that the caller may view."""
        filters = store.Filters(
            include_org_access=include_org_access,
            titles=filter_integration_titles,
            uuids=[str(uuid) for uuid in filter_integration_uuids],
        )
        rows = call.read(lambda connection, caller: store.listing(connection, caller, filters))
        return Titles(result=[IntegrationTitle(uuid=row.uuid, title=row.title) for row in rows])

    @routes.get("/search", response_model=Page[view])
    def search(
        call: Authenticated,
        owner: str | None = None,
        mine: bool = False,
        provider: str | None = None,
        title: str | None = None,
        include_org_access: Annotated[bool, Query(alias="includeOrgAccess")] = False,
        page_size: Annotated[int, Query(alias="pageSize", ge=1, le=1000)] = 100,
        page_token: Annotated[str | None, Query(alias="pageToken", max_length=256)] = None,
    ) -> Page[Any]:
        """Whole integrations, oldest first."""
        titles = [] if title is None else [title]
        filters = store.Filters(include_org_access, mine, owner, provider, titles)

        def ask(connection: Connection, caller: Caller) -> Page[Any]:
            try:
                rows, token = store.page(connection, caller, filters, page_size, page_token)
            except ValueError:
                raise invalid("pageToken is not one of this API's") from None
            return Page(results=[_view(call, connection, row) for row in rows], next_page_token=token)

        return call.read(ask)

    @routes.post("", response_model=CreatedIntegration)
    def create(call: Authenticated, body: create_body) -> Response:
        """Creates an integration or, for a known declaration, answers the object with this spec applied."""
        return call.write(lambda connection, caller: _create(call, connection, caller, body))

    @routes.get("/{uuid}", response_model=view)
    def read(call: Authenticated, uuid: UUID) -> IntegrationView:
        """One integration."""
        return call.read(
            lambda connection, caller: _view(call, connection, _visible(connection, caller, uuid))
        )

    @routes.patch("/{uuid}", response_model=view)
    def change(call: Authenticated, uuid: UUID, body: dict[str, Any]) -> Response:
        """Changes what may change in place; what is absent stays, null clears."""
        return call.write(lambda connection, caller: _change(call, connection, caller, uuid, body))

    @routes.delete("/{uuid}", response_model=DeletedIntegration)
    def delete(
        call: Authenticated, uuid: UUID, declared_by: Annotated[UUID | None, Query(alias="declaredBy")] = None
    ) -> Response:
        """Deletes; on behalf of a stack releases what was adopted and keeps what another stack declares."""
        return call.write(lambda connection, caller: _delete(connection, caller, uuid, declared_by))

    return routes


def _one_of(models: list[Any]) -> Any:
    if len(models) == 1:
        return models[0]
    return Annotated[reduce(or_, models), Field(discriminator="provider")]


def _create(call: Call, connection: Connection, caller: Caller, body: Any) -> Effect:
    kind = _kind(body.provider)
    spec = _checked(kind, {name: getattr(body, name) for name in kind.spec.model_fields})
    made = _made_before(connection, caller, body.nonce)
    if made is not None:
        return _created(call, connection, made, "integration.create-again")
    row = _declared(connection, caller, kind, spec, body.declared_as)
    created, adopted = False, False
    if row is None and body.adopt:
        row, adopted = _adoptable(connection, caller, kind, spec, body.declared_as), True
    if row is None:
        uuid, created = store.insert_new(connection, call.deployment.vault, caller, kind, spec), True
    else:
        uuid = row.uuid
        store.apply(connection, call.deployment.vault, row, kind, spec)
    if body.declared_as is not None and (created or adopted):
        store.declare(connection, uuid, body.declared_as, kind, spec, adopted=adopted)
    if body.nonce:
        store.remember_create(connection, caller.organization, body.nonce, uuid)
    action = (
        "integration.create" if created else "integration.adopt" if adopted else "integration.create-again"
    )
    return _created(call, connection, _visible(connection, caller, UUID(uuid)), action)


def _created(call: Call, connection: Connection, row: Row[Any], action: str) -> Effect:
    created = action == "integration.create"
    answer = CreatedIntegration(
        integration=_view(call, connection, row).model_dump(mode="json", by_alias=True),
        created=created,
        lookalikes=store.lookalikes(connection, row) if created and row.stack_id else [],
    )
    return Effect(answer, action, row.uuid, {"title": row.title, "provider": row.provider})


def _made_before(connection: Connection, caller: Caller, nonce: str | None) -> Row[Any] | None:
    """What a create with this nonce made. A repeat that comes late must neither revive nor revert it."""
    made = store.created_before(connection, caller.organization, nonce) if nonce else None
    if made is None:
        return None
    row = store.find(connection, caller, made)
    if row is None:
        raise conflict(
            "created_before", "this create was done before, and its integration has been deleted since"
        )
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
    _require_admin(row)
    unequal = [name for name, value in spec.immutable().items() if store.settings_of(row)[name] != value]
    if unequal:
        raise conflict("immutable", f'"{spec.title}" differs in what cannot change: {", ".join(unequal)}')
    owner = store.declared_as(row)
    if owner is not None and owner.stack_id == declared.stack_id and owner.path != declared.path:
        raise conflict(
            "declared_twice", f'"{spec.title}" is declared in this stack already, as {owner.where}'
        )
    return row


def _change(call: Call, connection: Connection, caller: Caller, uuid: UUID, body: dict[str, Any]) -> Effect:
    row = _visible(connection, caller, uuid)
    _require_admin(row)
    kind, changes = _kind(row.provider), dict(body)
    declared = _declared_as(changes.pop("declaredAs", None))
    current = store.spec_of(connection, call.deployment.vault, row, kind)
    spec = _checked(kind, {**current.to_wire(), **changes})
    fixed = [name for name, value in spec.immutable().items() if current.immutable()[name] != value]
    if fixed:
        raise conflict("immutable", f"{', '.join(fixed)} cannot change; make a new integration")
    store.apply(connection, call.deployment.vault, row, kind, spec)
    if declared is not None:
        _refuse_taken(connection, caller, row, kind, spec, declared)
        store.declare(connection, row.uuid, declared, kind, spec)
    view = _view(call, connection, _visible(connection, caller, uuid))
    changed = sorted(name for name in kind.spec.model_fields if getattr(spec, name) != getattr(current, name))
    return Effect(view, "integration.update", row.uuid, {"changed": changed})


def _refuse_taken(
    connection: Connection,
    caller: Caller,
    row: Row[Any],
    kind: IntegrationType,
    spec: IntegrationSpec,
    declared: DeclaredAs | None,
) -> None:
    other = _declared(connection, caller, kind, spec, declared)
    if other is not None and other.uuid != row.uuid:
        raise conflict(
            "declaration_taken", f"this declaration belongs to the integration {other.uuid} already"
        )


def _delete(connection: Connection, caller: Caller, uuid: UUID, declared_by: UUID | None) -> Effect:
    row = _visible(connection, caller, uuid)
    _require_admin(row)
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


def _visible(connection: Connection, caller: Caller, uuid: UUID) -> Row[Any]:
    row = store.find(connection, caller, str(uuid))
    if row is None:
        raise Fault(404, "integration_not_found", f"there is no integration {uuid}")
    if row.role is None and not caller.is_organization_admin:
        raise not_allowed(
            "not_a_member", f"you are not a member of the integration {uuid}", "Ask one of its admins"
        )
    return row


def _require_admin(row: Row[Any]) -> None:
    if row.role != "admin":
        raise not_allowed(
            "not_an_admin", f'only admins of "{row.title}" may do this', "Ask one of its admins"
        )


def _kind(provider: str) -> IntegrationType:
    kind = integration_type(provider)
    if kind is None:
        raise invalid(f"{provider} is no type of integration")
    return kind


def _checked(kind: IntegrationType, values: dict[str, Any]) -> IntegrationSpec:
    try:
        spec = kind.spec.model_validate(values)
    except ValidationError as error:
        raise invalid(_words(problems_of(error, kind.spec))) from None
    problems = list(spec.conflicts())
    if problems:
        raise invalid(_words(problems))
    return spec


def _declared_as(value: Any) -> DeclaredAs | None:
    try:
        return None if value is None else DeclaredAs.model_validate(value)
    except ValidationError as error:
        raise invalid(f"declaredAs: {_words(problems_of(error, DeclaredAs))}") from None


def _words(problems: list[Problem]) -> str:
    return "; ".join(str(problem) for problem in problems)


def _view(call: Call, connection: Connection, row: Row[Any]) -> IntegrationView:
    kind = _kind(row.provider)
    known = {
        **call.deployment.principals.model_dump(),
        **store.settings_of(row),
        **row._mapping,
        "created_at": row.created_at.replace(tzinfo=UTC),
        "declared_as": store.declared_as(row),
    }
    if kind.spec.marked(SECRET):
        known["credential_fingerprint"] = store.fingerprint(connection, call.deployment.vault, row, kind)
    return kind.view.model_validate(known)
