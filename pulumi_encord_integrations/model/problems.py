"""What is wrong with a value, in words a person can act on."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from pulumi_encord_integrations.model.bounds import MAX_PROBLEMS
from pulumi_encord_integrations.model.marks import SECRET, marked
from pulumi_encord_integrations.model.text import bare, blemish


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, and what is expected there."""

    path: tuple[str | int, ...]
    message: str
    help: str = ""

    @property
    def where(self) -> str:
        """The path as Pulumi writes it: `buckets[0].name`."""
        return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in self.path).lstrip(".")

    @property
    def text(self) -> str:
        """The message and the help in one line, without the place."""
        return f"{self.message}; {self.help}" if self.help else self.message

    def __str__(self) -> str:
        return f"{self.where}: {self.text}" if self.path else self.text


MORE = Problem((), "there are more problems", "correct these first")
"""The last of problems that are too many to tell."""
SUGGESTED = 20
"""Problems of one value whose keys are compared with the known ones, which takes time."""
_SHOWN = 100
"""Characters of an unknown key that are told."""
_KEY = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
_EXPECTED = {
    "missing": "is required",
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "bool_parsing": "must be true or false",
    "uuid_parsing": "must be a UUID",
    "uuid_type": "must be a UUID",
}
_SIZES = {
    "too_short": "has {actual_length} entries; at least {min_length} must be given",
    "too_long": "has {actual_length} entries; at most {max_length} are allowed",
}


def few(problems: Iterable[Problem]) -> list[Problem]:
    """The first problems, and `MORE` if there are more; what makes the rest is not run."""
    found = list(islice(problems, MAX_PROBLEMS + 1))
    return found if len(found) <= MAX_PROBLEMS else [*found[:-1], MORE]


def left_out(problems: Sequence[Problem], told: int) -> str:
    """`and 3 more`, or `and more than 79 more`, if only the first ones are told; else nothing."""
    left = len(problems) - told
    if left <= 0:
        return ""
    return f"and more than {left - 1} more" if problems[-1] is MORE else f"and {left} more"


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean "title"?`, or nothing if no known name is near."""
    names = list(known)
    match = get_close_matches(name, names, n=1) if names and len(name) <= _SHOWN else []
    return f'did you mean "{match[0]}"?' if match else ""


def problems_of(error: ValidationError, model: type[BaseModel], *, wire: bool = False) -> list[Problem]:
    """Pydantic's findings in our words; never quotes the value that was given.

    Keys are spelled as in programs, with `wire` as in JSON.
    """
    found = enumerate(error.errors(include_url=False))
    return few(_problem(one, model, wire=wire, suggest=at < SUGGESTED) for at, one in found)


def _problem(found: Any, model: type[BaseModel], *, wire: bool, suggest: bool) -> Problem:
    path = _snake_path(found["loc"], model)
    if found["type"] == "extra_forbidden":
        return _unknown_key(path, model, wire=wire, suggest=suggest)
    problem = Problem(path, message_of(found), _cleaner(path, model, found["input"]))
    # A validator of the whole mapping saw its keys as they are written.
    return on_the_wire(problem, model) if wire and path else problem


def _cleaner(path: tuple[str | int, ...], model: type[BaseModel], value: Any) -> str:
    """What to take out of a refused text; around secrets it has been taken out already."""
    if not isinstance(value, str):
        return ""
    return blemish(bare(value) if path and path[0] in marked(model, SECRET) else value)


def shown_key(key: str) -> str:
    """A key that nobody knows, of which nobody knows how long it is."""
    return key if len(key) <= _SHOWN else f"{key[:_SHOWN]}..."


def _unknown_key(
    path: tuple[str | int, ...], model: type[BaseModel], *, wire: bool, suggest: bool
) -> Problem:
    """Why another model has the key, or which key of this one is near."""
    key = str(path[-1])
    for name, why in getattr(model, "elsewhere", {}).items():
        if len(path) == 1 and key in {name, to_camel(name)}:
            return Problem(path, why)
    fields = _fields(model, path[:-1])
    names = [_alias(fields, name) if wire else name for name in fields] if suggest else []
    said, help_ = f'unknown key "{shown_key(key)}"', nearest(key, names)
    if key in fields:
        said, help_ = f"is given twice, as {to_camel(key)} too", ""
    # The key itself stays as it is written.
    holder = on_the_wire(Problem(path[:-1], ""), model).path if wire else path[:-1]
    return Problem((*holder, shown_key(key)), said, help_)


def on_the_wire(problem: Problem, model: type[BaseModel]) -> Problem:
    """The problem with all keys as JSON spells them: `roleArn`."""
    path: list[str | int] = []
    for end, part in enumerate(problem.path):
        fields = {} if isinstance(part, int) else _fields(model, problem.path[:end])
        path.append(part if isinstance(part, int) else _alias(fields, part))
    message, help_ = (_respelled(text, model) for text in (problem.message, problem.help))
    return Problem(tuple(path), message, help_)


def _respelled(text: str, model: type[BaseModel]) -> str:
    """Words that are keys of the model; those of one word are the same in both spellings."""
    names = model.model_fields
    return _KEY.sub(lambda word: _alias(names, word[0]), text)


def _alias(fields: Mapping[str, FieldInfo], name: str) -> str:
    return (fields[name].alias if name in fields else None) or name


def message_of(found: Any) -> str:
    """One of pydantic's findings in our words; never quotes the value that was given."""
    if found["type"] == "literal_error":
        return "must be " + str(found["ctx"]["expected"]).replace("'", "")
    if found["type"] in _SIZES:
        return _SIZES[found["type"]].format(**found["ctx"])
    return _EXPECTED.get(found["type"]) or str(found["msg"]).removeprefix("Value error, ")


def _snake_path(loc: Sequence[str | int], model: type[BaseModel]) -> tuple[str | int, ...]:
    """The path by field names; pydantic reports the camelCase alias where a value is absent."""
    path: list[str | int] = []
    inner: type[BaseModel] | None = model
    for part in loc:
        if isinstance(part, str) and inner is not None:
            fields = inner.model_fields
            part = next((name for name, field in fields.items() if field.alias == part), part)  # noqa: PLW2901
            inner = _inner_model(fields[part].annotation) if part in fields else None
        path.append(part)
    return tuple(path)


def known_names(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys that the mapping at `path` may hold; none if `path` leads to no model."""
    return list(_fields(model, path))


def _fields(model: type[BaseModel], path: Sequence[str | int]) -> Mapping[str, FieldInfo]:
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = _inner_model(field.annotation) if field else None
        if inner is None:
            return {}
        model = inner
    return model.model_fields


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_inner_model(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in found if model is not None), None)
