"""Who is declared where in a program, so that no two resources decide over one person's access."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from pulumi_encord_integrations.model.text import uuid_in

_ATTRIBUTE = "_encord_claims"
_RESOURCE = "resource "
_EXPIRY = "the expiry of its signed URLs"


@dataclass
class _Holder:
    """One integration or group: who decides over whom, and over all."""

    principals: dict[str, str] = field(default_factory=dict)
    exclusive: str | None = None
    labels: dict[str, None] = field(default_factory=dict)


def claim(
    label: str, holder: Any, principals: Iterable[Mapping[str, Any]], *, exclusive: bool = False
) -> None:
    """Claims principals, each `{"user": ...}` or `{"group": ...}`, of an integration or group.

    At once as far as all is known; what is an Output, when it is known. Raises `pulumi.RunError` that names
    both resources if another one decides over the same.
    """
    keyed = [(row, _principal(row)) for row in principals]
    _claim(label, _key(holder), [key for _, key in keyed if key], exclusive=exclusive)
    known = [key for _, key in keyed if key and not key.startswith(_RESOURCE)]
    waiting = [_resolved(row) for row, key in keyed if not key or key.startswith(_RESOURCE)]
    if isinstance(holder, str) and not waiting:
        return

    def resolved(found: list[Any]) -> None:
        principals = [*known, *filter(None, map(_principal, found[1:]))]
        _claim(label, f"id {found[0]}", principals, exclusive=exclusive)

    where = holder.id if isinstance(holder, pulumi.CustomResource) else holder
    pulumi.Output.all(where, *waiting).apply(resolved)


def claim_expiry(label: str, integration: Any) -> None:
    """Claims the expiry of signed URLs; raises `pulumi.RunError` if another resource has it."""
    _claim(label, f"expiry of {_key(integration)}", [_EXPIRY], exclusive=False)
    if isinstance(integration, str):
        return
    where = integration.id if isinstance(integration, pulumi.CustomResource) else integration

    def resolved(found: str) -> None:
        _claim(label, f"expiry of id {found}", [_EXPIRY], exclusive=False)

    pulumi.Output.from_input(where).apply(resolved)


async def claimed_elsewhere(label: str, holder: Any) -> list[str]:
    """Users whom other resources of the program claim of the same integration, in any order.

    A program's constructors have all run before the first resource is registered, which awaits this.
    """
    claims: dict[str, _Holder] = getattr(pulumi.runtime.get_root_resource(), _ATTRIBUTE, None) or {}
    held = claims.get(_key(holder) or "", _Holder())
    return sorted(key for key, other in held.principals.items() if other != label and "@" in key)


def _claim(label: str, holder: str | None, principals: list[str], *, exclusive: bool) -> None:
    if holder is None:
        return
    root = pulumi.runtime.get_root_resource()
    claims: dict[str, _Holder] = getattr(root, _ATTRIBUTE, None) or {}
    setattr(root, _ATTRIBUTE, claims)
    held = claims.setdefault(holder, _Holder())
    if held.exclusive not in {None, label}:
        raise pulumi.RunError(f"{label} stands beside {held.exclusive}, which is exclusive: put all into one")
    others = [other for other in held.labels if other != label]
    if exclusive and others:
        raise pulumi.RunError(f"{label}, which is exclusive, stands beside {others[0]}: put all into one")
    for principal in principals:
        other = held.principals.setdefault(principal, label)
        if other != label:
            name = principal.split(" ", 2)[2] if principal.startswith(_RESOURCE) else principal
            raise pulumi.RunError(f"{name} is declared twice, by {other} and by {label}")
    held.labels[label] = None
    held.exclusive = label if exclusive else held.exclusive


def _key(value: Any) -> str | None:
    """What is known of a reference when the program runs."""
    if isinstance(value, pulumi.Resource):
        return f"{_RESOURCE}{id(value)} {value._name}"
    return f"id {uuid_in(value) or value}" if isinstance(value, str) else None


def _principal(row: Any) -> str | None:
    if not isinstance(row, Mapping):
        return None
    user, group = row.get("user"), row.get("group")
    if isinstance(user, pulumi.Resource):
        user = getattr(user, "_plain_email", None) or user
    if isinstance(user, str):
        return folded(user)
    if isinstance(group, str):
        return f"group {uuid_in(group) or group}"
    return _key(user if user is not None else group)


def _resolved(row: Mapping[str, Any]) -> Any:
    return {
        name: value.id if isinstance(value, pulumi.CustomResource) else value
        for name, value in row.items()
        if name in {"user", "group"} and value is not None
    }


def folded(email: str) -> str:
    """An e-mail as it is compared: validating thousands in the program would take longer than all else."""
    return unicodedata.normalize("NFC", email).strip().lower()
