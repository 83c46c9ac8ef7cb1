"""What a cloud, and a type of resource in it, are to the plugin."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.support.cloud_plugins.values import UNKNOWN, is_asset, same, same_assets

Bag = dict[str, Any]
"""Properties by the names that the engine calls them."""


class Kind(ABC):
    """One type: its properties, and the calls that make it so.

    `cloud` is what the `CloudPlugin` connected to.
    """

    identity: ClassVar[tuple[str, ...]]
    """The properties that are the id: joined by colons, unless `id_of` says otherwise."""
    required: ClassVar[Set[str]] = frozenset()
    optional: ClassVar[Mapping[str, Any]] = {}
    """Inputs that may be left out, and what that means."""
    named: ClassVar[str] = ""
    """The input for which a name is made up."""
    replacing: ClassVar[Set[str]] = frozenset()
    """What, beside the identity, no call changes."""
    assets: ClassVar[Set[str]] = frozenset()
    """Inputs that are assets (see `values.content`)."""
    ours: ClassVar[Set[str]] = frozenset()
    """Inputs that the cloud never hears of."""
    structures: ClassVar[Set[str]] = frozenset()
    """Inputs that are objects of named fields, and not of whatever names a program likes."""
    fields: ClassVar[Mapping[str, str]] = {}
    """The names of all that lists of objects and structures may hold, and what the cloud calls them."""
    computed: ClassVar[Set[str]] = frozenset()
    """Outputs that are known once it is made."""

    @abstractmethod
    def create(self, cloud: Any, inputs: Bag) -> None:
        """Makes it."""

    @abstractmethod
    def read(self, cloud: Any, id_: str) -> Bag | None:
        """Every input but `ours`, and every computed output, as they are; None if it is not there."""

    @abstractmethod
    def update(self, cloud: Any, inputs: Bag, changed: Set[str]) -> None:
        """Makes it so again, where inputs have changed."""

    @abstractmethod
    def delete(self, cloud: Any, id_: str, state: Bag) -> None:
        """Ends it; one that is not there has ended."""

    def id_of(self, cloud: Any, inputs: Bag) -> str:
        """The id of one with these inputs."""
        return ":".join(inputs[key] for key in self.identity)

    def made_up(self, name: str, seed: bytes) -> str:
        """A name for the resource that the program calls `name`; another seed makes another."""
        return f"{name}-{seed.hex()[:7]}"

    def defaults(self, cloud: Any) -> Bag:
        """Inputs that the provider's settings give where the program does not."""
        return {}

    def kept(self, declared: Bag) -> Bag:
        """The inputs in the form in which the state keeps them."""
        return declared

    def faults(self, key: str, value: Any) -> Iterator[str]:
        """What is wrong with a known input, which may have unknown parts, beside its fields."""
        if key in self.assets and value != UNKNOWN and not is_asset(value):
            yield "is no asset"

    def same(self, key: str, one: Any, other: Any) -> bool:
        """Whether two values of a property say the same to the cloud."""
        return same_assets(one, other) if key in self.assets else same(one, other)

    def ends_first(self, changed: Set[str]) -> bool:
        """Whether, for these changes, the old one must end first: the new one has the same name, say."""
        return not changed & set(self.identity)

    def outputs(self, properties: Bag) -> Bag:
        """The outputs that follow from others, and need no call."""
        return {}

    @property
    def inputs(self) -> Set[str]:
        """All properties that may be given."""
        return {*self.identity, *self.required, *self.optional}


@dataclass(frozen=True)
class CloudFunction:
    """A function: what it answers to its arguments, and which those are."""

    answer: Callable[[Any, Bag], Bag]
    required: Set[str] = frozenset()
    optional: Set[str] = frozenset()


@dataclass(frozen=True)
class CloudPlugin:
    """One cloud."""

    name: str
    """The package, as tokens begin."""
    version: str
    kinds: Mapping[str, Kind]
    """The types by their tokens."""
    connect: Callable[[Mapping[str, str]], Any]
    """What reaches the cloud, by the settings of the provider; must not fail, nor call anybody, itself."""
    functions: Mapping[str, CloudFunction] = field(default_factory=dict)
    settings: Set[str] = frozenset()
    """Settings of the provider that are heeded."""
    replacing_settings: Set[str] = frozenset()
    """Those for which all resources must be replaced."""
    ignored_settings: Set[str] = frozenset({"version"})
    """Settings that the classes or the engine add, or that name checks which are never made."""
    refusals: tuple[type[Exception], ...] = ()
    """What the cloud's library raises where the cloud refuses."""

    @property
    def stand_in(self) -> str:
        """What refusals call it."""
        return f"the tests' stand-in for the {self.name} plugin"


def named(value: Any, names: Mapping[str, str]) -> Any:
    """A list of objects with other names; what has none is left out."""
    if isinstance(value, dict):
        return {names[key]: named(one, names) for key, one in value.items() if key in names}
    if isinstance(value, list):
        return [named(one, names) for one in value]
    return int(value) if isinstance(value, float) else value


def turned(names: Mapping[str, str]) -> dict[str, str]:
    """Names as `named` needs them on the way back."""
    return {theirs: ours for ours, theirs in names.items()}
