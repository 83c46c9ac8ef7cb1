"""Signs requests as Encord's own SDK does: HTTP message signatures with an Ed25519 key.

Over the SDK's set (method, target, digest) it also covers the authority, a nonce, and If-Match where it is.
"""

import base64
import secrets
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.model.private_files import FileNotPrivate, read_private

COMPONENTS = ("@method", "@request-target", "@authority", "content-digest")
CONDITION = "if-match"
"""Covered by the signature of a request that has it: without it the request would mean something else."""
LABEL = "encord-sig"
_NONE: Mapping[str, str] = MappingProxyType({})


class Credentials(Protocol):
    """What proves who calls."""

    def headers(
        self, method: str, target: str, authority: str, body: bytes, more: Mapping[str, str] = _NONE
    ) -> dict[str, str]:
        """The headers to add to one request with these `more` header fields, by their names in lower case."""


@runtime_checkable
class Renewable(Protocol):
    """Credentials that may be had anew once the API does not know them any more."""

    def drop(self, authorization: str) -> None:
        """Drops what a refused request was sent with, so that the next one is sent with something else."""


class Bearer:
    """A token made by `user/bearer-token`."""

    def __init__(self, token: str) -> None:
        if not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigurationError("ENCORD_TOKEN is not a token", hint="Get one from user/bearer-token")
        self._token = token

    def headers(
        self, method: str, target: str, authority: str, body: bytes, more: Mapping[str, str] = _NONE
    ) -> dict[str, str]:
        """The Authorization header."""
        return {"Authorization": f"Bearer {self._token}"}


class Signer:
    """An Ed25519 key that signs each request."""

    def __init__(self, key: Ed25519PrivateKey, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._clock = clock

    @property
    def public_key(self) -> str:
        """The raw public key in hexadecimal, 64 characters."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def headers(
        self, method: str, target: str, authority: str, body: bytes, more: Mapping[str, str] = _NONE
    ) -> dict[str, str]:
        """Content-Digest, Signature-Input and Signature."""
        digest = content_digest(body)
        values = dict(zip(COMPONENTS, (method, target, authority, digest), strict=True))
        values |= {name: value for name, value in more.items() if name == CONDITION}
        covered = " ".join(f'"{name}"' for name in values)
        params = (
            f'({covered});created={int(self._clock())};keyid="{self.public_key}";alg="ed25519"'
            f';nonce="{secrets.token_hex(16)}"'
        )
        signature = self._key.sign(signature_base(values, params))
        return {
            "Content-Digest": digest,
            "Signature-Input": f"{LABEL}={params}",
            "Signature": f"{LABEL}=:{base64.b64encode(signature).decode()}:",
        }


def content_digest(body: bytes) -> str:
    """The Content-Digest field of a body; also sent for an empty one."""
    return f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"


def signature_base(values: dict[str, str], params: str) -> bytes:
    """The bytes that are signed: a line for each covered component, then the parameters."""
    lines = [f'"{name}": {value}' for name, value in values.items()]
    return "\n".join([*lines, f'"@signature-params": {params}']).encode()


def read_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file; raises `ConfigurationError`."""
    try:
        return parse_key(read_private(path), str(path))
    except FileNotPrivate as error:
        raise ConfigurationError(error.message, hint=error.hint) from None
    except OSError as error:
        raise ConfigurationError(f"cannot read the key file {path}: {error.strerror}") from None


def parse_key(text: bytes, source: str) -> Ed25519PrivateKey:
    """A private key in OpenSSH format; `source` names it in errors."""
    hint = (
        "It must be an Ed25519 private key in OpenSSH format without a password: ssh-keygen -t ed25519 -N ''"
    )
    try:
        key = load_ssh_private_key(text.strip() + b"\n", password=None)
    # ValueError, TypeError (a password), UnsupportedAlgorithm: their texts may quote the key.
    except Exception:  # noqa: BLE001
        raise ConfigurationError(f"{source} holds no usable key", hint=hint) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"{source} holds a key of another kind", hint=hint)
    return key
