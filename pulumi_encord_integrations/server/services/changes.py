"""What the audit trail tells of a write: the fields that differ, without secrets."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from pulumi_encord_integrations.model.marks import SECRET, marked

State = Mapping[str, Any] | BaseModel | None
"""An object as it was or is: a view, or names with values; None if it was not there."""
HIDDEN = "(secret)"
"""Stands for the value of a secret."""


def changes(before: State, after: State) -> dict[str, list[Any]]:
    """Name of each field that differs -> [before, after], as JSON values; null where there was, or is, none.

    Services do not call it: they give `before` and `after` to `Effect`, best as views, which hold no secrets:
    `Effect(answer, "group.update", uuid, {}, before=old_view, after=new_view)`; a create leaves `before` out,
    a delete `after`. The audit trail keeps the result as `{"changes": {...}}` beside the effect's own detail.
    Fields that are marked SECRET are told as `(secret)`.
    """
    old, new = _plain(before), _plain(after)
    hidden = _secrets(before) | _secrets(after)
    names = [*old, *(name for name in new if name not in old)]
    return {
        name: [_told(old.get(name), name in hidden), _told(new.get(name), name in hidden)]
        for name in names
        if old.get(name) != new.get(name)
    }


def _plain(state: State) -> dict[str, Any]:
    if isinstance(state, BaseModel):
        return state.model_dump(mode="json", by_alias=True)
    plain: dict[str, Any] = to_jsonable_python(dict(state or {}))
    return plain


def _secrets(state: State) -> frozenset[str]:
    if not isinstance(state, BaseModel):
        return frozenset()
    fields = type(state).model_fields
    return frozenset(fields[name].alias or name for name in marked(type(state), SECRET))


def _told(value: Any, hidden: bool) -> Any:
    return HIDDEN if hidden and value is not None else value
