"""Secrets at rest: AES-256-GCM, each bound to its row and column."""

import hmac
import os
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pulumi_encord_integrations.model.private_files import FileNotPrivate, read_private
from pulumi_encord_integrations.server.errors import DatabaseUnusable

KEY_BYTES = 32
_NONCE_BYTES = 12


class SecretUnreadable(Exception):
    """A stored secret does not open: another key, another row, or altered bytes."""


class Vault:
    """One deployment's encryption key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"an encryption key has {KEY_BYTES} bytes, not {len(key)}")
        self._cipher = AESGCM(self.derive_from(key, b"secrets"))
        self._key = key
        self._fingerprint_key = self.derive(b"fingerprints")
        self.key_id = sha256(b"encord-integrations key id" + key).hexdigest()[:16]

    @classmethod
    def read(cls, path: Path) -> Self:
        """The vault of a key file; raises `DatabaseUnusable` if the key is absent or malformed."""
        try:
            return cls(bytes.fromhex(read_private(path).decode("ascii").strip()))
        except FileNotPrivate as error:
            raise DatabaseUnusable(error.message, error.hint) from None
        except FileNotFoundError:
            raise DatabaseUnusable(
                f"the encryption key {path} is missing", "Restore it from a backup"
            ) from None
        except OSError as error:
            raise DatabaseUnusable(f"cannot read the encryption key {path}: {error.strerror}") from None
        except ValueError:
            raise DatabaseUnusable(f"{path} holds no encryption key", "Restore it from a backup") from None

    @property
    def audit_key(self) -> bytes:
        """What entries of the audit trail are chained with."""
        return self.derive(b"audit trail")

    @staticmethod
    def derive_from(key: bytes, purpose: bytes) -> bytes:
        """A key of its own for each purpose."""
        return HKDF(SHA256(), KEY_BYTES, None, b"encord-integrations " + purpose).derive(key)

    def derive(self, purpose: bytes) -> bytes:
        """A key of its own for each purpose, 32 bytes."""
        return self.derive_from(self._key, purpose)

    def seal(self, plain: str, *place: str) -> bytes:
        """The ciphertext of `plain`, which opens only at the same place (table, row, column)."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain.encode(), self._bound_to(place))

    def open(self, sealed: bytes, *place: str) -> str:
        """The plain text; raises `SecretUnreadable`."""
        try:
            return self._cipher.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self._bound_to(place)
            ).decode()
        except (InvalidTag, ValueError):
            raise SecretUnreadable("/".join(place)) from None

    def fingerprint(self, *parts: str) -> str:
        """A salted digest: tells that a secret changed, nothing about it."""
        return hmac.new(self._fingerprint_key, "\0".join(parts).encode(), sha256).hexdigest()[:32]

    def _bound_to(self, place: tuple[str, ...]) -> bytes:
        return "\0".join((*place, self.key_id)).encode()
