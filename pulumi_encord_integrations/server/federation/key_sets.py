"""An issuer's public keys (JWKS), and what one of them verifies."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_encord_integrations.server.federation.tokens import LEEWAY, ClaimedToken, TokenRefused

MAX_KEYS = 100
_MIN_RSA, _MAX_RSA = 2048, 8192
"""Bits."""
_KINDS = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""Kind and curve of the key, by algorithm."""
_PART = re.compile(r"[A-Za-z0-9_-]+")
_PARTS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
PublicJwk = Mapping[str, Any]
KeySet = Mapping[str, Sequence[PublicJwk]]
"""The keys by their names; more than one of a name is an error of the issuer's."""


def key_set(found: Any) -> KeySet:
    """The keys of a JWKS document that have names; raises `TokenRefused`."""
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list):
        raise TokenRefused("the issuer's key set has no list of keys")
    if len(keys) > MAX_KEYS:
        raise TokenRefused(f"the issuer's key set has more than {MAX_KEYS} keys")
    named: dict[str, list[PublicJwk]] = {}
    for key in keys:
        if isinstance(key, dict) and isinstance(key.get("kid"), str):
            named.setdefault(key["kid"], []).append(key)
    return named


def json_of(body: bytes, what: str) -> Any:
    """What a document of the issuer's says; raises `TokenRefused`."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise TokenRefused(f"{what} is not JSON") from None


def verify(token: ClaimedToken, keys: Sequence[PublicJwk], audience: str) -> None:
    """Raises `TokenRefused` unless the one key of that name signed the token, for this audience."""
    import jwt

    if len(keys) != 1:
        raise TokenRefused(f"the issuer's key set has {len(keys)} keys of the token's kid")
    key = _usable(keys[0], token.algorithm)
    try:
        jwt.decode(
            token.text,
            jwt.PyJWK(key, token.algorithm),
            algorithms=[token.algorithm],
            audience=audience,
            issuer=token.issuer,
            leeway=LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.InvalidSignatureError:
        raise TokenRefused("the signature is not by the issuer's key") from None
    # ValueError of cryptography, for numbers that are no key.
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise TokenRefused(f"the token cannot be verified ({type(error).__name__})") from None


def _usable(key: PublicJwk, algorithm: str) -> dict[str, str]:
    """The public parts of a key that is for this algorithm; raises `TokenRefused`."""
    kind, curve = _KINDS[algorithm]
    if key.get("kty") != kind or (curve and key.get("crv") != curve):
        raise TokenRefused(f"the issuer's key is not one for {algorithm}")
    if key.get("alg", algorithm) != algorithm:
        raise TokenRefused(f"the issuer's key is for another algorithm than {algorithm}")
    operations = key.get("key_ops", ["verify"])
    if key.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise TokenRefused("the issuer's key is not for signatures")
    parts = {name: key.get(name) for name in _PARTS[kind]}
    if not all(isinstance(part, str) and _PART.fullmatch(part) for part in parts.values()):
        raise TokenRefused("the issuer's key is incomplete")
    if kind == "RSA" and not _MIN_RSA <= _bits(str(parts["n"])) <= _MAX_RSA:
        raise TokenRefused(f"the issuer's RSA key has not between {_MIN_RSA} and {_MAX_RSA} bits")
    return {"kty": kind, **{name: str(part) for name, part in parts.items()}}


def _bits(number: str) -> int:
    try:
        return int.from_bytes(urlsafe_b64decode(number + "=" * (-len(number) % 4))).bit_length()
    except ValueError:
        raise TokenRefused("the issuer's key is no number") from None
