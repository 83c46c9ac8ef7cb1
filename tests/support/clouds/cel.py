"""The part of CEL that conditions of Cloud Storage are written in, evaluated by its specification.

`resource.name`, `api.getAttribute`, `==`, `startsWith`, `||` and string literals; anything else is refused,
as IAM refuses what does not parse. Knows nothing of the code under test.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

LIST_PREFIX = "storage.googleapis.com/objectListPrefix"
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\\n\r]|\\[^\n\r])*")|(?P<name>[A-Za-z_][\w]*)|(?P<sign>\|\||==|[().,]))""",
    re.ASCII,
)
_ESCAPE = re.compile(r"""\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([\\"'`?nrtabfv]))|\\""")
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class NotCel(ValueError):
    """An expression that IAM would refuse."""


@dataclass(frozen=True)
class Question:
    """What a condition is asked about."""

    resource: str
    attributes: Mapping[str, str] = field(default_factory=dict)


def reading(bucket: str, key: str) -> Question:
    """An object is read, or made."""
    return Question(f"projects/_/buckets/{bucket}/objects/{key}")


def listing(bucket: str, prefix: str = "") -> Question:
    """Objects are listed under a prefix."""
    return Question(f"projects/_/buckets/{bucket}", {LIST_PREFIX: prefix} if prefix else {})


def holds(expression: str, question: Question) -> bool:
    """Whether a condition holds."""
    parser = _Parser(list(_tokens(expression)), question)
    found = parser.clause()
    while parser.taken("||"):
        found = parser.clause() or found
    parser.end()
    return found


def operators(expression: str) -> int:
    """The logical operators, of which IAM takes 12."""
    return [token for token, _ in _tokens(expression)].count("||")


def _tokens(expression: str) -> Iterator[tuple[str, str | None]]:
    """Each token, and what a string literal stands for."""
    rest = 0
    while rest < len(expression.rstrip()):
        match = _TOKEN.match(expression, rest)
        if not match:
            raise NotCel(f"cannot be read at {expression[rest:]!r}")
        rest = match.end()
        text = match["text"]
        yield match[0].strip(), None if text is None else _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    if match[4]:
        return _CONTROL.get(match[4], match[4])
    code = int(match[1] or match[2] or match[3] or "110000", 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise NotCel(f"{match[0]} is no escape sequence of a character")
    return chr(code)


class _Parser:
    def __init__(self, tokens: list[tuple[str, str | None]], question: Question) -> None:
        self._tokens, self._question = tokens, question

    def clause(self) -> bool:
        """One comparison."""
        subject = self._subject()
        if self.taken("=="):
            return subject == self._literal()
        for token in (".", "startsWith", "("):
            self._must(token)
        prefix = self._literal()
        self._must(")")
        return subject.startswith(prefix)

    def _subject(self) -> str:
        if self.taken("resource"):
            self._must(".")
            self._must("name")
            return self._question.resource
        for token in ("api", ".", "getAttribute", "("):
            self._must(token)
        name = self._literal()
        self._must(",")
        default = self._literal()
        self._must(")")
        return self._question.attributes.get(name, default)

    def taken(self, token: str) -> bool:
        """Whether the next token is that one, which is then passed."""
        if self._tokens and self._tokens[0][0] == token:
            self._tokens.pop(0)
            return True
        return False

    def end(self) -> None:
        """Refuses what is left over."""
        if self._tokens:
            raise NotCel(f"unexpected {self._tokens[0][0]}")

    def _must(self, token: str) -> None:
        if not self.taken(token):
            raise NotCel(f"{token} is missing before {self._tokens[:1]}")

    def _literal(self) -> str:
        if not self._tokens or self._tokens[0][1] is None:
            raise NotCel(f"a string is missing before {self._tokens[:1]}")
        return self._tokens.pop(0)[1] or ""
