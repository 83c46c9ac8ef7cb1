"""Who is declared where in a program, so that no two resources decide over one person's access."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pydantic import TypeAdapter, ValidationError

from pulumi_encord_integrations.model.text import Email, uuid_in

_ATTRIBUTE = "_encord_claims"


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
    rows = list(principals)
    _claim(label, _key(holder), [key for key in map(_principal, rows) if key], exclusive=exclusive)
    later = [row for row in rows if not _principal(row)]
    if not isinstance(holder, str) or later:
        where = holder.id if isinstance(holder, pulumi.CustomResource) else holder
        known = [key for key in map(_principal, rows) if key and not key.startswith("resource")]
        waiting = [_resolved(row) for row in rows if not _principal(row) or _is_resource(row)]
        pulumi.Output.all(where, *waiting).apply(
            lambda found: _claim(
                label,
                f"id {found[0]}",
                [*known, *filter(None, map(_principal, found[1:]))],
                exclusive=exclusive,
            )
        )


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
            name = principal.removeprefix("resource ").partition(" ")[2] or principal
            raise pulumi.RunError(f"{name} is declared twice, by {other} and by {label}")
    held.labels[label] = None
    held.exclusive = label if exclusive else held.exclusive


def _key(value: Any) -> str | None:
    """What is known of a reference when the program runs."""
    if isinstance(value, pulumi.Resource):
        return f"resource {id(value)} {value._name}"
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


def _is_resource(row: Mapping[str, Any]) -> bool:
    return any(isinstance(value, pulumi.Resource) for value in row.values())


def _resolved(row: Mapping[str, Any]) -> Any:
    return {
        name: value.id if isinstance(value, pulumi.CustomResource) else value
        for name, value in row.items()
        if name in {"user", "group"} and value is not None
    }


def folded(email: str) -> str:
    """An e-mail as the API keeps it; what is none stays as it is."""
    try:
        return TypeAdapter(Email).validate_python(email)
    except ValidationError:
        return email
