"""Whether a text is the address of a PostgreSQL database or a path; no password shows."""

import re
from dataclasses import dataclass, field
from typing import Self

_FORM = "postgresql://USER:PASSWORD@HOST/DATABASE"
_SCHEME = re.compile(r"postgres(?:ql)?(?:\+psycopg)?://", re.IGNORECASE)
_ENCODED = "%(?!00)[0-9a-f]{2}"
_PARTS = re.compile(
    rf"""
    (?:(?P<user>(?:[^:/?\#\[\]@\s%]|{_ENCODED})*)
      (?::(?:[^/?\#\[\]@\s%]|{_ENCODED})*)?@)?
    (?P<hosts>(?:(?:[\w.-]|{_ENCODED})*|\[[\w:.%]+\])(?::\d{{1,5}})?(?:,|(?=[/?]|$)))*
    (?:/(?P<database>(?:[^/?\#@\s%]|{_ENCODED})*))?
    (?:\?(?P<parameters>(?:\w+=(?:[^?\#@\s%&]|{_ENCODED})*(?:&|$))*))?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_PATH = re.compile(r"/|\.{1,2}/|~|[a-z]:[\\/]", re.IGNORECASE)
_HIDDEN = re.compile(r"\w*(pass|secret|key|token)\w*=", re.IGNORECASE)
"""Parameters that do not show."""


class NotADatabase(ValueError):
    """Why a text names no database, and what to write; it may hold a password, so neither quotes it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class PostgresqlAddress:
    """Of a PostgreSQL database, as libpq reads it; shown without a password."""

    uri: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        return self.shown

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The address that a text is, None if it is a path; raises `NotADatabase`."""
        scheme = _SCHEME.match(text)
        if scheme is None:
            _require_path(text)
            return None
        rest = text[scheme.end() :]
        parts = _PARTS.fullmatch(rest)
        if parts is None or not rest.isprintable():
            raise NotADatabase(
                "cannot be read as an address of PostgreSQL",
                f"Percent-encode the password (@ is %40, / is %2F, # is %23, % is %25): {_FORM}",
            )
        given = [pair for pair in (parts["parameters"] or "").split("&") if pair]
        if not parts["database"] and not any(pair.startswith(("dbname=", "service=")) for pair in given):
            raise NotADatabase("names no database", f"It must look like {_FORM}")
        return cls(f"postgresql://{rest}", _shown(rest, parts, given))


def _shown(rest: str, parts: re.Match[str], given: list[str]) -> str:
    user = f"{parts['user']}@" if parts["user"] else ""
    place = rest[rest.find("@") + 1 :].partition("?")[0]
    kept = [pair for pair in given if not _HIDDEN.match(pair)]
    return f"postgresql://{user}{place}{'?' if kept else ''}{'&'.join(kept)}"


def _require_path(text: str) -> None:
    if "://" in text or (not _PATH.match(text) and re.search("[:=]", text)):
        raise NotADatabase(
            "is neither an address of PostgreSQL nor the path of an SQLite file",
            f"Write {_FORM}, or the path alone; one that holds : or = begins with ./",
        )
