"""Azure's SAS tokens: how one is pasted, what it opens, and from when to when."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import parse_qsl, quote, unquote

from pulumi_encord_integrations.model.text import bare

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
_SIGNATURE = re.compile(r"(?<![^&])sig=([^&]*)")
_MAKE_ONE = "make an account SAS: Shared access signature on the storage account's own page"
_OF_CONNECTION_STRINGS = {"BlobEndpoint", "DefaultEndpointsProtocol", "AccountName"}


def canonical(text: str) -> str:
    """The token without what pasting adds around it, and with what pasting takes from its signature.

    That is the + of base64, which reads as a space where it is not percent-encoded, and the = at its end. A
    token that is as Azure made it stays as it is.
    """
    token = bare(text).removeprefix("SharedAccessSignature=").removeprefix("?")
    return _SIGNATURE.sub(_mended, token)


def _mended(found: re.Match[str]) -> str:
    signature = unquote(found[1]).replace(" ", "+")
    signature += "=" * (len(signature) == _BASE64 - 1)
    as_it_is = dict(parse_qsl(found[0])).get("sig")
    return f"sig={quote(signature, safe='')}" if _signs(signature) and signature != as_it_is else found[0]


_BASE64 = 44
"""Characters of an HMAC-SHA256 in base64."""


def _signs(signature: str) -> bool:
    """Whether it could be a signature: 32 bytes in base64."""
    try:
        return len(signature) == _BASE64 and len(b64decode(signature, validate=True)) == 32
    except (Error, ValueError):
        return False


@dataclass(frozen=True)
class SasToken:
    """What can be read off a SAS token; `parse` makes it."""

    ends_at: datetime
    parts: Mapping[str, str] = field(repr=False)
    twice: bool = False
    """Whether a part is there more than once; the last one counts."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads a canonical token; raises ValueError, which never quotes it."""
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
                _of_another_kind(parts)
                or f"is no SAS token: {', '.join(missing)} missing; give all that follows the ? of a URL"
            )
        ends_at = _time(parts["se"])
        if ends_at is None:
            raise ValueError("is no SAS token: se is no time such as 2027-12-31T23:59:59Z")
        return cls(ends_at, parts, twice=len(parts) < len(pairs))

    def lacks(self) -> Iterator[str]:
        """Why it can never be of use, whatever the time is."""
        begins_at = _time(self.parts["st"]) if "st" in self.parts else None
        if self.twice:
            yield "is no SAS token: a part appears twice"
        if "st" in self.parts and begins_at is None:
            yield "is no SAS token: st is no time such as 2027-12-31T23:59:59Z"
        if begins_at is not None and begins_at >= self.ends_at:
            yield "begins only when it has ended: st is not before se"
        if not _signs(self.parts["sig"]):
            yield "has a damaged signature: sig does not decode to 32 bytes; copy the whole token again"
        other = _of_another_kind(self.parts)
        if other or not self.parts.keys() >= _NEEDED.keys():
            yield other or f"is no account SAS: ss, srt and sp say what one opens; {_MAKE_ONE}"
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
        if "sip" in self.parts:
            yield "its SAS token opens for some IP addresses only (sip): browsers elsewhere can read nothing"
        excess = self.excess()
        if excess:
            yield f"its SAS token opens more than blobs to read and list: {', '.join(excess)}"


def _of_another_kind(parts: Mapping[str, str]) -> str | None:
    """What it is, if it is something else that Azure hands out, and what to do."""
    if any("://" in name for name in parts):
        return "is a whole URL; give what follows its ?"
    if parts.keys() & _OF_CONNECTION_STRINGS:
        return "is a connection string; give what follows its SharedAccessSignature="
    if "skoid" in parts:
        return f"is a user delegation SAS, which ends within 7 days; {_MAKE_ONE}, or give tenant_id instead"
    if "si" in parts:
        return f"is a service SAS of a stored access policy (si), which opens one container; {_MAKE_ONE}"
    if "sr" in parts:
        return f"is a service SAS (sr), which opens one container or blob; {_MAKE_ONE}"
    return None


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
