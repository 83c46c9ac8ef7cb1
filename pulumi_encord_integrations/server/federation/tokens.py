"""Tokens as they arrive: their form is checked here, and what they claim; nothing is believed yet."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_TOKEN = 8192
"""Characters."""
LEEWAY = 60
"""Seconds that an issuer's clock may differ."""
MAX_AGE = 24 * 3600
MAX_LIFETIME = 31 * 24 * 3600
"""Seconds from a token's issue to its end; GitLab's live as long as a job may run, a month at most."""
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
MAX_TEXT = 1024
"""Characters of an issuer, a subject or a key's name."""
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_ISSUER = re.compile(r"https?://[!-~]{1,1000}")
_FOREIGN = ("crit", "jku", "jwk", "x5u", "x5c", "cty", "enc", "zip", "b64")
"""Header fields that would bring keys of the token's own choice, or mean another form of it."""
_MAX_AUDIENCES = 50
_MAX_NUMBER = 2**53
Claims = Mapping[str, Any]


class TokenRefused(Exception):
    """A token is not accepted; the message is for the server's log, since the caller may be anybody."""


@dataclass(frozen=True)
class OpenedToken:
    """Header and claims of a token in compact form."""

    text: str = field(repr=False)
    header: Claims
    claims: Claims


@dataclass(frozen=True)
class ClaimedToken:
    """A token that would be right if its issuer signed it."""

    text: str = field(repr=False)
    algorithm: str
    key_id: str
    issuer: str
    subject: str
    audiences: tuple[str, ...]
    id: str
    """The issuer's own id of the token; empty if it has none, or a long one."""


def opened(text: str) -> OpenedToken:
    """The parts of a token, each in its one spelling; raises `TokenRefused`."""
    if len(text) > MAX_TOKEN:
        raise TokenRefused(f"the token has more than {MAX_TOKEN} characters")
    parts = _COMPACT.fullmatch(text)
    if not parts:
        raise TokenRefused("the token is not a signed JWT in compact form")
    header, claims, _ = (_bytes(part) for part in parts.groups())
    return OpenedToken(text, _mapping(header, "header"), _mapping(claims, "payload"))


def claimed(token: OpenedToken, now: float) -> ClaimedToken:
    """What a token claims, if it is in order and in time; raises `TokenRefused`."""
    _require_header(token.header)
    claims = token.claims
    _require_times(claims, now)
    issuer = _text(claims, "iss")
    if not _ISSUER.fullmatch(issuer):
        raise TokenRefused("iss is not an https address")
    id_ = claims.get("jti", "")
    return ClaimedToken(
        text=token.text,
        algorithm=token.header["alg"],
        key_id=_text(token.header, "kid"),
        issuer=issuer,
        subject=_text(claims, "sub"),
        audiences=_audiences(claims.get("aud")),
        id=id_ if isinstance(id_, str) and id_.isprintable() and len(id_) <= 100 else "",
    )


def _bytes(part: str) -> bytes:
    try:
        found = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise TokenRefused("the token is not base64url") from None
    # The unused bits of the last character would give one token several spellings.
    if base64.urlsafe_b64encode(found).decode().rstrip("=") != part:
        raise TokenRefused("the token is not base64url in its one spelling")
    return found


def _mapping(content: bytes, part: str) -> Claims:
    try:
        found = json.loads(content.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise TokenRefused(f"the {part} is not JSON, or names something twice") from None
    if not isinstance(found, dict):
        raise TokenRefused(f"the {part} is not a JSON object")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _no_constant(_name: str) -> None:
    raise ValueError


def _require_header(header: Claims) -> None:
    # Compared with our own list: what the token says must be in it.
    if header.get("alg") not in ALGORITHMS:
        raise TokenRefused(f"the algorithm is none of {', '.join(ALGORITHMS)}")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise TokenRefused("typ is not JWT: this is a token of another kind")
    for name in _FOREIGN:
        if name in header:
            raise TokenRefused(f"the header has {name}, which is not accepted")


def _require_times(claims: Claims, now: float) -> None:
    ends, issued = _number(claims, "exp"), _number(claims, "iat")
    if ends <= now - LEEWAY:
        raise TokenRefused(f"the token ended {now - ends:.0f} s ago")
    if issued > now + LEEWAY:
        raise TokenRefused(f"the token is issued {issued - now:.0f} s in the future")
    if "nbf" in claims and _number(claims, "nbf") > now + LEEWAY:
        raise TokenRefused(f"the token begins in {_number(claims, 'nbf') - now:.0f} s")
    if issued < now - MAX_AGE:
        raise TokenRefused(f"the token is older than {MAX_AGE // 3600} hours")
    if not 0 < ends - issued <= MAX_LIFETIME:
        raise TokenRefused(f"exp is not within {MAX_LIFETIME // 86_400} days after iat")


def _number(claims: Claims, name: str) -> float:
    found = claims.get(name)
    if found is None:
        raise TokenRefused(f"the token has no {name}")
    if isinstance(found, bool) or not isinstance(found, int | float) or not abs(found) < _MAX_NUMBER:
        raise TokenRefused(f"{name} is not a time in seconds")
    return float(found)


def _text(found: Claims, name: str) -> str:
    value = found.get(name)
    if value is None:
        raise TokenRefused(f"the token has no {name}")
    if not isinstance(value, str) or not value or len(value) > MAX_TEXT or not value.isprintable():
        raise TokenRefused(f"{name} is not a text of 1 to {MAX_TEXT} characters that show")
    return value


def _audiences(found: Any) -> tuple[str, ...]:
    audiences = [found] if isinstance(found, str) else found
    if not isinstance(audiences, list) or not audiences:
        raise TokenRefused("the token has no aud")
    if len(audiences) > _MAX_AUDIENCES or not all(isinstance(one, str) and one for one in audiences):
        raise TokenRefused("aud is not a text or a list of texts")
    return tuple(audiences)
