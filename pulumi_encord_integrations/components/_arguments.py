"""The arguments of components, which Python itself does not check."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NotRequired, TypeVar

import pulumi

from pulumi_encord_integrations.model.policies.cors import cors_rules
from pulumi_encord_integrations.model.policies.grants import compact
from pulumi_encord_integrations.model.problems import nearest
from pulumi_encord_integrations.model.text import uuid_in

T = TypeVar("T")
Origins = pulumi.Input[Sequence[pulumi.Input[str]]] | None
"""Browser origins of the app."""
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


def require_buckets(label: str, kind: Any, bucket_kind: Any, args: Any) -> None:
    """Raises `RunError` for keys that the arguments of a component, and its buckets, may not hold."""
    require_arguments(label, kind, args)
    if not isinstance(args["buckets"], (list, tuple)):
        raise pulumi.RunError(f"{label}: buckets must be a list of mappings")
    for index, bucket in enumerate(args["buckets"]):
        require_arguments(label, bucket_kind, bucket, f"buckets[{index}]")


def valid(label: str, make: Callable[[], T]) -> T:
    """What a pure function makes; its ValueError is the program's `RunError`."""
    try:
        return make()
    except ValueError as error:
        raise pulumi.RunError(f"{label}: {error}") from None


def document(label: str, render: Callable[..., Any], **given: Any) -> pulumi.Output[str]:
    """A document as JSON, once all that it is made from is known."""

    def rendered(known: Mapping[str, Any]) -> str:
        return compact(valid(label, lambda: render(**known)))

    return pulumi.Output.all(**given).apply(rendered)


def cors_document(label: str, rules: Callable[[Sequence[str]], Any], origins: Origins) -> pulumi.Output[str]:
    """The CORS rules of a cloud as JSON, for review; null without origins."""

    def rendered(origins: Sequence[str] | None) -> Any:
        return rules(origins) if origins else None

    return document(label, rendered, origins=origins)


def allowed_origins(label: str, origins: Origins, needed_by: str) -> pulumi.Output[list[str]]:
    """The origins of a CORS rule that is made; `needed_by` is the argument that asks for it."""
    if origins is None:
        raise pulumi.RunError(
            f"{label}: origins is required with {needed_by}: the output origins of the integration"
        )

    def allowed(known: Mapping[str, Any]) -> list[str]:
        if not known["origins"]:
            said = "the API knows no origin of the app; set encord:appOrigins where it runs"
            raise pulumi.RunError(f"{label}: {said}, {AGAIN}")
        return list(valid(label, lambda: cors_rules(known["origins"]))[0]["AllowedOrigins"])

    return pulumi.Output.all(origins=origins).apply(allowed)


def integration_uuid(label: str, integration_id: Any) -> str:
    """The uuid that an integration's id is."""
    found = uuid_in(str(integration_id))
    if found is None:
        raise pulumi.RunError(f"{label}: integration_id must be the id of an integration")
    return found


def challenge_text(label: str, challenge: Any, integration: str) -> str:
    """A challenge, which an integration of the kind that `integration` names has as an output."""
    if not isinstance(challenge, str) or not challenge:
        raise pulumi.RunError(f"{label}: challenge must be the output challenge of {integration}")
    return challenge
