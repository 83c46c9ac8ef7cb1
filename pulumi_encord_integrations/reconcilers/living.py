"""Living objects as the API lists them, and what inputs change of them, in words."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pulumi_encord_integrations.lifecycle.reconciler import NOT_KNOWN_YET, Context, Properties
from pulumi_encord_integrations.lifecycle.snapshot import Snapshot
from pulumi_encord_integrations.model.buckets import described, wider
from pulumi_encord_integrations.model.durations import seconds_of
from pulumi_encord_integrations.model.identity import DeclarationView


class Declared(Protocol):
    """An object that a declaration may be tied to."""

    @property
    def adopted(self) -> bool: ...
    @property
    def declared_as(self) -> DeclarationView | None: ...
    @property
    def declared_here(self) -> bool | None: ...


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
    keepers: Callable[[Snapshot, Any], str] = field(default=lambda _snapshot, _view: "")
    """Who stays in charge of an object beside whoever adopts it; empty for nobody."""
    secrets: frozenset[str] = frozenset()


class Directory:
    """All living objects of a kind, found by what a declaration of one stack says.

    Without the stack's identity none is known to be declared in it.
    """

    def __init__(self, all_: Iterable[Living], stack: str | None) -> None:
        self.by_uuid = {one.uuid: one for one in all_}
        self._stack = stack
        self._by_title: dict[str, list[Living]] = {}
        self._by_path: dict[str, list[Living]] = {}
        for one in self.by_uuid.values():
            self._by_title.setdefault(one.title, []).append(one)
            if (declared := one.view.declared_as) and self.is_here(one):
                self._by_path.setdefault(declared.path, []).append(one)

    def is_here(self, one: Living) -> bool:
        """Whether the stack declares an object of the listing."""
        return self._stack is not None and bool(one.view.declared_here)

    def declares(self, uuid: str) -> bool:
        """Whether the stack declares the object of a uuid."""
        return uuid in self.by_uuid and self.is_here(self.by_uuid[uuid])

    def titled(self, title: str) -> Sequence[Living]:
        """All of that title."""
        return self._by_title.get(title, ())

    def declared(self, place: Any, immutable: Properties) -> Living | None:
        """The one that the stack declares at a path, with these values that cannot change."""
        found = self._by_path.get(str(place.get("path")), ()) if isinstance(place, Mapping) else ()
        return next((one for one in found if not unequal(one, immutable)), None)

    def lookalikes(self, place: Any, title: str) -> list[str]:
        """The uuids of those that another identity of the same stack declares at the same place."""
        if not isinstance(place, Mapping):
            return []
        names = [place.get(name) for name in ("project", "stack", "path")]
        owners = ((one.uuid, one.view.declared_as) for one in self.titled(title) if not self.is_here(one))
        return [uuid for uuid, owner in owners if owner and [owner.project, owner.stack, owner.path] == names]


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
