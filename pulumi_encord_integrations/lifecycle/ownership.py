"""Who owns which remote thing in one run: in a program its claims, in a provider process generations."""

import threading
from collections.abc import Hashable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from typing import Any, Literal, NamedTuple, TypeVar

Kind = Literal[
    "object",
    "setting",
    "collection",
    "membership",
    "declared_member",
    "forced",
    "adopted",
    "organization_user",
    "check",
]


class ResourceKey(NamedTuple):
    """Names a remote thing, or within a program a resource whose id is not known yet."""

    kind: Kind
    holder: Hashable
    """The object's uuid, or the e-mail of a user of the organization."""
    part: Hashable = ""
    """The name of a setting; the member of a membership, an e-mail or `group:` and a uuid; the kind of what a
    collection holds.
    """


H = TypeVar("H", bound=Hashable)
ResourceKeys = frozenset[ResourceKey]
NOTHING: ResourceKeys = frozenset()


def named(kind: Kind, holder: object, *parts: str) -> ResourceKeys:
    """The keys of a holder's parts, or its own; empty if the holder is no string, as in a refused input."""
    if not isinstance(holder, str) or not holder:
        return NOTHING
    return frozenset(ResourceKey(kind, holder, part) for part in parts or ("",))


class _Grown(AbstractSet[H]):
    """A set that only grows. Others may read it meanwhile, so that nobody has to copy it."""

    def __init__(self) -> None:
        self._items: dict[H, None] = {}

    def add(self, item: H) -> None:
        self._items[item] = None

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def __iter__(self) -> Iterator[H]:
        # A copy, which is made in one step of the interpreter.
        return iter(list(self._items))

    def __len__(self) -> int:
        return len(self._items)


class Ownership:
    """Safe to share between threads. Owners are listed in the order in which they came.

    A delete of a thing that lives on under another owner would take away what that one has just found.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._holders: dict[tuple[Kind, Hashable], dict[Hashable, dict[Any, None]]] = {}
        self._declared: _Grown[ResourceKey] = _Grown()
        self._made: _Grown[str] = _Grown()

    def own(self, keys: Iterable[ResourceKey], owner: Hashable) -> None:
        """Makes `owner` an owner of the things; does nothing if it is None."""
        if owner is None:
            return
        with self._lock:
            for kind, holder, part in keys:
                self._holders.setdefault((kind, holder), {}).setdefault(part, {})[owner] = None

    def release(self, keys: Iterable[ResourceKey], owner: Hashable) -> None:
        """Ends the ownership."""
        with self._lock:
            for key in keys:
                self._owners(key).pop(owner, None)

    def owners(self, key: ResourceKey) -> list[Any]:
        """All owners of a thing."""
        with self._lock:
            return list(self._owners(key))

    def parts(self, kind: Kind, holder: Hashable) -> Mapping[Hashable, list[Any]]:
        """The owners of each part of a holder that anybody has ever owned."""
        with self._lock:
            return {part: list(owners) for part, owners in self._holders.get((kind, holder), {}).items()}

    def owned_elsewhere(self, keys: ResourceKeys, owner: Hashable) -> ResourceKeys:
        """Those of the things that have another owner."""
        with self._lock:
            return frozenset(key for key in keys if self._owners(key).keys() - {owner})

    def locked(self) -> AbstractContextManager[object]:
        """Nobody becomes an owner until the block ends: what it takes away, nobody is about to take over."""
        return self._lock

    def declare(self, keys: ResourceKeys) -> None:
        """Remembers that the program declares the things."""
        for key in keys:
            self._declared.add(key)

    def declared(self) -> AbstractSet[ResourceKey]:
        """All that the program has declared, as it grows."""
        return self._declared

    def make(self, id_: str) -> None:
        """Remembers an object that this run has made."""
        self._made.add(id_)

    def made(self) -> AbstractSet[str]:
        """The ids of all objects that this run has made, as they grow."""
        return self._made

    def _owners(self, key: ResourceKey) -> dict[Any, None]:
        return self._holders.get((key.kind, key.holder), {}).get(key.part, {})
