"""The two bases of all models.

`Sent` is what a caller writes: unknown keys are refused. `Received` is what the API answers: unknown keys
are passed over, so that an older client understands a newer server.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

import pydantic
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    SecretStr,
    StrictBool,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.model.bounds import few_keys
from pulumi_encord_integrations.model.marks import IMMUTABLE, SECRET, Mark, marked
from pulumi_encord_integrations.model.problems import Problem, few, on_the_wire, problems_of
from pulumi_encord_integrations.model.text import trimmed

T = TypeVar("T")
Rule = Callable[[Any], Iterator[Problem]]


def _trimmed(value: SecretStr) -> SecretStr:
    return SecretStr(trimmed(value.get_secret_value()))


SecretText = Annotated[
    SecretStr,
    AfterValidator(_trimmed),
    SECRET,
    PlainSerializer(lambda value: value.get_secret_value(), return_type=str, when_used="json"),
]
"""A secret, without white space around it: starred in `repr` and `str`, in clear only in the JSON form that
goes to the API."""

ImmutableFlag = Annotated[StrictBool, IMMUTABLE]


def rule(*fields: str) -> Callable[[Rule], Rule]:
    """Marks a method of a `Sent` as a rule over several fields, asked once all of them are known."""

    def marked(method: Rule) -> Rule:
        method.over = frozenset(fields)  # type: ignore[attr-defined]
        return method

    return marked


@lru_cache(maxsize=512)
def _rules(model: type[BaseModel]) -> tuple[tuple[frozenset[str], Rule], ...]:
    methods = {name: method for part in reversed(model.__mro__) for name, method in vars(part).items()}
    return tuple((method.over, method) for method in methods.values() if hasattr(method, "over"))


S = TypeVar("S", bound="Sent")


@lru_cache(maxsize=256)
def relaxed(model: type[S], unknown: frozenset[str]) -> type[S]:
    """The model with any value allowed where it is not known yet."""
    anything: dict[str, Any] = dict.fromkeys(unknown, (Any, None))
    return create_model(model.__name__, __base__=model, **anything) if unknown else model


def snake(model: type[BaseModel], key: str) -> str:
    """The field that is named so, as in programs or on the wire."""
    return next((name for name, field in model.model_fields.items() if field.alias == key), key)


@lru_cache(maxsize=512)
def keys_of(model: type[BaseModel]) -> frozenset[str]:
    """The keys that the model knows, as in programs and on the wire."""
    return frozenset(key for name, field in model.model_fields.items() for key in (name, field.alias or name))


# Before 2.14 two threads that use a deferred model first may validate against its parent:
# https://github.com/pydantic/pydantic/pull/13438
_BUILDS_ONCE = tuple(int(part) for part in pydantic.VERSION.split(".")[:2]) >= (2, 14)


class Deferred(BaseModel):
    """A model that is built when first used: a process uses few, and building takes time."""

    model_config = ConfigDict(defer_build=_BUILDS_ONCE)


class Sent(Deferred):
    """What a caller writes; snake_case in programs and files, camelCase on the wire."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    elsewhere: ClassVar[Mapping[str, str]] = {}
    """Keys that related models have, and why this one has not: the words of their refusal."""

    key_pairs: ClassVar[Mapping[str, str]] = {}
    """Secret -> the field that names it, which never changes without its secret."""

    @model_validator(mode="before")
    @classmethod
    def _few_keys(cls, values: Any) -> Any:
        return few_keys(values, keys_of(cls)) if isinstance(values, Mapping) else values

    @classmethod
    def unpaired(cls, before: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Problem]:
        """Changed names of secrets that are left out themselves."""
        for secret, name in cls.key_pairs.items():
            if secret not in given and name in given and given[name] != before.get(name, given[name]):
                yield Problem((name,), f"differs from the one in use, and {secret} is left out", "give both")

    def conflicts(self, unknown: frozenset[str] = frozenset()) -> Iterator[Problem]:
        """What breaks the rules over several fields; `unknown` names those that come later."""
        for over, method in _rules(type(self)):
            if not over & unknown:
                yield from method(self)

    def unfit(self, now: datetime) -> Iterator[Problem]:
        """What is well formed, but of no use at that time; asked of new values only, never of stored ones."""
        yield from ()

    @classmethod
    def examine(
        cls,
        values: Mapping[str, Any],
        unknown: frozenset[str] = frozenset(),
        given_at: datetime | None = None,
        *,
        wire: bool = False,
    ) -> tuple[Self | None, list[Problem]]:
        """The values in canonical form, if they are valid, and what is wrong with them, at once.

        With `given_at` they are judged as newly given at that time; with `wire` keys are spelled as in JSON.
        """
        problems: list[Problem] = []
        values = few_keys(values, keys_of(cls))
        try:
            made = relaxed(cls, unknown).model_validate(values)
        except ValidationError as error:
            problems = problems_of(error, cls, wire=wire)
        if not problems:
            return made, few(made._all_wrong(unknown, given_at, wire=wire))
        wrong = frozenset(snake(cls, str(problem.path[0])) for problem in problems if problem.path)
        right = cls.model_fields.keys() - wrong
        rest = {name: value for name, value in values.items() if snake(cls, name) in right}
        try:
            made = relaxed(cls, unknown | wrong & cls.model_fields.keys()).model_validate(rest)
        except ValidationError:
            return None, problems
        return None, few(chain(problems, made._all_wrong(unknown | wrong, given_at, wire=wire)))

    def _all_wrong(
        self, unknown: frozenset[str], given_at: datetime | None, *, wire: bool
    ) -> Iterator[Problem]:
        for problem in chain(self.conflicts(unknown), self.unfit(given_at) if given_at else ()):
            yield on_the_wire(problem, type(self)) if wire else problem

    @classmethod
    def marked(cls, mark: Mark) -> frozenset[str]:
        """Names of the fields that carry `mark`."""
        return marked(cls, mark)

    def __reduce__(self) -> Any:
        # A pickled provider ends in a state, and would take the secrets along.
        if self.marked(SECRET):
            raise TypeError(f"{type(self).__name__} holds secrets and is not pickled")
        return super().__reduce__()

    def to_wire(self, *, only_given: bool = False) -> dict[str, Any]:
        """The camelCase JSON form, secrets in clear; `only_given` leaves out defaults."""
        left = self.__class__.model_fields.keys() - self.model_fields_set if only_given else set()
        return self.model_dump(mode="json", by_alias=True, exclude=set(left))


class Received(Deferred):
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
