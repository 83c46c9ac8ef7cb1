"""What the engine hands over and takes back: unknowns, floats, None, secrets."""

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
from pulumi.output import Unknown

from pulumi_encord_integrations.lifecycle.reconciler import NOT_KNOWN_YET

PROGRAM = "__program"
"""An input that the check alone reads: what the constructor knows beside the inputs."""
_QUOTED = 300
"""Characters of a value that are shown in a refusal."""


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


def partial(value: Any) -> Any:
    """The canonical value with `NOT_KNOWN_YET` for each unknown in it."""
    if isinstance(value, Unknown):
        return NOT_KNOWN_YET
    if isinstance(value, Mapping):
        return {key: partial(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [partial(item) for item in value]
    return plain(value)


def unknown_again(value: Any) -> Any:
    """The value as the engine takes it, with an unknown for each `NOT_KNOWN_YET` in it."""
    if value is NOT_KNOWN_YET:
        return Unknown()  # type: ignore[no-untyped-call]
    if isinstance(value, Mapping):
        return {key: unknown_again(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [unknown_again(item) for item in value]
    return value


def plain(value: Any) -> Any:
    """The wire knows only floats: whole ones become ints again. None in a mapping is absence."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def canonical(properties: Mapping[str, Any]) -> dict[str, Any]:
    """All properties in canonical form, without the engine's own."""
    return {
        name: plain(value)
        for name, value in properties.items()
        if not name.startswith("__") and value is not None
    }


def quotable(value: Any) -> bool:
    """Whether a refused value may be shown: short, nothing invisible, no address with credentials."""
    if isinstance(value, str):
        address = "://" in value and any(mark in value for mark in "@?")
        return len(value) <= _QUOTED and value.isprintable() and not address
    return isinstance(value, (bool, int, float))


def with_secrets(properties: Mapping[str, Any], secret: Iterable[str]) -> dict[str, Any]:
    """Marks the named properties secret, whatever the program passed."""
    hidden = set(secret)
    return {
        name: pulumi.Output.secret(value) if name in hidden and value is not None else value
        for name, value in properties.items()
    }
