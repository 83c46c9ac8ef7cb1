"""Bounds on what a caller writes, so that a wrong body costs little, however large it is."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticKnownError, core_schema

MAX_PROBLEMS = 100
"""Problems that are told of one body; whoever has mended these asks again."""
MAX_DEPTH = 40
"""Levels of free-form JSON. The API takes bodies of 50, of which a registration puts up to 5 around it."""
_AT_ONCE = 100
"""Entries of a list that are judged together."""
_CONTAINERS = (dict, list, tuple)


def few_keys(values: Mapping[str, Any], known: Collection[str]) -> Mapping[str, Any]:
    """The values without the unknown keys that nobody would be told of, in their order."""
    if len(values) <= len(known) + MAX_PROBLEMS:
        return values
    unknown = islice((key for key in values if key not in known), MAX_PROBLEMS + 1)
    kept = {*known, *unknown}
    return {key: value for key, value in values.items() if key in kept}


def deeper_than(value: Any, levels: int) -> bool:
    """Whether JSON has more lists and mappings inside one another than so many."""
    level = [value] if isinstance(value, _CONTAINERS) else []
    for _ in range(levels):
        if not level:
            return False
        # In one comprehension: a body may hold half a million values.
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, _CONTAINERS)
        ]
    return bool(level)


@dataclass(frozen=True)
class Many:
    """Annotates a long list: its length is judged first, its entries until too many of them are wrong."""

    most: int
    empty: bool = True
    """Whether it may be empty."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The list's own schema behind `_judged`."""
        bounds = {"max_length": self.most} | ({} if self.empty else {"min_length": 1})
        listed: Any = {**handler(source), **bounds}
        return core_schema.no_info_wrap_validator_function(self._judged, listed)

    def _judged(self, values: Any, judge: Callable[[Any], list[Any]]) -> list[Any]:
        if not isinstance(values, list | tuple) or len(values) <= _AT_ONCE:
            return judge(values)
        if len(values) > self.most:
            lengths = {"field_type": "List", "max_length": self.most, "actual_length": len(values)}
            raise PydanticKnownError("too_long", lengths)
        right: list[Any] = []
        wrong: list[InitErrorDetails] = []
        for start in range(0, len(values), _AT_ONCE):
            try:
                right += judge(values[start : start + _AT_ONCE])
            except ValidationError as error:
                wrong += _moved(error, start)
            if len(wrong) > MAX_PROBLEMS:
                break
        if wrong:
            raise ValidationError.from_exception_data("list", wrong, hide_input=True)
        return right


def _moved(error: ValidationError, by: int) -> Iterator[InitErrorDetails]:
    """What is wrong with a part of a list, by the places of the whole."""
    for found in error.errors(include_url=False):
        (index, *rest) = found["loc"]
        place = (int(index) + by, *rest)
        context = found.get("ctx", {})
        yield InitErrorDetails(type=found["type"], loc=place, input=found["input"], ctx=context)
