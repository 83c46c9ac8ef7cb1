"""What a type of resource supplies: its facts, what counts as a change, and its calls to the API."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKey, ResourceKeys
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.snapshot import OFFLINE, Snapshot
from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.model.durations import as_written
from pulumi_encord_integrations.model.marks import DURATION
from pulumi_encord_integrations.model.problems import Problem

Properties = Mapping[str, Any]
"""Inputs or outputs by their snake_case names."""
NO_NAMES: frozenset[str] = frozenset()
LABEL = "label"
"""What a program tells a check: the resource as people know it, `IntegrationMembers "team"`."""


class NotKnownYet:
    """Stands for an input that is only known after the update; equal to nothing else."""


NOT_KNOWN_YET = NotKnownYet()


@dataclass(frozen=True)
class Checked:
    """Canonical inputs, all that is wrong with them, and what they will do to others."""

    inputs: Properties
    """Part of one that comes later is `NOT_KNOWN_YET`; without the name, it stays as it was given."""
    problems: list[Problem] = field(default_factory=list)
    notes: Sequence[str] = ()
    """What the inputs do not show: who gains or loses access, and what cannot be undone."""
    declares: ResourceKeys = NOTHING
    """What later calls of this run are to know that the program declares, beside its resource keys."""


@dataclass(frozen=True)
class Live:
    """An object as the API holds it."""

    id: str
    inputs: Properties
    outputs: Properties
    """The inputs are among them."""


@dataclass(frozen=True)
class Prior:
    """A resource as the state has it."""

    id: str
    outputs: Properties
    owned_elsewhere: ResourceKeys = NOTHING
    """Those of its remote things that live on as another resource's."""
    declared: AbstractSet[ResourceKey] = NOTHING
    """What the run remembers of others, in a delete."""


@dataclass(frozen=True)
class Change:
    """One property that an update changes."""

    name: str
    before: Any
    after: Any
    """`NOT_KNOWN_YET` in a preview, where it comes from another resource."""
    forces_replacement: bool = False


@dataclass(frozen=True)
class Context:
    """What a check may know beside the inputs."""

    before: Properties = field(default_factory=dict)
    """The inputs of the last update; empty for a new resource and in a replacement."""
    declared: AbstractSet[ResourceKey] = NOTHING
    """Remote things that the program has declared so far in this run."""
    made: AbstractSet[str] = frozenset()
    """Ids of objects that this run has made; the snapshot does not know them."""
    snapshot: Snapshot = OFFLINE
    """What the API held when this run first asked."""
    partial: Properties = field(default_factory=dict)
    """Inputs of which a part comes later, with `NOT_KNOWN_YET` in its place."""
    program: Properties = field(default_factory=dict)
    """What the resource's constructor tells the check alone, by names such as `LABEL`."""


NO_CONTEXT = Context()


class Reconciler(ABC):
    """One type of resource. A type whose identity is its inputs needs `spec`, the keys and the calls.

    The lifecycle adds what holds for all: whose organization it is, the generation, what a 404 means, what
    is kept on delete, and that nothing read before a write answers after it. Every call may raise
    `EncordError`.
    """

    spec: type[Sent]
    """Validates the inputs."""
    gone: ClassVar[str] = ""
    """The code of the 404 that is about the object itself."""
    replaces: frozenset[str] = NO_NAMES
    """Inputs whose change replaces the object."""
    secrets: frozenset[str] = NO_NAMES
    """Inputs that are never shown; where one is absent, a living object keeps what it has."""
    ignored: ClassVar[frozenset[str]] = NO_NAMES
    """Inputs whose change alone changes nothing."""
    shares: ClassVar[bool] = False
    """Whether an update may take away what another resource is about to take over."""

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Validates offline and canonicalizes the known inputs; `unknown` names those that come later."""
        spec, found = self.spec.examine(known, unknown.intersection(self.spec.model_fields))
        return Checked(known if spec is None else self.canonical(spec, unknown), found)

    def canonical(self, spec: Any, unknown: frozenset[str]) -> Properties:
        """Checked inputs as a state holds them, without the unknown ones."""
        return self.written(spec.model_dump(mode="json", exclude=set(unknown), exclude_none=True))

    def written(self, properties: Properties) -> Properties:
        """With durations as people write them."""
        durations = self.spec.marked(DURATION) & properties.keys()
        return {**properties, **{name: as_written(properties[name]) for name in durations}}

    def comparable(self, properties: Properties) -> Properties:
        """What decides whether anything changed, from inputs or outputs."""
        known = self.written(properties)
        return {name: known.get(name) for name in self.spec.model_fields if name not in self.ignored}

    def compare(self, before: Properties, after: Properties) -> Iterator[Change]:
        """The changes from outputs to inputs, by name."""
        old, new = self.comparable(before), self.comparable(after)
        for name in sorted(new.keys() - self.secrets.difference(after)):
            if old.get(name) != new[name]:
                yield Change(name, old.get(name), new[name], name in self.replaces)

    def foresee(
        self, context: Context, prior: Prior, inputs: Properties, changes: Sequence[Change]
    ) -> Iterator[str]:
        """What these changes will do beside what they say; raises `Refused` for what must not be done."""
        yield from ()

    @abstractmethod
    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The remote things that it decides over.

        From inputs alone, with an empty id, those that are named by them.
        """

    def remembered(self, prior: Prior) -> ResourceKeys:
        """What later calls of this run are to know of a resource in the state."""
        return NOTHING

    def revokes_access_of(self, prior: Prior) -> str | None:
        """Who loses all access with a delete, as memberships name them."""
        return None

    @abstractmethod
    def create(self, session: Session, inputs: Properties) -> Live:
        """Makes it, or finds what an earlier create of the same declaration made."""

    @abstractmethod
    def read(self, session: Session, prior: Prior) -> Live | None:
        """As it is now; None, or `NotFound` with the code `gone`, only if that very object is gone."""

    def update(self, session: Session, prior: Prior, inputs: Properties) -> Live:
        """Applies changed inputs in place, but takes away nothing that is owned elsewhere.

        By default the API is told nothing: what changed is only remembered.
        """
        return self.as_live(prior.id, {**prior.outputs, **inputs})

    def delete(self, session: Session, prior: Prior) -> None:
        """Lets it go, but for what is owned elsewhere; by default there is nothing to do."""
        return

    def kept(self, session: Session, prior: Prior) -> str:
        """The sentence that says what outlives the resource; empty if that is not worth a word."""
        return ""

    def as_live(self, id_: str, outputs: Properties) -> Live:
        """The object of these outputs, which hold its inputs."""
        return Live(id_, self.inputs_of(outputs), outputs)

    @property
    def input_names(self) -> Iterable[str]:
        """What of the outputs are inputs."""
        return self.spec.model_fields

    def inputs_of(self, outputs: Properties) -> Properties:
        """Those of the outputs that are inputs."""
        return {name: outputs[name] for name in self.input_names if name in outputs}
