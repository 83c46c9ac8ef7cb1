"""A YAML document with the place of everything in it.

Read from the parser's events with YAML 1.2's core rules: `no` is a string, `012` is twelve. A key that
stands twice, a merge key and a tag are refused. Nesting is bounded here, since composing in C recurses.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import yaml  # type: ignore[import-untyped]

from pulumi_encord_integrations.organization.diagnostics import Diagnostic, Path, Position, Unreadable

MAX_DEPTH = 20
MAX_VALUES = 1_000_000
"""Values once every alias stands for what it repeats."""

_PARSER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_PLAIN_TAGS = {None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}
_QUOTE = {"mapping values are not allowed", "found character that cannot start any token"}


@dataclass(frozen=True, slots=True)
class Value:
    """A value, where it begins, and where the keys and values within it do."""

    place: Position
    plain: Any
    inside: Mapping[str | int, "Value"] = field(default_factory=dict)
    keys: Mapping[str, Position] = field(default_factory=dict)
    size: int = 1


def read(data: bytes) -> tuple[Value, list[Diagnostic]]:
    """The one document in a file, and what is wrong with it; raises `Unreadable`."""
    text = _text(data)
    builder = _Builder(text)
    try:
        return builder.document(), builder.diagnostics
    except yaml.YAMLError as error:
        raise Unreadable(_malformed(error, text)) from None


def _text(data: bytes) -> str:
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        place = _end(data[: error.start].decode("utf-8"))
        raise Unreadable(Diagnostic(place, (), "the file is not UTF-8", "save it as UTF-8")) from None
    if found := _UNPRINTABLE.search(text):
        message = f"the control character U+{ord(found[0]):04X} is not allowed"
        raise Unreadable(Diagnostic(_end(text[: found.start()]), (), message))
    return text


def _end(text: str) -> Position:
    """The place behind the last character."""
    lines = _LINE_BREAK.split(text.removeprefix("\ufeff"))
    return Position(len(lines), len(lines[-1]) + 1)


def _malformed(error: Any, text: str) -> Diagnostic:
    # The parser puts the end of a text without a last line break into a line of its own.
    place = min(Position(error.problem_mark.line + 1, error.problem_mark.column + 1), _end(text))
    rest = _LINE_BREAK.split(text)[place.line - 1][place.column - 1 :]
    if rest.startswith("\t"):
        return Diagnostic(place, (), "a tab cannot indent", "indent with spaces")
    quote = any(error.problem.startswith(words) for words in _QUOTE)
    return Diagnostic(place, (), f"not YAML: {error.problem}", "put the text in quotes" if quote else "")


class _Builder:
    """Builds values from events."""

    def __init__(self, text: str) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._end = _end(text)
        self._events: Iterator[Any] = yaml.parse(text, Loader=_PARSER)
        self._anchors: dict[str, Value] = {}

    def document(self) -> Value:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return Value(Position(1, 1), None)
        value = self._value(next(self._events), ())
        next(self._events)
        if not isinstance(after := next(self._events), yaml.StreamEndEvent):
            self._find(after, (), "a second document begins here", "keep one document in the file")
        return value

    def _value(self, event: Any, path: Path) -> Value:
        if len(path) > MAX_DEPTH:
            raise Unreadable(Diagnostic(self._place(event), (), "this is nested too deeply"))
        if isinstance(event, yaml.AliasEvent):
            return self._repeated(event, path)
        if event.tag not in _PLAIN_TAGS:
            self._find(event, path, "tags are not supported", "leave the tag out")
        value = self._fresh(event, path)
        if value.size > MAX_VALUES:
            message = f"this stands for more than {MAX_VALUES:,} values"
            raise Unreadable(Diagnostic(value.place, path, message, "repeat less by aliases"))
        if event.anchor:
            self._anchors[event.anchor] = value
        return value

    def _fresh(self, event: Any, path: Path) -> Value:
        if isinstance(event, yaml.ScalarEvent):
            return Value(self._place(event), _scalar(event))
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, path)
        return self._mapping(event, path)

    def _repeated(self, event: Any, path: Path) -> Value:
        value = self._anchors.get(event.anchor)
        if value is None:
            self._find(event, path, f'alias "*{event.anchor}" repeats nothing that ends before it')
            return Value(self._place(event), None)
        return value

    def _sequence(self, start: Any, path: Path) -> Value:
        items: list[Value] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        plain = [item.plain for item in items]
        return Value(self._place(start), plain, dict(enumerate(items)), size=_size(items))

    def _mapping(self, start: Any, path: Path) -> Value:
        inside: dict[str | int, Value] = {}
        keys: dict[str, Position] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, path, keys)
            value = self._value(next(self._events), (*path, "?" if key is None else key))
            if key is not None:
                keys[key], inside[key] = self._place(event), value
        plain = {key: value.plain for key, value in inside.items()}
        return Value(self._place(start), plain, inside, keys, _size(inside.values()))

    def _key(self, event: Any, path: Path, known: Mapping[str, Position]) -> str | None:
        """The key's own text, whatever its type would be; None if it cannot stand here."""
        if not isinstance(event, yaml.ScalarEvent):
            self._find(event, path, "a key must be plain text")
            self._value(event, (*path, "?"))
        elif event.value == "<<" and not event.style:
            self._find(event, path, 'merge keys ("<<") are not supported', "write the fields out")
        elif event.value in known:
            first = known[event.value].line
            self._find(event, path, f'duplicate key "{event.value}"', f"the first one is in line {first}")
        else:
            return cast(str, event.value)
        return None

    def _place(self, event: Any) -> Position:
        return min(Position(event.start_mark.line + 1, event.start_mark.column + 1), self._end)

    def _find(self, event: Any, path: Path, message: str, help_: str = "") -> None:
        self.diagnostics.append(Diagnostic(self._place(event), path, message, help_))


def _size(values: Iterable[Value]) -> int:
    return 1 + sum(value.size for value in values)


def _scalar(event: Any) -> Any:
    text = event.value
    if event.style or event.tag:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text[2:], 8 if text[1] == "o" else 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", "").lower())
    return text
