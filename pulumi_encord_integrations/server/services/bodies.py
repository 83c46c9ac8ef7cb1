"""Bodies of requests: what they may hold for each type of integration, and what is wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Optional, TypeVar

from pydantic import BaseModel, create_model

from pulumi_encord_integrations.model.base import Sent, keys_of, snake
from pulumi_encord_integrations.model.bounds import few_keys
from pulumi_encord_integrations.model.identity import DeclaredAs, Placement
from pulumi_encord_integrations.model.integration_registry import integration_type, integration_types
from pulumi_encord_integrations.model.integrations import IntegrationSpec, IntegrationType
from pulumi_encord_integrations.model.marks import SECRET
from pulumi_encord_integrations.model.problems import (
    MORE,
    SUGGESTED,
    Problem,
    few,
    left_out,
    nearest,
    on_the_wire,
)
from pulumi_encord_integrations.server.errors import InvalidRequest, invalid

Body = Mapping[str, Any]
S = TypeVar("S", bound=Sent)
_TOLD = 20
"""Problems in one message."""


@lru_cache
def create_model_of(kind: IntegrationType) -> type[Sent]:
    """The body of a create as it is documented: the type's spec beside its placement."""
    required: dict[str, Any] = {"provider": (kind.spec.model_fields["provider"].annotation, ...)}
    return create_model(f"{kind.resource}Create", __base__=(Placement, kind.spec), **required)


@lru_cache
def change_model_of(kind: IntegrationType) -> type[BaseModel]:
    """The body of a change: any of the type's fields, null for those that may be cleared."""
    fields: dict[str, Any] = {
        name: (Optional[field.annotation], None)  # noqa: UP045  a value, which mypy cannot join with |
        for name, field in kind.spec.model_fields.items()
        if name != "provider"
    }
    fields["declared_as"] = (DeclaredAs | None, None)
    return create_model(f"{kind.resource}Change", __base__=Sent, **fields)


@dataclass(frozen=True)
class CreateRequest:
    """What a create asks for."""

    kind: IntegrationType
    spec: IntegrationSpec
    placement: Placement


def read_create(body: Body, given_at: datetime | None) -> CreateRequest:
    """What a create asks for; raises `InvalidRequest` with what is wrong.

    With `given_at` also with what is of no use at that time.
    """
    kind = kind_of(body.get("provider"))
    body = few_keys(body, keys_of(kind.spec) | keys_of(Placement))
    placed = {key: value for key, value in body.items() if snake(Placement, key) in Placement.model_fields}
    declared = {key: value for key, value in body.items() if key not in placed}
    placement, misplaced = Placement.examine(placed, wire=True)
    # An adopted object keeps what is left out, so defaults are not judged beside what is given.
    kept = _left_out(kind.spec, declared) if placement and placement.adopt else frozenset()
    spec, wrong = kind.spec.examine(declared, kept, given_at, wire=True)
    if spec is None or placement is None or wrong or misplaced:
        near = [*map(_near_placement, wrong[:SUGGESTED]), *wrong[SUGGESTED:]]
        raise _all_of(few([*near, *misplaced]))
    return CreateRequest(kind, kind.spec.model_validate(declared) if kept else spec, placement)


def _left_out(model: type[Sent], given: Body) -> frozenset[str]:
    """Names of optional fields that are not given."""
    names = {snake(model, key) for key in given}
    return frozenset(name for name, field in model.model_fields.items() if not field.is_required()) - names


def require_whole(spec: Sent) -> None:
    """Raises `InvalidRequest` for what breaks the rules over several fields."""
    found = [on_the_wire(problem, type(spec)) for problem in spec.conflicts()]
    if found:
        raise _all_of(found)


def _near_placement(problem: Problem) -> Problem:
    """An unknown key may be meant for the placement, which its own model does not know."""
    if problem.help or len(problem.path) > 1 or not problem.message.startswith("unknown key"):
        return problem
    names = [str(field.alias) for field in Placement.model_fields.values()]
    return replace(problem, help=nearest(str(problem.path[-1]), names))


@dataclass(frozen=True)
class ChangeRequest:
    """What a change asks for, judged by the settings that were stored then."""

    body: Body
    before: IntegrationSpec | None = None
    """None if nothing was judged."""
    spec: IntegrationSpec | None = None
    """What the settings become."""
    declared: DeclaredAs | None = None

    def applied(
        self, kind: IntegrationType, current: IntegrationSpec, lost: frozenset[str] = frozenset()
    ) -> tuple[IntegrationSpec, DeclaredAs | None]:
        """What these settings become, and the declaration that is named; judged anew if they are others."""
        if self.spec is None or self.before != current:
            again = read_change(kind, current, self.body, lost)
            assert again.spec is not None  # noqa: S101  what was just judged
            return again.spec, again.declared
        return self.spec, self.declared


def read_change(
    kind: IntegrationType, current: IntegrationSpec, body: Body, lost: frozenset[str] = frozenset()
) -> ChangeRequest:
    """What a change of these settings asks for; raises `InvalidRequest` with what is wrong.

    Secrets that are `lost` are not judged: the settings are without them.
    """
    body = few_keys(body, keys_of(kind.spec) | keys_of(Placement))
    changes = {snake(kind.spec, key): value for key, value in body.items() if key != "declaredAs"}
    before = current.model_dump(mode="json")
    spec = examined(kind.spec, {**before, **changes}, unknown=lost)
    for problem in kind.spec.unpaired(before, changes):
        raise invalid(str(on_the_wire(problem, kind.spec)))
    if any(getattr(spec, name) != getattr(current, name) for name in spec.marked(SECRET)):
        refuse_unfit(spec)
    declared = body.get("declaredAs")
    named = None if declared is None else examined(DeclaredAs, declared, "declaredAs")
    return ChangeRequest(body, current, spec, named)


def refuse_unfit(spec: IntegrationSpec) -> None:
    """A stored credential may be over, a new one may not."""
    found = [on_the_wire(problem, type(spec)) for problem in spec.unfit(datetime.now(UTC))]
    if found:
        raise invalid("; ".join(map(str, found)))


def kind_of(provider: object) -> IntegrationType:
    """The type of that name on the wire."""
    kind = integration_type(provider)
    if kind is None:
        known = ", ".join(kind.provider for kind in integration_types())
        raise invalid(f"provider: must be one of {known}")
    return kind


def examined(model: type[S], value: Any, *path: str, unknown: frozenset[str] = frozenset()) -> S:
    """The value as that model; raises `InvalidRequest` with what is wrong."""
    if not isinstance(value, Mapping):
        raise invalid(".".join((*path, "must be a mapping")))
    made, found = model.examine(value, unknown, wire=True)
    if made is None or found:
        raise _all_of([one if one is MORE else replace(one, path=(*path, *one.path)) for one in found])
    return made


def _all_of(problems: Sequence[Problem]) -> InvalidRequest:
    more = left_out(problems, _TOLD)
    return invalid("; ".join([*map(str, problems[:_TOLD]), *([more] if more else [])]))
