"""The arguments of components, which Python itself does not check."""

from collections.abc import Callable, Mapping
from typing import Any, NotRequired, TypeVar

import pulumi

from pulumi_encord_integrations.model.problems import nearest

T = TypeVar("T")
_FLAGS = (bool, NotRequired[bool])
"""Annotations of what cannot be known later."""
_WITH_WORDS_OF_THEIR_OWN = {"principal_arn", "service_account_email"}
"""Required, but an API may not have it configured, which is said by whoever needs it."""
AGAIN = "then `pulumi up --refresh --run-program`"
"""Before that no state knows what an API was configured with since."""


def require_arguments(label: str, kind: Any, given: Any, where: str = "") -> None:
    """Raises `RunError` for a key that the TypedDict `kind` has not, and for one that is missing.

    An unknown key must not be passed over: a misspelled `prefixes` would open the whole bucket.
    """
    if not isinstance(given, Mapping):
        raise pulumi.RunError(f"{label}: {where or 'the arguments'} must be a mapping")
    at = f"{where}." if where else ""
    required, optional = kind.__required_keys__, kind.__optional_keys__
    for key in given:
        if key not in required | optional:
            near = nearest(str(key), sorted(required | optional))
            raise pulumi.RunError(f'{label}: {at}{key}: unknown key "{key}"' + (f"; {near}" if near else ""))
    for key, annotation in kind.__annotations__.items():
        if annotation in _FLAGS and not isinstance(given.get(key), bool | None):
            raise pulumi.RunError(
                f"{label}: {at}{key} must be True or False in the program itself: it decides what is made"
            )
    for key in sorted(required):
        if given.get(key) is None and key not in _WITH_WORDS_OF_THEIR_OWN:
            raise pulumi.RunError(f"{label}: {at}{key} is required")


def valid(label: str, make: Callable[[], T]) -> T:
    """What a pure function makes; its ValueError is the program's `RunError`."""
    try:
        return make()
    except ValueError as error:
        raise pulumi.RunError(f"{label}: {error}") from None
