"""Living objects as the API lists them, and what inputs change of them, in words."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pulumi_encord_integrations.lifecycle.reconciler import NOT_KNOWN_YET, Context, Properties
from pulumi_encord_integrations.lifecycle.snapshot import Snapshot
from pulumi_encord_integrations.model.buckets import described, wider
from pulumi_encord_integrations.model.durations import seconds_of
from pulumi_encord_integrations.model.identity import DeclaredAs


class Declared(Protocol):
    """An object that a declaration may be tied to."""

    @property
    def adopted(self) -> bool: ...
    @property
    def declared_as(self) -> DeclaredAs | None: ...


@dataclass(frozen=True)
class Living:
    """A living object of a kind, as the API lists it."""

    uuid: str
    title: str
    view: Declared
    settings: Properties
    """By the names of inputs, as a state holds them."""
    stable: Properties = field(default_factory=dict)
    """Outputs that do not change while it lives."""
    of_settings: Properties = field(default_factory=dict)
    """Outputs that change with its settings, not with its name."""


@dataclass(frozen=True)
class Kind:
    """What the rules ask of a kind of object."""

    noun: str
    """`integrations`, as the snapshot calls them."""
    called: str
    """`AWS integration`, in messages."""
    immutable: frozenset[str]
    ask: str
    """Whom to ask for what only its admins may do."""
    administers: Callable[[Context, Any], bool]
    summary: Callable[[Snapshot, Any], str]
    """What is taken along with an object: its maker, members, data."""
    secrets: frozenset[str] = frozenset()


class Directory:
    """All living objects of a kind, found by what a declaration says."""

    def __init__(self, all_: Iterable[Living]) -> None:
        self.by_uuid = {one.uuid: one for one in all_}
        self._by_title: dict[str, list[Living]] = {}
        self._by_place: dict[tuple[str, str], list[Living]] = {}
        for one in self.by_uuid.values():
            self._by_title.setdefault(one.title, []).append(one)
            if declared := one.view.declared_as:
                self._by_place.setdefault((str(declared.stack_id), declared.path), []).append(one)

    def titled(self, title: str) -> Sequence[Living]:
        """All of that title."""
        return self._by_title.get(title, ())

    def declared(self, place: Any, immutable: Properties) -> Living | None:
        """The one that is declared at a place of a stack, with these values that cannot change."""
        if not isinstance(place, Mapping):
            return None
        found = self._by_place.get((str(place.get("stack_id")), str(place.get("path"))), ())
        return next((one for one in found if not unequal(one, immutable)), None)

    def lookalikes(self, place: Any, title: str) -> list[str]:
        """The uuids of those that another identity of the same stack declares at the same place."""
        if not isinstance(place, Mapping):
            return []
        names = [place.get(name) for name in ("project", "stack", "path")]
        owners = ((one.uuid, one.view.declared_as) for one in self.titled(title))
        return [
            uuid
            for uuid, owner in owners
            if owner
            and str(owner.stack_id) != place.get("stack_id")
            and [owner.project, owner.stack, owner.path] == names
        ]


def unequal(one: Living, immutable: Properties) -> list[str]:
    """The given values that an object has otherwise and that cannot change."""
    return sorted(name for name, value in immutable.items() if one.settings.get(name) != value)


def changed(one: Living, inputs: Properties) -> Iterator[tuple[str, Any, Any]]:
    """The settings of a living object that these inputs change."""
    for name in sorted(one.settings.keys() & inputs.keys()):
        if inputs[name] != one.settings[name]:
            yield name, one.settings[name], inputs[name]


def arrow(name: str, before: Any, after: Any) -> str:
    """A change in words."""
    return f"{name}: {shown(name, before)} -> {shown(name, after)}{marked(name, before, after)}"


def shown(name: str, value: Any) -> str:
    """A setting in words."""
    if value is NOT_KNOWN_YET:
        return "known only during `up`"
    if name == "buckets" and isinstance(value, list):
        return described(value)
    if name == "signed_url_expiry" and value is None:
        return "7d (the default)"
    return "none" if value is None or value == "" else str(value)


def marked(name: str, before: Any, after: Any) -> str:
    """A mark where a change gives wider access."""
    if after is NOT_KNOWN_YET:
        return ""
    if name == "buckets":
        return " (wider access)" if wider(before, after) else ""
    if name == "signed_url_expiry":
        longer = seconds_of(after or "7d") > seconds_of(before or "7d")
        return " (wider access: signed URLs live longer)" if longer else ""
    return ""
