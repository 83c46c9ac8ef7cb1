"""Who asks Cloud Storage: service accounts by their keys, the tokens that they get, and what they sign."""

import json
import secrets
import time
from binascii import unhexlify
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support.clouds.gcs_messages import GcsRefusal, GcsRequest, invalid

PROJECT = "acme-data"
GOOGLE = "https://oauth2.googleapis.com/token"
"""For whom Google's library makes each JWT, wherever it sends it."""
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
HOST = "storage.googleapis.com"
LONGEST = 604_800
"""Seconds that a signed URL can live."""
_ALGORITHM = "GOOG4-RSA-SHA256"
_SIGNED = tuple(f"X-Goog-{name}" for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders"))
_READ, _WRITE, _ALL = range(3)
_SCOPES = {
    "devstorage.read_only": _READ,
    "devstorage.read_write": _WRITE,
    "devstorage.full_control": _ALL,
    "cloud-platform": _ALL,
}
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your Google secret key and signing method."
)


class NoToken(Exception):
    """The token endpoint gives none; the first words are OAuth's code."""


class GcsPrincipals:
    """The service accounts that exist, each with one key."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self._folder, self._endpoint = folder, endpoint
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self._tokens: dict[str, tuple[str, int, float]] = {}

    def make(self, name: str) -> tuple[str, Path]:
        """A new service account; answers its email and the file with its key."""
        email = f"{name}@{PROJECT}.iam.gserviceaccount.com"
        key = self._keys[email] = rsa.generate_private_key(65537, 2048)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        content = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": sha256(pem.encode()).hexdigest()[:40],
            "private_key": pem,
            "client_email": email,
            "client_id": str(len(self._keys)),
            "token_uri": f"{self._endpoint}/token",
            "universe_domain": "googleapis.com",
        }
        path = self._folder / f"{name}.json"
        path.touch(0o600)
        path.write_text(json.dumps(content))
        return email, path

    def __contains__(self, email: str) -> bool:
        return email in self._keys

    def token(self, form: Mapping[str, str]) -> str:
        """A token for an account that proves itself by a JWT of its key; NoToken if it does not."""
        if form.get("grant_type") != GRANT:
            raise NoToken("unsupported_grant_type: only that of service accounts is known")
        assertion = form.get("assertion", "")
        try:
            email = str(jwt.decode(assertion, options={"verify_signature": False})["iss"])
            public = self._keys[email].public_key()
            required: Any = {"require": ["iat", "exp", "iss", "aud", "scope"]}
            audience = [f"{self._endpoint}/token", GOOGLE]
            claims = jwt.decode(assertion, public, ["RS256"], audience=audience, options=required)
        except (jwt.InvalidTokenError, KeyError) as error:
            raise NoToken(f"invalid_grant: Invalid JWT: {error}") from None
        if claims["exp"] - claims["iat"] > 3600:
            raise NoToken("invalid_grant: Invalid JWT: Token must be a short-lived token (60 minutes)")
        scopes = [_SCOPES.get(scope.rpartition("/")[2], -1) for scope in claims["scope"].split()]
        if max(scopes, default=-1) < _READ:
            raise NoToken("invalid_scope: no scope of Cloud Storage")
        made = f"ya29.{secrets.token_urlsafe(40)}"
        self._tokens[made] = (email, max(scopes), time.monotonic() + 3600)
        return made

    def of_token(self, token: str, method: str) -> str | None:
        """Whose token it is; None if it is nobody's, or has ended. Refuses what it was not made for."""
        email, scope, ends = self._tokens.get(token, (None, _READ, 0.0))
        if time.monotonic() >= ends:
            return None
        if scope < _scope_of(method):
            raise GcsRefusal(403, "forbidden", "Provided scope(s) are not authorized", "AccessDenied")
        return email

    def of_signature(self, request: GcsRequest) -> str:
        """Who signed a URL, if it is exactly this one, and has not ended."""
        given = dict(request.query)
        signature = given.pop("X-Goog-Signature")
        if missing := [name for name in _SIGNED if name not in given]:
            raise invalid(f"The request is missing the query parameter {missing[0]}")
        email, _, scope = given["X-Goog-Credential"].partition("/")
        made = _made(given["X-Goog-Date"], scope)
        _must_live(made, given["X-Goog-Expires"])
        names, host = given["X-Goog-SignedHeaders"].split(";"), request.headers.get("Host", "")
        # obstore signs for the one host there is, wherever its URLs lead.
        hosts = [HOST, host] if host == urlsplit(self._endpoint).netloc else [host]
        for canonical in (_canonical(request, given, names, one) for one in hosts):
            digest = sha256(canonical.encode()).hexdigest()
            signed = "\n".join([given["X-Goog-Algorithm"], given["X-Goog-Date"], scope, digest])
            # Whatever is not signed could be changed by whoever has the URL.
            known = given["X-Goog-Algorithm"] == _ALGORITHM and "host" in names and email in self._keys
            if known and _verifies(self._keys[email], signature, signed):
                return email
        told = {"StringToSign": signed, "CanonicalRequest": canonical}
        raise GcsRefusal(403, "forbidden", _MISMATCH, "SignatureDoesNotMatch", **told)


def _scope_of(method: str) -> int:
    if method.endswith(("IamPolicy", ".patch", ".update")):
        return _ALL
    return _READ if method.endswith((".get", ".list", ".testIamPermissions")) else _WRITE


def _made(date: str, scope: str) -> datetime:
    try:
        made = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise invalid(f"Invalid X-Goog-Date: {date}") from None
    day, _, rest = scope.partition("/")
    if day != date[:8] or rest != "auto/storage/goog4_request":
        raise invalid(f"Invalid credential scope: {scope}")
    return made


def _must_live(made: datetime, expires: str) -> None:
    if not expires.isdigit() or not 1 <= int(expires) <= LONGEST:
        raise invalid(f"X-Goog-Expires must be between 1 and {LONGEST} seconds: {expires}")
    now, ends = datetime.now(UTC), made + timedelta(seconds=int(expires))
    if made > now + timedelta(minutes=15):
        raise GcsRefusal(403, "forbidden", "Request is not yet valid.", "AccessDenied")
    if ends < now:
        words = f"The provided token has expired. Request signature expired at: {ends.isoformat()}"
        raise GcsRefusal(400, "invalid", words, "ExpiredToken")


def _verifies(key: rsa.RSAPrivateKey, signature: str, signed: str) -> bool:
    try:
        key.public_key().verify(unhexlify(signature), signed.encode(), padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def _canonical(request: GcsRequest, query: Mapping[str, str], names: list[str], host: str) -> str:
    pairs = "&".join(f"{quote(key, safe='~')}={quote(query[key], safe='~')}" for key in sorted(query))
    sent = {name: request.headers.get(name, "") for name in names} | {"host": host}
    headers = [f"{name}:{' '.join(sent[name].split())}" for name in names]
    parts = [request.method, request.path, pairs, *headers, "", ";".join(names), "UNSIGNED-PAYLOAD"]
    return "\n".join(parts)
