"""The contract between a type and the lifecycle that is written once over it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers.session import Session

Bag = Mapping[str, Any]
"""Properties by their snake_case names."""


@dataclass(frozen=True)
class Checked:
    """Canonical inputs, and all that is wrong with them."""

    inputs: Bag
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Live:
    """An object as the API holds it."""

    id: str
    inputs: Bag
    outputs: Bag
    """The inputs are among them."""


class Reconciler(Protocol):
    """What a type of resource supplies; `_lifecycle` does the rest."""

    replaces: frozenset[str]
    """Inputs whose change replaces the object."""

    secrets: frozenset[str]
    """Inputs that are never shown."""

    def check(self, known: Bag, unknown: frozenset[str]) -> Checked:
        """Validates offline and canonicalises the known inputs; `unknown` names those that come later."""

    def comparable(self, properties: Bag) -> Bag:
        """What decides whether anything changed, from inputs or outputs."""

    def same_object(self, id_: str, properties: Bag) -> str:
        """Names the remote thing; two resources with one name share it."""

    def create(self, session: Session, inputs: Bag) -> Live:
        """Makes it, or finds what an earlier create of the same declaration made."""

    def read(self, session: Session, id_: str, outputs: Bag) -> Live | None:
        """As it is now; None only if that very object is gone."""

    def update(self, session: Session, id_: str, outputs: Bag, inputs: Bag) -> Live:
        """Applies changed inputs in place."""

    def delete(self, session: Session, id_: str, outputs: Bag) -> None:
        """Lets it go; what is gone already is no error."""
