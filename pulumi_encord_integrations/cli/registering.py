"""Registration files, however large: read as a stream, judged, and cut into batches."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.model.integrations import IntegrationView, integration_type
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.registrations import LISTS, SPELLINGS, Judge, unknown_list

BATCH_ITEMS = 2_000
BATCH_BYTES = 4 * 1024 * 1024
_TOLD = 50
_DEEPEST = 100
_BUFFER = 256 * 1024

Batch = tuple[str, dict[str, list[Any]]]
"""The digest that names a batch, and its JSON."""


@dataclass(frozen=True)
class Plan:
    """What a file amounts to."""

    file: Path
    counts: Counter[str]
    digests: list[str]

    @property
    def items(self) -> int:
        """Items of all lists."""
        return self.counts.total()

    def described(self) -> str:
        """For the person at the terminal: `2,000 videos in 1 batch`."""
        lists = " and ".join(f"{count:,} {list_.replace('_', ' ')}" for list_, count in self.counts.items())
        return f"{lists} in {len(self.digests):,} batch{'' if len(self.digests) == 1 else 'es'}"

    def bodies(self) -> Iterator[Batch]:
        """The batches once more; raises `Refused` if the file is not what it was."""
        with self.file.open("rb") as opened:
            expected = iter(self.digests)
            for digest, body in _batches((list_, value) for list_, _, value in _items(opened, self.file)):
                if digest != next(expected, None):
                    raise Refused(f"{self.file.name} has changed since it was examined", hint="Run it again")
                yield digest, body


def examine(
    file: Path, view: IntegrationView, advance: Callable[[int], None]
) -> tuple[Plan, list[Problem], int]:
    """The plan, the first problems of the file and the number of all others; raises `Refused` for no JSON."""
    kind = integration_type(view.provider)
    if kind is None:
        raise Refused(f"{view.provider} integrations are newer than this package", hint="Upgrade it")
    judge = Judge(kind, view.model_dump(mode="json"))
    counts: Counter[str] = Counter()
    problems: list[Problem] = []
    more = 0

    def judged() -> Iterator[tuple[str, Any]]:
        nonlocal more
        for list_, index, value in _items(opened, file, problems):
            _, wrong = judge.item(list_, index, value)
            room = max(0, _TOLD - len(problems))
            problems.extend(wrong[:room])
            more += len(wrong[room:])
            counts[list_] += 1
            if counts[list_] % 1000 == 0:
                advance(opened.tell())
            yield list_, value

    with file.open("rb") as opened:
        digests = [digest for digest, _ in _batches(judged())]
    if not counts and not problems:
        problems.append(Problem((), "holds no items", f"give one of {', '.join(LISTS)}"))
    return Plan(file, counts, digests), problems, more


def _batches(items: Iterator[tuple[str, Any]]) -> Iterator[Batch]:
    """Cut at the same places each time."""
    body: dict[str, list[Any]] = {}
    digest, count, size = sha256(), 0, 0
    for list_, value in items:
        text = json.dumps(value).encode()
        if count and (count >= BATCH_ITEMS or size + len(text) > BATCH_BYTES):
            yield digest.hexdigest(), body
            body, digest, count, size = {}, sha256(), 0, 0
        body.setdefault(list_, []).append(value)
        digest.update(f"{list_} {len(text)} ".encode() + text)
        count, size = count + 1, size + len(text)
    if count:
        yield digest.hexdigest(), body


def _items(
    opened: BinaryIO, file: Path, problems: list[Problem] | None = None
) -> Iterator[tuple[str, int, Any]]:
    """List, index and value of each item, read as a stream; raises `Refused` if it is no such JSON."""
    import ijson  # type: ignore[import-untyped]

    try:
        yield from _Walk(ijson.basic_parse(opened, use_float=True, buf_size=_BUFFER), problems).items()
    except (ijson.JSONError, UnicodeDecodeError, _Unfit) as error:
        said = str(error).partition("\n")[0].strip().rstrip(".")
        place = f"at byte {opened.tell():,} or before"
        raise Refused(f"{file.name} cannot be read: {said}, {place}", hint="Nothing was sent") from None


class _Unfit(Exception):
    """JSON of another form than a registration's."""


class _Walk:
    """The events of a parser, as items; whatever is no item is judged by its key."""

    def __init__(self, events: Iterator[tuple[str, Any]], problems: list[Problem] | None) -> None:
        self._events = events
        self._problems = problems if problems is not None else []

    def items(self) -> Iterator[tuple[str, int, Any]]:
        """All items in the file's order."""
        if next(self._events, ("", None))[0] != "start_map":
            raise _Unfit('the file must be a mapping such as {"videos": [...]}')
        seen: set[str] = set()
        for event, key in self._events:
            if event == "end_map":
                # What follows would be found out here.
                next(self._events, None)
                return
            list_ = SPELLINGS.get(key, key)
            if list_ in seen:
                raise _Unfit(f'"{list_}" is there twice')
            seen.add(list_)
            yield from self._list(list_, unknown_list(key))

    def _list(self, list_: str, problem: Problem | None) -> Iterator[tuple[str, int, Any]]:
        event, value = next(self._events)
        if problem is None and event != "start_array":
            problem = Problem((list_,), "must be a list")
        if problem is not None:
            self._problems.append(problem)
            self._value(event, value)
            return
        for index, (inner, one) in enumerate(self._events):
            if inner == "end_array":
                return
            yield list_, index, self._value(inner, one)

    def _value(self, event: str, value: Any, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            raise _Unfit(f"it is nested deeper than {_DEEPEST}")
        if event == "start_map":
            return self._mapping(depth)
        if event == "start_array":
            found = []
            for inner, one in self._events:
                if inner == "end_array":
                    break
                found.append(self._value(inner, one, depth + 1))
            return found
        return value

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event, key in self._events:
            if event == "end_map":
                break
            if key in found:
                raise _Unfit(f'the key "{key}" is there twice in one mapping')
            found[key] = self._value(*next(self._events), depth + 1)
        return found
