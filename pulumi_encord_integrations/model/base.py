"""The two bases of all models, and the marks that a field may carry.

`Sent` is what a caller writes: unknown keys are refused. `Received` is what the API answers: unknown keys
are passed over, so that an older client understands a newer server.
"""

from functools import cache
from typing import Annotated, Any, Generic, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, PlainSerializer, SecretStr, StrictBool
from pydantic.alias_generators import to_camel

T = TypeVar("T")


class _Mark:
    """A mark on a field, found again by `Sent.marked`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


IMMUTABLE = _Mark("IMMUTABLE")
"""A change of the field replaces the object."""

SECRET = _Mark("SECRET")
"""The field is written only: never answered, logged or shown."""

SecretText = Annotated[
    SecretStr,
    SECRET,
    PlainSerializer(lambda value: value.get_secret_value(), return_type=str, when_used="json"),
]
"""A secret: starred in `repr` and `str`, in clear only in the JSON form that goes to the API."""

ImmutableFlag = Annotated[StrictBool, IMMUTABLE]


def _carries(annotation: Any, mark: _Mark) -> bool:
    """Whether the mark is on a part of the annotation, as in `SecretText | None`."""
    marked = mark in getattr(annotation, "__metadata__", ())
    return marked or any(_carries(part, mark) for part in get_args(annotation))


@cache
def _marked(model: type[BaseModel], mark: _Mark) -> frozenset[str]:
    fields = model.model_fields.items()
    return frozenset(name for name, f in fields if mark in f.metadata or _carries(f.annotation, mark))


class Sent(BaseModel):
    """What a caller writes; snake_case in programs and files, camelCase on the wire."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def marked(cls, mark: _Mark) -> frozenset[str]:
        """Names of the fields that carry `mark`."""
        return _marked(cls, mark)

    def __reduce__(self) -> Any:
        # A pickled provider ends in a state, and would take the secrets along.
        if self.marked(SECRET):
            raise TypeError(f"{type(self).__name__} holds secrets and is not pickled")
        return super().__reduce__()

    def to_wire(self) -> dict[str, Any]:
        """The camelCase JSON form, secrets in clear."""
        return self.model_dump(mode="json", by_alias=True)


class Received(BaseModel):
    """What the API answers; camelCase on the wire."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel, populate_by_name=True)

    @classmethod
    def from_wire(cls, data: Any) -> Self:
        """Reads a decoded JSON value; raises `pydantic.ValidationError`."""
        return cls.model_validate(data)


class Page(Received, Generic[T]):
    """One page of a listing, in Encord's own shape."""

    results: list[T]
    next_page_token: str | None = None
