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


@dataclass(frozen=True)
class Context:
    """What a check may know beside the inputs."""

    before: Bag = field(default_factory=dict)
    """The inputs of the last update; empty for a new resource and in a replacement."""
    declared: frozenset[str] = frozenset()
    """Remote things that the program has declared so far in this run."""


Things = frozenset[str]
"""Names of remote things."""
UNKNOWN = Context()
NOTHING: frozenset[str] = frozenset()


class Reconciler(Protocol):
    """What a type of resource supplies; `_lifecycle` does the rest."""

    replaces: frozenset[str]
    """Inputs whose change replaces the object."""

    secrets: frozenset[str]
    """Inputs that are never shown; where one is absent, a living object keeps what it has."""

    shares: bool
    """Whether an update may take away what another resource is about to take over."""

    def check(self, known: Bag, unknown: frozenset[str], context: Context = UNKNOWN) -> Checked:
        """Validates offline and canonicalises the known inputs; `unknown` names those that come later."""

    def comparable(self, properties: Bag) -> Bag:
        """What decides whether anything changed, from inputs or outputs."""

    def things(self, id_: str, properties: Bag) -> frozenset[str]:
        """Names the remote things; resources that have a name in common share that thing.

        From inputs alone, with an empty id, those that are named by them.
        """

    def ends(self, id_: str, outputs: Bag) -> str | None:
        """Who loses all access with a delete, by the name that members have."""

    def create(self, session: Session, inputs: Bag) -> Live:
        """Makes it, or finds what an earlier create of the same declaration made."""

    def read(self, session: Session, id_: str, outputs: Bag) -> Live | None:
        """As it is now; None only if that very object is gone."""

    def update(self, session: Session, id_: str, outputs: Bag, inputs: Bag, living: Things = NOTHING) -> Live:
        """Applies changed inputs in place, but takes away nothing that is `living` as another resource's."""

    def delete(self, session: Session, id_: str, outputs: Bag, living: Things = NOTHING) -> None:
        """Lets it go, but for things that are `living` as another resource's; what is gone is no error."""
