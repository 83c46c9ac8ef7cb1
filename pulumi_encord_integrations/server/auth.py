"""Who calls: Encord's Ed25519 message signatures, or a bearer token made from one."""

import base64
import hmac
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import http_sf
from cryptography.exceptions import InvalidSignature
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_sf import StructuredFieldError

from pulumi_encord_integrations.server import request_context
from pulumi_encord_integrations.server.errors import Misdirected, Unauthenticated, unauthenticated
from pulumi_encord_integrations.server.vault import Vault

LABEL = "encord-sig"
TOKEN_SECONDS = 3600
FEDERATED_SECONDS = 900
_FEDERATED = "federation:"
"""What a token for a federation begins with; one for a key is 64 hexadecimal digits."""
_READ_ONLY = ":read"
_SDK_COMPONENTS = ("@method", "@request-target", "content-digest")
_OWN_COMPONENTS = ("@method", "@request-target", "@authority", "content-digest")
_CONDITION = "if-match"
"""Covered, behind the others, by our own signatures of requests that carry it."""
_SDK_PARAMS = {"created", "keyid", "alg"}
_MAX_FIELD = 4096
_MAX_TOLD = 2048
"""Characters of what arrived that are told in a refusal."""
_MIN_NONCE = 16
_PORT = re.compile(r":\d{1,5}$")
_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?")


@dataclass(frozen=True)
class Incoming:
    """What comes before a request's body: the parts that are signed."""

    method: str
    target: str
    authority: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Address:
    """Where callers reach the API, if a proxy changes that on the way."""

    authority: str
    prefix: str = ""
    """Of the path; the proxy takes it off."""
    scheme: str = "https"
    """Not signed."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.prefix}"


@dataclass(frozen=True)
class Proof:
    """A public key or a federation that was proven, and what tells this request from any other."""

    public_key: str
    """Empty for a federation."""
    request: tuple[str, ...]
    unique: bool = False
    """True if the signature holds a nonce, so that no honest second request can look like this one."""
    signed: bool = True
    """False for a bearer token."""
    digest: str | None = field(default=None, repr=False)
    """The Content-Digest that was signed; None for a bearer token."""
    federation: str = ""
    """The uuid of the federation that a token was exchanged at; empty for a key."""
    read_only: bool = False
    """True for a token that was asked for with the scope read, whatever its federation allows."""

    @property
    def credential(self) -> str:
        """Tells the key or federation from every other one."""
        return self.public_key or self.federation

    def of_body(self, digest: bytes, size: int) -> "Proof":
        """The proof of the whole request, whose body has this SHA-256; raises `Unauthenticated`."""
        if self.digest is None:
            return replace(self, request=(*self.request, digest.hex()))
        arrived = f"sha-256=:{base64.b64encode(digest).decode()}:"
        if not hmac.compare_digest(self.digest.encode(), arrived.encode()):
            raise unauthenticated(
                f"the Content-Digest does not match the body that arrived ({size} bytes)",
                "A proxy must pass on bodies unchanged",
            )
        return self


@dataclass(frozen=True)
class Acceptance:
    """Which requests a deployment accepts."""

    window: int
    """Seconds that a signature may be old, or ahead of the server's clock."""
    addresses: tuple[Address, ...] = ()
    """Where callers reach the API, if a proxy changes that: requests may be signed for any of them."""
    hosts: tuple[str, ...] = ()
    """The Host headers that it answers to, each with a port or for any; empty: to all without `addresses`, to
    none with them.
    """
    strict: bool = False
    """Whether each request needs a signature with a nonce: no bearer token, no request of Encord's SDK."""


def prove(incoming: Incoming, vault: Vault, accepted: Acceptance) -> Proof:
    """The key behind a request, of which the body may still be on its way; raises `Unauthenticated`.

    Whether anyone owns the key is asked elsewhere. Raises `Misdirected` for a host that is not served.
    """
    authorization = incoming.headers.get("authorization", "")
    if authorization and "signature" not in incoming.headers:
        proof = _prove_bearer(authorization, incoming, vault)
    else:
        proof = _prove_signature(incoming, accepted)
    if accepted.strict and not proof.unique:
        raise Unauthenticated(
            "nonce_required",
            "this API takes only signatures that cover the host and a nonce (serve --strict-signatures)",
            "Call it with this package; Encord's SDK and bearer tokens have no nonce",
        )
    _require_host(incoming.authority, accepted)
    return proof


def _serves(authority: str, accepted: Acceptance) -> bool:
    if not accepted.hosts:
        return not accepted.addresses
    return bool({authority.lower(), _PORT.sub("", authority.lower())} & set(accepted.hosts))


def _require_host(authority: str, accepted: Acceptance) -> None:
    # Behind a proxy that changes the header, it is the proxy's to serve its own names alone.
    if not accepted.addresses and not _serves(authority, accepted):
        name = _told(_PORT.sub("", authority.lower()))
        raise Misdirected(
            "host_not_served",
            f"this API does not serve the host {_told(authority)}",
            f"Call it at another address, or serve it with --public-host {name}",
        )


def issue_token(public_key: str, vault: Vault, key_id: str = "") -> str:
    """A bearer token that stands for a key for an hour; `key_id` is of the key that the database names.

    While a key is rotated, that is the one that all servers hold.
    """
    return _fernet(vault, key_id).encrypt(public_key.encode()).decode()


def issue_federated_token(federation: str, vault: Vault, key_id: str = "", *, read_only: bool = False) -> str:
    """The same for a federation, for `FEDERATED_SECONDS`, with its scope or less."""
    request_context.note_federated_token()
    said = f"{_FEDERATED}{federation}{_READ_ONLY if read_only else ''}"
    return _fernet(vault, key_id).encrypt(said.encode()).decode()


def _prove_bearer(authorization: str, incoming: Incoming, vault: Vault) -> Proof:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.isascii():
        raise unauthenticated("the Authorization header is not a bearer token")
    try:
        # One spelling only: the token is part of what tells a repeat from another request.
        if base64.urlsafe_b64encode(base64.urlsafe_b64decode(token)).decode() != token:
            raise InvalidToken
        fernet = _fernet(vault)
        said = fernet.decrypt(token.encode(), ttl=TOKEN_SECONDS).decode()
        if said.startswith(_FEDERATED):
            fernet.decrypt(token.encode(), ttl=FEDERATED_SECONDS)
    except (InvalidToken, ValueError):
        raise unauthenticated("the bearer token is not valid or has ended", "Get a new one") from None
    request = (token, incoming.method, incoming.target)
    if said.startswith(_FEDERATED):
        federation, narrowed, _ = said.removeprefix(_FEDERATED).partition(_READ_ONLY)
        return Proof("", request, signed=False, federation=federation, read_only=bool(narrowed))
    return Proof(said, request, signed=False)


def _fernet(vault: Vault, key_id: str = "") -> MultiFernet:
    """Opens what each held key made; makes with the one of that id, if it is held."""
    keys = vault.derive_all(b"bearer tokens", key_id)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


def _prove_signature(incoming: Incoming, accepted: Acceptance) -> Proof:
    covered, params, signature = _signature_fields(incoming.headers)
    condition = incoming.headers.get(_CONDITION)
    own = covered == (_OWN_COMPONENTS if condition is None else (*_OWN_COMPONENTS, _CONDITION))
    if not own and covered[: len(_OWN_COMPONENTS)] == _OWN_COMPONENTS:
        raise unauthenticated("the signature does not cover the If-Match header, or covers one that is gone")
    if not own and covered != _SDK_COMPONENTS:
        raise unauthenticated("the signature does not cover method, target and digest")
    expected = _SDK_PARAMS | ({"nonce"} if own else set())
    if set(params) != expected or not isinstance(params["alg"], str) or params["alg"] != "ed25519":
        raise unauthenticated("the signature's parameters are not created, keyid and alg ed25519")
    if own and not (isinstance(params["nonce"], str) and len(params["nonce"]) >= _MIN_NONCE):
        raise unauthenticated(f"the signature's nonce has fewer than {_MIN_NONCE} characters")
    digest = incoming.headers.get("content-digest", "")
    if not digest:
        raise unauthenticated("the request has no Content-Digest header", "A proxy must pass it on")
    key = _public_key(params["keyid"])
    # What was received is verified as it stands: serialising the parsed form anew would hide differences.
    received = incoming.headers["signature-input"].removeprefix(f"{LABEL}=")
    here = Address(incoming.authority)
    served = not accepted.addresses or _serves(incoming.authority, accepted)
    for address in (*accepted.addresses, *([here] if served else [])):
        values = {
            "@method": incoming.method,
            "@request-target": address.prefix + incoming.target,
            "@authority": address.authority,
            "content-digest": digest,
            _CONDITION: condition,
        }
        lines = [*(f'"{name}": {values[name]}' for name in covered), f'"@signature-params": {received}']
        if _verifies(key, signature, "\n".join(lines)):
            break
    else:
        raise _mismatch(incoming, covered, accepted.addresses)
    _check_time(params["created"], accepted.window)
    request = (received, incoming.method, incoming.target, digest)
    return Proof(params["keyid"], request, unique=own, digest=digest)


def _verifies(key: Ed25519PublicKey, signature: bytes, base: str) -> bool:
    try:
        key.verify(signature, base.encode())
    except InvalidSignature:
        return False
    return True


def _mismatch(incoming: Incoming, covered: tuple[str, ...], addresses: Sequence[Address]) -> Unauthenticated:
    """Says what arrived, all of it sent by the caller, who so sees what was changed on the way."""
    arrived = {"@method": incoming.method, "@request-target": incoming.target}
    if "@authority" in covered:
        arrived["@authority"] = incoming.authority
    told = {name: _told(value) for name, value in arrived.items()}
    host = f", for the host {told['@authority']}" if "@authority" in told else ""
    # One address at most: whoever asks is unknown.
    served = f"; this API serves {addresses[0]}" if addresses else ""
    return Unauthenticated(
        "signature_mismatch",
        "the signature does not match the request that arrived: "
        f"{told['@method']} {told['@request-target']}{host}{served}",
        _remedy(incoming.authority, addresses),
        [{"component": name, "arrived": value} for name, value in told.items()],
    )


def _remedy(authority: str, addresses: Sequence[Address]) -> str:
    if not addresses:
        return "A proxy must pass on the Host header, the path and the query unchanged"
    if authority in {address.authority for address in addresses}:
        return "Call it there; a proxy must pass on the path and the query unchanged"
    scheme = "http" if _LOOPBACK.fullmatch(authority) else "https"
    return f"Call it there, or serve it with --public-url {scheme}://{_told(authority)} too"


def _told(value: str) -> str:
    return value.encode("ascii", "backslashreplace").decode()[:_MAX_TOLD]


def _signature_fields(headers: Mapping[str, str]) -> tuple[tuple[str, ...], dict[str, Any], bytes]:
    given, value = headers.get("signature-input", ""), headers.get("signature", "")
    if not given or not value:
        raise unauthenticated("the request is not signed and has no bearer token")
    malformed = unauthenticated("the signature headers are malformed")
    if not given.startswith(f"{LABEL}=") or len(given) > _MAX_FIELD or len(value) > _MAX_FIELD:
        raise malformed
    try:
        inputs, signatures = (_dictionary(field) for field in (given, value))
    # The parser raises its own error and, on some malformed texts, whatever it stumbles over.
    except (StructuredFieldError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise malformed from None
    if list(inputs) != [LABEL] or list(signatures) != [LABEL]:
        raise malformed
    (components, params), (signature, extra) = inputs[LABEL], signatures[LABEL]
    if not isinstance(components, list) or not isinstance(signature, bytes) or extra:
        raise malformed
    # One spelling only: the field itself is not among what is signed.
    if value != f"{LABEL}=:{base64.b64encode(signature).decode()}:":
        raise malformed
    if any(more or not isinstance(name, str) for name, more in components):
        raise malformed
    return tuple(str(name) for name, _ in components), params, signature


def _dictionary(field: str) -> dict[str, Any]:
    parsed = http_sf.parse(field.encode("ascii"), tltype="dictionary")
    if not isinstance(parsed, dict):
        raise ValueError("not a dictionary")
    return parsed


def _public_key(keyid: object) -> Ed25519PublicKey:
    try:
        if not isinstance(keyid, str) or keyid != keyid.lower() or len(keyid) != 64:
            raise ValueError
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(keyid))
    except ValueError:
        raise unauthenticated("the signature's keyid is not an Ed25519 public key in hexadecimal") from None


def _check_time(created: object, window: int) -> None:
    if not isinstance(created, int) or isinstance(created, bool):
        raise unauthenticated("the signature's created is not a time in seconds")
    ahead = created - time.time()
    if abs(ahead) > window:
        way = "ahead of" if ahead > 0 else "behind"
        raise Unauthenticated(
            "clock_skew",
            f"the request was signed {abs(ahead):.0f} s {way} the API's clock, more than {window} s",
            "Set the clocks of both machines",
        )
