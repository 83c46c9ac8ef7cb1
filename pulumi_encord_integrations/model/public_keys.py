"""Public keys of people and service accounts, as `ssh-keygen` writes them, and when they end."""

import base64
import binascii
import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated

from pydantic import AfterValidator

_KIND = b"ssh-ed25519"
_PREFIX = len(_KIND).to_bytes(4, "big") + _KIND + (32).to_bytes(4, "big")
_HEX = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_LONGEST = 4096
_SIGN_BIT = 0x7F
# Everybody can sign for these: the points of small order, without the bit that is their sign.
_WEAK = frozenset(
    bytes.fromhex(point)
    for point in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)
_EXPECTED = "must be an Ed25519 public key: the line of a .pub file, or 64 hexadecimal digits"


def _public_key(value: str) -> str:
    text = value.strip()
    if _HEX.fullmatch(text):
        return _signable(bytes.fromhex(text))
    if "PRIVATE KEY" in text[:_LONGEST]:
        raise ValueError("is a private key: give the public one, the line of the .pub file")
    kind, _, rest = text[:_LONGEST].partition(" ")
    encoded = rest.strip().partition(" ")[0]
    if kind.encode("utf-8", "replace") != _KIND:
        known = kind.startswith(("ssh-", "ecdsa-", "sk-"))
        raise ValueError(
            f"is a key of the kind {kind[:40]}; only Ed25519 keys are taken" if known else _EXPECTED
        )
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(_EXPECTED) from None
    if not blob.startswith(_PREFIX) or len(blob) != len(_PREFIX) + 32:
        raise ValueError(_EXPECTED)
    return _signable(blob[len(_PREFIX) :])


def _signable(raw: bytes) -> str:
    if raw[:-1] + bytes([raw[-1] & _SIGN_BIT]) in _WEAK:
        raise ValueError("is a key for which everybody can sign")
    return openssh(raw.hex())


def openssh(hexadecimal: str) -> str:
    """The line of a `.pub` file, without its comment, of a raw key in hexadecimal."""
    return f"{_KIND.decode()} {base64.b64encode(_blob(hexadecimal)).decode()}"


def hex_of(line: str) -> str:
    """The raw key in hexadecimal of a line that `PublicKey` has made."""
    return base64.b64decode(line.partition(" ")[2])[len(_PREFIX) :].hex()


def fingerprint(hexadecimal: str) -> str:
    """What `ssh-keygen -l` prints of a raw key in hexadecimal: SHA256:..."""
    return f"SHA256:{base64.b64encode(sha256(_blob(hexadecimal)).digest()).decode().rstrip('=')}"


def _blob(hexadecimal: str) -> bytes:
    return _PREFIX + bytes.fromhex(hexadecimal)


def _moment(value: str) -> str:
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError("must be a time such as 2027-01-31T12:00:00Z") from None
    if found.tzinfo is None and "T" in value.upper():
        raise ValueError("must say its time zone, such as 2027-01-31T12:00:00Z")
    try:
        moment = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a time such as 2027-01-31T12:00:00Z") from None
    return f"{moment.replace(microsecond=0, tzinfo=None).isoformat()}Z"


PublicKey = Annotated[str, AfterValidator(_public_key)]
"""An Ed25519 key in its one form: the line of a `.pub` file without its comment."""
Moment = Annotated[str, AfterValidator(_moment)]
"""A time in UTC to the second, ISO 8601; a date is its first moment."""
