"""What happens to a resource of any type, between what a program declares and what is there."""

import json
from collections.abc import Iterator, Set
from typing import Any

from tests.support.aws_plugin.kinds import Bag, Cloud, Kind
from tests.support.aws_plugin.values import UNKNOWN, has_unknown, same, same_documents


class Refused(Exception):
    """What was asked cannot be done."""


def given(kind: Kind, declared: Bag, before: Bag, name: str, seed: bytes) -> Bag:
    """The inputs as they are kept: documents as text, and a name if there was none."""
    inputs = {key: value for key, value in declared.items() if value is not None}
    for key in kind.documents & inputs.keys():
        if not isinstance(inputs[key], str):
            inputs[key] = UNKNOWN if has_unknown(inputs[key]) else json.dumps(inputs[key])
    if kind.named and kind.named not in inputs:
        made_up = f"{name}-{seed.hex()[:7]}"
        # Buckets have no capitals.
        inputs[kind.named] = before.get(kind.named) or (
            made_up.lower() if kind.named == "bucket" else made_up
        )
    return inputs


def problems(kind: Kind, inputs: Bag) -> Iterator[tuple[str, str]]:
    """The properties that cannot be as they are, and why."""
    for key in sorted(kind.required - inputs.keys()):
        yield key, "is missing"
    for key, value in inputs.items():
        if key not in kind.inputs:
            yield key, "is not known to the tests' stand-in for the aws plugin"
        for unknown in sorted(_names_in_lists(value) - kind.fields.keys()):
            yield key, f"has {unknown!r}, not known to the tests' stand-in for the aws plugin"
        if key in kind.documents and value != UNKNOWN and not _is_document(value):
            yield key, "is no policy in JSON"


def changes(kind: Kind, state: Bag, inputs: Bag) -> set[str]:
    """The inputs that are not as the state is."""
    return {key for key in kind.inputs if not _same(kind, key, _of(kind, state, key), _of(kind, inputs, key))}


def replacing(kind: Kind, changed: Set[str]) -> set[str]:
    """Those changes for which there must be another."""
    return {*kind.identity, *kind.replacing} & changed


def created(kind: Kind, cloud: Cloud, inputs: Bag) -> tuple[str, Bag]:
    """The id and the state of a new one."""
    kind.create(cloud, inputs)
    id_ = ":".join(inputs[key] for key in kind.identity)
    return id_, _must_be(read(kind, cloud, id_, inputs), id_)


def foreseen(kind: Kind, inputs: Bag, state: Bag | None = None) -> Bag:
    """The state that a preview tells: what is computed is known only of one that is there."""
    computed = {key: (state or {}).get(key) if state else UNKNOWN for key in kind.computed}
    return _state(kind, {**kind.optional, **inputs, **computed})


def updated(kind: Kind, cloud: Cloud, id_: str, inputs: Bag, changed: Set[str]) -> Bag:
    """The state of one that has been made as declared."""
    kind.update(cloud, inputs, changed)
    return _must_be(read(kind, cloud, id_, inputs), id_)


def read(kind: Kind, cloud: Cloud, id_: str, told: Bag) -> Bag | None:
    """The state as it is, in the words of what was told where they still say it."""
    there = kind.read(cloud, id_)
    if there is None:
        return None
    own = {key: told.get(key, kind.optional[key]) for key in kind.ours}
    return _state(kind, {**_in_words_of(kind, told, there), **own})


def read_inputs(kind: Kind, state: Bag, before: Bag) -> Bag:
    """The inputs that the state answers to: those there were, or of an import all that count."""
    if before:
        words = _in_words_of(kind, before, state)
        return {key: words[key] for key in before if key in words}
    return {
        key: state[key]
        for key in kind.inputs & state.keys()
        if key not in kind.optional or not _same(kind, key, state[key], kind.optional[key])
    }


def _in_words_of(kind: Kind, told: Bag, there: Bag) -> Bag:
    return {
        key: told[key] if key in told and _same(kind, key, told[key], value) else value
        for key, value in there.items()
    }


def _state(kind: Kind, properties: Bag) -> Bag:
    if "tags" in kind.inputs:
        properties = {**properties, "tagsAll": properties.get("tags") or {}}
    return {key: value for key, value in properties.items() if value is not None}


def _must_be(state: Bag | None, id_: str) -> Bag:
    if state is None:
        raise Refused(f"{id_} was made, and is not there")
    return state


def _of(kind: Kind, properties: Bag, key: str) -> Any:
    return properties.get(key, kind.optional.get(key))


def _same(kind: Kind, key: str, one: Any, other: Any) -> bool:
    return same_documents(one, other) if key in kind.documents else same(one, other)


def _names_in_lists(value: Any) -> set[str]:
    if not isinstance(value, list):
        return set()
    names = set()
    for one in value:
        if isinstance(one, dict):
            names |= one.keys() | _names_in_lists(list(one.values()))
    return names


def _is_document(value: Any) -> bool:
    try:
        return isinstance(json.loads(value), dict)
    except ValueError:
        return False
