"""Azure's SAS tokens: what one opens, and from when to when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import parse_qsl

_MAX = 4096
_NEEDED = {"ss": "b", "srt": "co", "sp": "rl"}
"""What the parts of a token must hold."""
_ALLOW = "allow the Blob service, containers and objects, read and list"
_WORDS: Mapping[str, Mapping[str, str]] = {
    "ss": {"f": "files", "q": "queues", "t": "tables"},
    "srt": {"s": "the service itself"},
    "sp": {
        "w": "write",
        "d": "delete",
        "x": "delete versions",
        "y": "delete permanently",
        "a": "add",
        "c": "create",
        "u": "update",
        "p": "process",
        "t": "tag",
        "f": "filter by tags",
        "i": "set immutability policies",
    },
}
"""What letters beyond the needed ones open."""


@dataclass(frozen=True)
class SasToken:
    """An account SAS token that opens what is needed; `parse` makes it."""

    ends_at: datetime
    parts: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what follows the ? of a URL; raises ValueError, which never quotes it."""
        if len(text) > _MAX or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError(
                "must be a SAS token: a query string such as sv=...&ss=b&srt=co&sp=rl&se=...&sig=..."
            )
        pairs = parse_qsl(text)
        parts = dict(pairs)
        missing = [name for name in ("sv", "se", "sig") if not parts.get(name)]
        if missing:
            raise ValueError(
                f"is no SAS token: {', '.join(missing)} missing; give all that follows the ? of a URL"
            )
        if len(parts) < len(pairs):
            raise ValueError("is no SAS token: a part is there twice")
        ends_at = _time(parts["se"])
        if ends_at is None:
            raise ValueError("is no SAS token: se is no time such as 2027-12-31T23:59:59Z")
        _require_opened(parts)
        return cls(ends_at, parts)

    def excess(self) -> list[str]:
        """What it opens beyond what is needed, in words."""
        return [
            words.get(letter, letter)
            for part, words in _WORDS.items()
            for letter in self.parts[part]
            if letter not in _NEEDED[part]
        ]

    def advice(self, renew_before: timedelta, now: datetime) -> Iterator[str]:
        """What is worth a word about it now."""
        left = self.ends_at - now
        if timedelta(0) < left <= renew_before:
            yield f"its SAS token ends on {day(self.ends_at)} ({in_days(left)}): renew it"
        excess = self.excess()
        if excess:
            yield f"its SAS token opens more than blobs to read and list: {', '.join(excess)}"


def day(moment: datetime) -> str:
    """A moment as people read it: 2026-12-01 10:00 UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def in_days(left: timedelta) -> str:
    """How long that is from now, in whole days, rounded down."""
    days = left // timedelta(days=1)
    if days < 0:
        return "over"
    return "within a day" if days == 0 else f"in {days} day{'' if days == 1 else 's'}"


def _require_opened(parts: Mapping[str, str]) -> None:
    if "sr" in parts or not parts.keys() >= _NEEDED.keys():
        raise ValueError("is no account SAS (ss, srt and sp say what an account SAS opens); make one")
    for name, letters in _NEEDED.items():
        if not set(letters) <= set(parts[name]):
            raise ValueError(f"opens too little: {name} must hold {' and '.join(letters)}; {_ALLOW}")


def _time(text: str) -> datetime | None:
    try:
        end = datetime.fromisoformat(text)
        return end.astimezone(UTC) if end.tzinfo else end.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
