"""Secrets at rest: AES-256-GCM, each bound to its row, its column and the key that sealed it."""

import hmac
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pulumi_encord_integrations.model.private_files import FileNotPrivate, read_private
from pulumi_encord_integrations.server.errors import DatabaseUnusable, Overloaded

KEY_BYTES = 32
_NONCE_BYTES = 12
_PREVIOUS = "previous"
_PINNED = {"audit": b"audit trail", "fingerprints": b"fingerprints"}
"""Derived keys that outlive a rotation, by their name in the file, and what each is derived for."""


class SecretUnreadable(Exception):
    """A stored secret does not open: another key, another row, or altered bytes."""


class EncryptionKey:
    """One encryption key; `id` names it in the database and tells nothing about it."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"an encryption key has {KEY_BYTES} bytes, not {len(key)}")
        self._key = key
        self.id = sha256(b"encord-integrations key id" + key).hexdigest()[:16]
        self._cipher = AESGCM(self.derive(b"secrets"))

    def hex(self) -> str:
        """The key as a key file holds it."""
        return self._key.hex()

    def derive(self, purpose: bytes) -> bytes:
        """A key of its own for each purpose, 32 bytes."""
        return HKDF(SHA256(), KEY_BYTES, None, b"encord-integrations " + purpose).derive(self._key)

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

    def _bound_to(self, place: tuple[str, ...]) -> bytes:
        return "\0".join((*place, self.id)).encode()


@dataclass(frozen=True)
class Keyring:
    """What a key file holds: the current key, those before it until a rotation ends, and pinned keys."""

    current: EncryptionKey
    previous: tuple[EncryptionKey, ...] = ()
    pinned: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Keys derived from the first key, by name: a rotation must not change what they were used for."""

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """The content of a key file; raises ValueError, which quotes nothing of it."""
        first, *more = content.decode("ascii").strip().splitlines() or [""]
        previous, pinned = list[EncryptionKey](), dict[str, bytes]()
        for line in more:
            name, _, value = line.strip().partition(" ")
            key = _key_of(value.strip())
            if name == _PREVIOUS:
                previous.append(EncryptionKey(key))
            elif name in _PINNED and name not in pinned:
                pinned[name] = key
            else:
                raise ValueError("a line of the key file is unknown or there twice")
        if pinned and pinned.keys() != _PINNED.keys():
            raise ValueError("a line of the key file is missing")
        return cls(EncryptionKey(_key_of(first.strip())), tuple(previous), pinned)

    def content(self) -> bytes:
        """What a key file holds."""
        lines = [self.current.hex()]
        lines += [f"{_PREVIOUS} {key.hex()}" for key in self.previous]
        lines += [f"{name} {key.hex()}" for name, key in sorted(self.pinned.items())]
        return ("\n".join(lines) + ("\n" if len(lines) > 1 else "")).encode()

    @property
    def keys(self) -> tuple[EncryptionKey, ...]:
        """All keys that open secrets, the current one first."""
        return (self.current, *self.previous)

    def rotated(self, key: bytes) -> "Keyring":
        """The same with a new current key; what is not sealed keeps its keys."""
        return Keyring(EncryptionKey(key), self.keys, {name: self.pin(name) for name in _PINNED})

    def completed(self) -> "Keyring":
        """The same without the keys that sealed before."""
        return Keyring(self.current, (), self.pinned)

    def pin(self, name: str) -> bytes:
        """The derived key of a name, which no rotation changes."""
        return self.pinned.get(name) or self.current.derive(_PINNED[name])


class Vault:
    """One deployment's encryption keys; a key file that is replaced is read anew by itself."""

    def __init__(self, keyring: Keyring | bytes) -> None:
        self._openers: dict[str, EncryptionKey] = {}
        self._hold(keyring if isinstance(keyring, Keyring) else Keyring(EncryptionKey(keyring)))
        self._file: Path | None = None
        self._stamp: tuple[int, ...] | None = None

    @classmethod
    def read(cls, path: Path) -> Self:
        """The vault of a key file; raises `DatabaseUnusable` if the key is absent or malformed."""
        stamp = _stamp_of(path)
        made = cls(read_keyring(path))
        made._file, made._stamp = path, stamp
        return made

    def _hold(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._fingerprint_key = keyring.pin("fingerprints")
        self._audit_key = keyring.pin("audit")
        # A transaction that began before the end of a rotation still reads what the former key sealed.
        self._openers |= {key.id: key for key in keyring.keys}

    @property
    def keyring(self) -> Keyring:
        """The keys as the file holds them now; those of before if it cannot be read, or is another's."""
        stamp = _stamp_of(self._file) if self._file else None
        if self._file and stamp and stamp != self._stamp:
            with suppress(DatabaseUnusable):
                found = read_keyring(self._file)
                self._stamp = stamp
                # Every rotation keeps them. The audit trail must not go on under a key of another database.
                if all(found.pin(name) == self._keyring.pin(name) for name in _PINNED):
                    self._hold(found)
        return self._keyring

    @property
    def key_id(self) -> str:
        """The id of the current key."""
        return self.keyring.current.id

    def holds(self, key_id: str) -> bool:
        """Whether it has the key of that id."""
        return any(key.id == key_id for key in self.keyring.keys)

    def sealing(self, key_id: str) -> EncryptionKey:
        """The key that a database says secrets are sealed with; raises `Overloaded` if it is not here."""
        for key in self.keyring.keys:
            if key.id == key_id:
                return key
        raise Overloaded(
            "encryption_key_missing",
            f"this server does not hold the encryption key {key_id}, which its database is sealed with",
            "Copy the key file to this server; it is read without a restart",
        )

    @property
    def audit_key(self) -> bytes:
        """What entries of the audit trail are chained with; the same after a rotation."""
        return self._audit_key

    def derive(self, purpose: bytes) -> bytes:
        """A key of the current key for one purpose, 32 bytes."""
        return self.keyring.current.derive(purpose)

    def derive_all(self, purpose: bytes, first: str = "") -> list[bytes]:
        """The same of each key that is held: the one of the id `first`, then the current one."""
        keys = sorted(self.keyring.keys, key=lambda key: key.id != first)
        return [key.derive(purpose) for key in keys]

    def open(self, sealed: bytes, key_id: str, *place: str) -> str:
        """The plain text of what that key sealed; raises `SecretUnreadable`."""
        held = {key.id: key for key in self.keyring.keys}
        key = held.get(key_id) or self._openers.get(key_id)
        if key is None:
            raise SecretUnreadable("/".join(place))
        return key.open(sealed, *place)

    def fingerprint(self, *parts: str) -> str:
        """A salted digest: tells that a secret changed, nothing about it; the same after a rotation."""
        return hmac.new(self._fingerprint_key, "\0".join(parts).encode(), sha256).hexdigest()[:32]


def read_keyring(path: Path) -> Keyring:
    """What a key file holds; raises `DatabaseUnusable`."""
    try:
        return Keyring.parse(read_private(path))
    except FileNotPrivate as error:
        raise DatabaseUnusable(error.message, error.hint) from None
    except FileNotFoundError:
        raise DatabaseUnusable(f"the encryption key {path} is missing", "Restore it from a backup") from None
    except OSError as error:
        raise DatabaseUnusable(f"cannot read the encryption key {path}: {error.strerror}") from None
    except ValueError:
        raise DatabaseUnusable(f"{path} holds no encryption key", "Restore it from a backup") from None


def _key_of(text: str) -> bytes:
    key = bytes.fromhex(text)
    if len(key) != KEY_BYTES or len(text) != 2 * KEY_BYTES:
        raise ValueError(f"an encryption key has {KEY_BYTES} bytes")
    return key


def _stamp_of(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
