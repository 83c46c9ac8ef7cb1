"""The marks that a field of a model may carry."""

from functools import cache
from typing import Any, get_args

from pydantic import BaseModel


class Mark:
    """A mark on a field, found again by `marked`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


IMMUTABLE = Mark("IMMUTABLE")
"""A change of the field replaces the object."""

SHARED = Mark("SHARED")
"""Another resource may set the field: where it is not declared it is left alone."""

SECRET = Mark("SECRET")
"""The field is written only: never answered, logged or shown."""

STABLE = Mark("STABLE")
"""An answer that does not change while its object lives: a preview of a change may go on with it."""

DURATION = Mark("DURATION")
"""Seconds, which programs and states hold as people write them: `12h`."""


def _carries(annotation: Any, mark: Mark) -> bool:
    """Whether the mark is on a part of the annotation, as in `SecretText | None`."""
    marked = mark in getattr(annotation, "__metadata__", ())
    return marked or any(_carries(part, mark) for part in get_args(annotation))


@cache
def marked(model: type[BaseModel], mark: Mark) -> frozenset[str]:
    """Names of the fields that carry the mark."""
    fields = model.model_fields.items()
    return frozenset(name for name, f in fields if mark in f.metadata or _carries(f.annotation, mark))
