"""Keys in files: Ed25519 pairs that requests are signed with, and a database's encryption key."""

import os
import secrets
import stat
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_ssh_private_key,
)

from pulumi_encord_integrations.model.private_files import (
    FileNotPrivate,
    read_private,
    require_own_folder,
    write_once,
)
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.revision import beside, sync_folder
from pulumi_encord_integrations.server.vault import KEY_BYTES, Vault

_DRAFT_BYTES = 10
LONGEST_NAME = 255 - _DRAFT_BYTES
"""Bytes of a key file's name, which is longer while it is a draft."""
_KEY_MODE = stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP


def open_vault(database: Database, *, create: bool) -> Vault:
    """The vault of a database; `create` makes a key where there is neither key nor database.

    Raises `DatabaseUnusable` if the key is absent or malformed.
    """
    path = database.key_file
    if create:
        require_key_place(path)
        write_once(path, secrets.token_hex(KEY_BYTES).encode())
    return database.vault


def require_key_place(path: Path) -> None:
    """Raises `DatabaseUnusable` if others could have made the key, or could take it away."""
    try:
        if os.path.lexists(path):
            read_private(path, own=True)
        elif path.parent.is_dir():
            require_own_folder(path.parent, sticky=True)
    except FileNotPrivate as error:
        raise DatabaseUnusable(error.message, error.hint) from None
    except OSError as error:
        raise DatabaseUnusable(f"cannot read the key file {path}: {error.strerror}") from None


def user_key_file(database: Path, user: str) -> Path:
    """Where a user of an embedded database has the private key: a file that no other e-mail has."""
    quoted = "".join(_quoted(char) for char in user)
    if len(os.fsencode(f"{database.name}.{quoted}.key")) > LONGEST_NAME:
        quoted = f"sha256-{sha256(user.encode()).hexdigest()}"
    return beside(database, f"{quoted}.key")


def _quoted(char: str) -> str:
    # Where file systems ignore case, a letter that folds to others would be them.
    plain = char.isprintable() and char not in "/%" and char.casefold() == char
    return char if plain else "".join(f"%{byte:02X}" for byte in char.encode())


def new_key() -> bytes:
    """A new Ed25519 private key in OpenSSH format."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def replace_private(path: Path, content: bytes) -> None:
    """Replaces a file that only its owner may read, whole or not at all, and lasting; its owner stays.

    One process at a time: the draft of one that was killed, which holds keys, is removed.
    """
    real = path.resolve()
    draft = real.with_name(f".{real.name}.draft")
    draft.unlink(missing_ok=True)
    was = real.stat()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if (was.st_uid, was.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), was.st_uid, was.st_gid)
            os.fchmod(file.fileno(), was.st_mode & _KEY_MODE)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(real)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(real.parent)


def public_key_of(private_key: bytes) -> str:
    """The raw public key in hexadecimal of a private key in OpenSSH format; raises ValueError."""
    key = load_ssh_private_key(private_key, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")
    return key.public_key().public_bytes_raw().hex()
