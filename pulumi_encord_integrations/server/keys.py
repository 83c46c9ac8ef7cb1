"""Keys in files: Ed25519 pairs that requests are signed with, and a database's encryption key."""

import os
import secrets
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)

from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.vault import KEY_BYTES, Vault


def open_vault(database: Database, *, create: bool) -> Vault:
    """The vault of a database; `create` makes a key where there is neither key nor database.

    Raises `DatabaseUnusable` if the key is absent or malformed.
    """
    path = database.key_file
    if create:
        write_once(path, secrets.token_hex(KEY_BYTES).encode())
    try:
        return Vault(bytes.fromhex(path.read_text("ascii").strip()))
    except FileNotFoundError:
        raise DatabaseUnusable(f"the encryption key {path} is missing", "Restore it from a backup") from None
    except OSError as error:
        raise DatabaseUnusable(f"cannot read the encryption key {path}: {error.strerror}") from None
    except ValueError:
        raise DatabaseUnusable(f"{path} holds no encryption key", "Restore it from a backup") from None


def new_key() -> bytes:
    """A new Ed25519 private key in OpenSSH format."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def write_once(path: Path, content: bytes) -> None:
    """Creates a file that only its owner may read, whole or not at all; one that exists stays."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def public_key_of(private_key: bytes) -> str:
    """The raw public key in hexadecimal of a private key in OpenSSH format; raises ValueError."""
    key = load_ssh_private_key(private_key, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")
    return key.public_key().public_bytes_raw().hex()


def public_key_in(text: bytes) -> str:
    """The raw public key in hexadecimal of an OpenSSH `.pub` file; raises ValueError."""
    try:
        key = load_ssh_public_key(text.strip())
    except UnsupportedAlgorithm:
        raise ValueError("a key of an unknown kind") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    return key.public_bytes_raw().hex()
