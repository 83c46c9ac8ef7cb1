"""Bodies of requests: what they may hold for each type of integration, and what is wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Optional, TypeVar

from pydantic import BaseModel, create_model

from pulumi_encord_integrations.model.base import Sent, snake
from pulumi_encord_integrations.model.identity import DeclaredAs, Placement
from pulumi_encord_integrations.model.integration_registry import integration_type, integration_types
from pulumi_encord_integrations.model.integrations import IntegrationSpec, IntegrationType
from pulumi_encord_integrations.model.problems import Problem, nearest, on_the_wire
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


def read_create(body: Body) -> tuple[IntegrationType, IntegrationSpec, Placement]:
    """What a create asks for; raises `InvalidRequest` with all that is wrong."""
    kind = kind_of(body.get("provider"))
    placed = {key: value for key, value in body.items() if snake(Placement, key) in Placement.model_fields}
    declared = {key: value for key, value in body.items() if key not in placed}
    placement, misplaced = Placement.examine(placed, wire=True)
    # An adopted object keeps what is left out, so defaults are not judged beside what is given.
    left_out = _left_out(kind.spec, declared) if placement and placement.adopt else frozenset()
    spec, wrong = kind.spec.examine(declared, left_out, datetime.now(UTC), wire=True)
    if spec is None or placement is None or wrong or misplaced:
        raise _all_of([*map(_near_placement, wrong), *misplaced])
    return kind, kind.spec.model_validate(declared) if left_out else spec, placement


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


def read_change(
    kind: IntegrationType, current: IntegrationSpec, body: Body
) -> tuple[IntegrationSpec, DeclaredAs | None]:
    """The spec that a change leads to, and the declaration that it names."""
    changes = {snake(kind.spec, key): value for key, value in body.items() if key != "declaredAs"}
    before = current.model_dump(mode="json")
    spec = examined(kind.spec, {**before, **changes})
    for problem in kind.spec.unpaired(before, changes):
        raise invalid(str(on_the_wire(problem, kind.spec)))
    declared = body.get("declaredAs")
    return spec, None if declared is None else examined(DeclaredAs, declared, "declaredAs")


def kind_of(provider: object) -> IntegrationType:
    """The type of that name on the wire."""
    kind = integration_type(provider)
    if kind is None:
        known = ", ".join(kind.provider for kind in integration_types())
        raise invalid(f"provider: must be one of {known}")
    return kind


def examined(model: type[S], value: Any, *path: str) -> S:
    """The value as that model; raises `InvalidRequest` with all that is wrong."""
    if not isinstance(value, Mapping):
        raise invalid(".".join((*path, "must be a mapping")))
    made, found = model.examine(value, wire=True)
    if made is None or found:
        raise _all_of([replace(problem, path=(*path, *problem.path)) for problem in found])
    return made


def _all_of(problems: Sequence[Problem]) -> InvalidRequest:
    more = f"; and {len(problems) - _TOLD} more" if len(problems) > _TOLD else ""
    return invalid("; ".join(str(problem) for problem in problems[:_TOLD]) + more)
