"""What the engine hands over and takes back: unknowns, floats, None, secrets."""

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
from pulumi.output import Unknown

_QUOTED = 300
"""Characters of a value that are shown in a refusal."""
_SHOWN = 20
"""Parts of a list or mapping that are shown."""


def split(properties: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The known properties in canonical form, and those that hold an unknown anywhere, as they are."""
    own = {
        name: value for name, value in properties.items() if not name.startswith("__") and value is not None
    }
    unknown = {name: value for name, value in own.items() if holds_unknown(value)}
    return {name: plain(value) for name, value in own.items() if name not in unknown}, unknown


def holds_unknown(value: Any) -> bool:
    """Whether a value, or anything in it, is only known after the update."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Mapping):
        return any(holds_unknown(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(holds_unknown(item) for item in value)


def plain(value: Any) -> Any:
    """The wire knows only floats: whole ones become ints again. None in a mapping is absence."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def bag(properties: Mapping[str, Any]) -> dict[str, Any]:
    """All properties in canonical form, without the engine's own."""
    return {
        name: plain(value)
        for name, value in properties.items()
        if not name.startswith("__") and value is not None
    }


def written(path: tuple[str | int, ...], properties: Mapping[str, Any]) -> tuple[tuple[str | int, ...], Any]:
    """As much of a path as the program wrote, at least its property, and the value there."""
    value: Any = properties
    for depth, part in enumerate(path):
        inside = dict(enumerate(value)) if isinstance(value, list) else value
        if not isinstance(inside, Mapping) or part not in inside:
            return (path[:depth], value) if depth else (path[:1], None)
        value = inside[part]
    return path, value


def quotable(value: Any) -> bool:
    """Whether a refused value may be shown: short, nothing invisible, no address with credentials."""
    if isinstance(value, (Mapping, list)) and len(value) > _SHOWN:
        return False
    if isinstance(value, str):
        address = "://" in value and any(mark in value for mark in "@?")
        return len(value) <= _QUOTED and value.isprintable() and not address
    if isinstance(value, Mapping):
        return all(quotable(item) for item in value.values())
    return not isinstance(value, list) or all(quotable(item) for item in value)


def with_secrets(properties: Mapping[str, Any], secret: Iterable[str]) -> dict[str, Any]:
    """Marks the named properties secret, whatever the program passed."""
    hidden = set(secret)
    return {
        name: pulumi.Output.secret(value) if name in hidden and value is not None else value
        for name, value in properties.items()
    }
