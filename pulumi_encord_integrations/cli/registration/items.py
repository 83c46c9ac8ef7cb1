"""A registration file as a stream of items."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.registration_items import LISTS
from pulumi_encord_integrations.model.registration_keys import FLAGS, canonical_key, unknown_key

_TOLD = 50
_DEEPEST = 100
_BUFFER = 256 * 1024

Placed = tuple[str, int, Any]
"""List, index and value of an item."""


@dataclass(frozen=True)
class Source:
    """A file that can be read twice, and what to call it."""

    path: Path
    name: str


@dataclass
class ItemProblems:
    """The first problems of a file, and how many more there are."""

    told: list[Problem] = field(default_factory=list)
    more: int = 0

    def add(self, *problems: Problem) -> None:
        """Some more."""
        room = max(0, _TOLD - len(self.told))
        self.told += problems[:room]
        self.more += len(problems[room:])


class _Unfit(Exception):
    """JSON of another form than a registration's."""


class ItemStream:
    """A file as a stream of items; whatever is no item is judged by its key."""

    def __init__(self, opened: BinaryIO, source: Source, findings: ItemProblems | None = None) -> None:
        self._opened = opened
        self._source = source
        self._findings = findings or ItemProblems()
        self._events: Iterator[tuple[str, Any]] = iter(())
        self.flags: dict[str, Any] = {}
        """The flags as they are given; complete after the last item."""

    def items(self) -> Iterator[Placed]:
        """All items in the file's order; raises `Refused` if it is no such JSON."""
        import ijson  # type: ignore[import-untyped]

        if self._opened.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            self._opened.seek(0)
        self._events = ijson.basic_parse(self._opened, use_float=True, buf_size=_BUFFER)
        try:
            yield from self._all()
        except (ijson.JSONError, UnicodeDecodeError, _Unfit) as error:
            raise self._no_json(error) from None

    def _no_json(self, error: Exception) -> Refused:
        name, place = self._source.name, self._opened.tell()
        if not self._source.path.stat().st_size:
            return Refused(f"{name} is empty", hint="Nothing was sent")
        if (wrong := _not_utf8(self._source.path)) is not None:
            hint = "Save the file as UTF-8; nothing was sent"
            return Refused(f"{name} is not UTF-8, as of byte {wrong:,}", hint=hint)
        said = str(error).partition("\n")[0].strip().rstrip(".")
        return Refused(f"{name} cannot be read: {said}, at byte {place:,} or before", hint="Nothing was sent")

    def _all(self) -> Iterator[Placed]:
        if next(self._events, ("", None))[0] != "start_map":
            raise _Unfit('the file must be a mapping such as {"videos": [...]}')
        seen: set[str] = set()
        for event, key in self._events:
            if event == "end_map":
                # What follows would be found out here.
                next(self._events, None)
                return
            name = canonical_key(key)
            if name in seen:
                raise _Unfit(f'"{name}" appears twice')
            seen.add(name)
            kind, value = next(self._events)
            if name in FLAGS:
                self.flags[key] = self._value(kind, value)
            elif name in LISTS and kind == "start_array":
                yield from self._list(key)
            else:
                self._judge(key, kind, value)

    def _judge(self, key: str, event: str, value: Any) -> None:
        """What is no list of items, read without being kept."""
        filled = self._passed_over(event)
        if canonical_key(key) in LISTS:
            self._findings.add(Problem((key,), "must be a list"))
        elif problem := unknown_key(key, [] if event == "start_array" and not filled else value):
            self._findings.add(problem)

    def _passed_over(self, event: str) -> bool:
        """Whether anything was inside."""
        depth, filled = int(event.startswith("start_")), False
        while depth:
            inner, _ = next(self._events)
            depth += inner.startswith("start_") - inner.startswith("end_")
            filled = filled or depth > 0
        return filled

    def _list(self, list_: str) -> Iterator[Placed]:
        for index, (inner, one) in enumerate(self._events):
            if inner == "end_array":
                return
            try:
                value = self._value(inner, one)
            except _Unfit as error:
                raise _Unfit(f"{list_}[{index}]: {error}") from None
            yield list_, index, value

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
                raise _Unfit(f'the key "{key}" appears twice in one mapping')
            found[key] = self._value(*next(self._events), depth + 1)
        return found


def _not_utf8(path: Path) -> int | None:
    """Where a file begins not to be text in UTF-8, counted from 0."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    passed = 0
    with path.open("rb") as opened:
        while True:
            some = opened.read(_BUFFER)
            kept = len(decoder.getstate()[0])
            try:
                decoder.decode(some, final=not some)
            except UnicodeDecodeError as error:
                return passed - kept + error.start
            # What looks like UTF-16 without a mark; a text holds no such character.
            if (zero := some.find(b"\0")) >= 0:
                return passed + zero
            passed += len(some)
            if not some:
                return None
