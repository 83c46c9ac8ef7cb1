"""Azure's SAS tokens: what one opens, and from when to when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import parse_qsl

_MAX = 4096
_NEEDED = {"ss": "b", "srt": "co", "sp": "rl"}
"""What the parts of an account SAS must hold."""
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
_OTHERS = "what is unknown here"


@dataclass(frozen=True)
class SasToken:
    """What can be read off a SAS token; `parse` makes it."""

    ends_at: datetime
    parts: Mapping[str, str] = field(repr=False)
    twice: bool = False
    """Whether a part is there more than once; the last one counts."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what follows the ? of a URL; raises ValueError, which never quotes it."""
        if len(text) > _MAX or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError(
                "must be a SAS token: a query string such as sv=...&ss=b&srt=co&sp=rl&se=...&sig=..."
            )
        pairs = parse_qsl(text)
        parts = dict(pairs)
        # What is refused here must never have been stored: rows are read by the same words.
        missing = [name for name in ("sv", "se", "sig") if not parts.get(name)]
        if missing:
            raise ValueError(
                f"is no SAS token: {', '.join(missing)} missing; give all that follows the ? of a URL"
            )
        ends_at = _time(parts["se"])
        if ends_at is None:
            raise ValueError("is no SAS token: se is no time such as 2027-12-31T23:59:59Z")
        return cls(ends_at, parts, twice=len(parts) < len(pairs))

    def lacks(self) -> Iterator[str]:
        """Why it can never be of use, whatever the time is."""
        begins_at = _time(self.parts["st"]) if "st" in self.parts else None
        if self.twice:
            yield "is no SAS token: a part is there twice"
        if "st" in self.parts and begins_at is None:
            yield "is no SAS token: st is no time such as 2027-12-31T23:59:59Z"
        if begins_at is not None and begins_at >= self.ends_at:
            yield "begins only when it has ended: st is not before se"
        if "sr" in self.parts or not self.parts.keys() >= _NEEDED.keys():
            yield "is no account SAS (ss, srt and sp say what an account SAS opens); make one"
            return
        short = [name for name, letters in _NEEDED.items() if not set(letters) <= set(self.parts[name])]
        if short:
            must = ", ".join(f"{name} must hold {' and '.join(_NEEDED[name])}" for name in short)
            yield f"opens too little: {must}; {_ALLOW}"

    def excess(self) -> list[str]:
        """What it opens beyond what is needed, in words."""
        beyond = (
            words.get(letter, _OTHERS)
            for part, words in _WORDS.items()
            for letter in self.parts.get(part, "")
            if letter not in _NEEDED[part]
        )
        return list(dict.fromkeys(beyond))

    def advice(self, renew_before: timedelta, now: datetime) -> Iterator[str]:
        """What is worth a word about it now; what is refused has none."""
        left = self.ends_at - now
        if left <= timedelta(0) or any(self.lacks()):
            return
        begins_at = _time(self.parts.get("st", ""))
        if begins_at is not None and begins_at > now:
            yield f"its SAS token begins only on {day(begins_at)}: nothing can be read before"
        if left <= renew_before:
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


def _time(text: str) -> datetime | None:
    try:
        end = datetime.fromisoformat(text)
        return end.astimezone(UTC) if end.tzinfo else end.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
