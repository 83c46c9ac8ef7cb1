"""What happens to a resource of any type, between what a program declares and what is there."""

from collections.abc import Iterator, Set
from typing import Any

from tests.support.cloud_plugins.kinds import Bag, Kind
from tests.support.cloud_plugins.values import UNKNOWN


class Refused(Exception):
    """What was asked cannot be done."""


def given(kind: Kind, declared: Bag, before: Bag, name: str, seed: bytes) -> Bag:
    """The inputs as they are kept, with a name if there was none."""
    inputs = kind.kept(declared)
    if kind.named and kind.named not in inputs:
        inputs[kind.named] = before.get(kind.named) or kind.made_up(name, seed)
    return inputs


def problems(kind: Kind, inputs: Bag, stand_in: str) -> Iterator[tuple[str, str]]:
    """The properties that cannot be as they are, and why."""
    for key in sorted({*kind.required, *kind.identity} - kind.optional.keys() - inputs.keys()):
        yield key, "is missing"
    for key, value in inputs.items():
        if key not in kind.inputs:
            yield key, f"is not known to {stand_in}"
            continue
        listed = [value] if key in kind.structures and value != UNKNOWN else value
        for unknown in sorted(_names_in_lists(listed) - kind.fields.keys()):
            yield key, f"has {unknown!r}, not known to {stand_in}"
        for fault in kind.faults(key, value):
            yield key, fault


def changes(kind: Kind, state: Bag, inputs: Bag) -> set[str]:
    """The inputs that are not as the state is."""
    return {key for key in kind.inputs if not kind.same(key, _of(kind, state, key), _of(kind, inputs, key))}


def replacing(kind: Kind, changed: Set[str]) -> set[str]:
    """Those changes for which there must be another."""
    return {*kind.identity, *kind.replacing} & changed


def created(kind: Kind, cloud: Any, inputs: Bag) -> tuple[str, Bag]:
    """The id and the state of a new one."""
    kind.create(cloud, inputs)
    id_ = kind.id_of(cloud, inputs)
    return id_, _must_be(read(kind, cloud, id_, inputs), id_)


def foreseen(kind: Kind, inputs: Bag, state: Bag | None = None) -> Bag:
    """The state that a preview tells: what is computed is known only of one that is there."""
    computed = {key: (state or {}).get(key) if state else UNKNOWN for key in kind.computed}
    return _state(kind, {**kind.optional, **inputs, **computed})


def updated(kind: Kind, cloud: Any, id_: str, inputs: Bag, changed: Set[str]) -> Bag:
    """The state of one that has been made as declared."""
    kind.update(cloud, inputs, changed)
    return _must_be(read(kind, cloud, id_, inputs), id_)


def read(kind: Kind, cloud: Any, id_: str, told: Bag) -> Bag | None:
    """The state as it is, in the words of what was told where they still say it."""
    there = kind.read(cloud, id_)
    if there is None:
        return None
    own = {key: told.get(key, kind.optional.get(key)) for key in kind.ours}
    return _state(kind, {**_in_words_of(kind, told, there), **own})


def read_inputs(kind: Kind, state: Bag, before: Bag) -> Bag:
    """The inputs that the state answers to: those there were, or of an import all that count."""
    if before:
        words = _in_words_of(kind, before, state)
        return {key: words[key] for key in before if key in words}
    return {
        key: state[key]
        for key in kind.inputs & state.keys()
        if key not in kind.optional or not kind.same(key, state[key], kind.optional[key])
    }


def _in_words_of(kind: Kind, told: Bag, there: Bag) -> Bag:
    return {
        key: told[key] if key in told and kind.same(key, told[key], value) else value
        for key, value in there.items()
    }


def _state(kind: Kind, properties: Bag) -> Bag:
    found = {**properties, **kind.outputs(properties)}
    return {key: value for key, value in found.items() if value is not None}


def _must_be(state: Bag | None, id_: str) -> Bag:
    if state is None:
        raise Refused(f"{id_} was made, and is not there")
    return state


def _of(kind: Kind, properties: Bag, key: str) -> Any:
    return properties.get(key, kind.optional.get(key))


def _names_in_lists(value: Any) -> set[str]:
    """The names of the fields of objects in lists, and of objects in those; assets have none."""
    if not isinstance(value, list):
        return set()
    names = set()
    for one in value:
        if isinstance(one, dict):
            names |= one.keys() | _names_in_lists(list(one.values()))
        names |= _names_in_lists(one)
    return names
