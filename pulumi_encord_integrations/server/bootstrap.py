"""Starting on a database file: its keys, and at the first start the organization and its admin."""

import os
import secrets
import shutil
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_ssh_private_key,
)
from fastapi import FastAPI

from pulumi_encord_integrations.model.principals import CloudAccess, Principals
from pulumi_encord_integrations.server.app import create_app
from pulumi_encord_integrations.server.calls import KEY_MAKERS
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store import audit, organizations
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
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


def make_folder(folder: Path) -> None:
    """Makes the folder of a database unless there is one; git ignores it, as keys will lie in it."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Whoever is killed here must not leave a folder that git does not ignore.
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        (draft / ".gitignore").write_text("*\n")
        draft.rename(folder)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        # Another process may have made it meanwhile.
        if not folder.is_dir():
            raise


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


def make_organization(database: Database, vault: Vault, name: str, admin: str, public_key: str) -> bool:
    """Makes the first organization unless there is one; answers whether it did."""
    with database.write() as connection:
        if organizations.first(connection) is not None:
            return False
        organization = organizations.create(connection, name, vault.key_id)
        organizations.add_user(connection, organization, admin, "ADMIN")
        organizations.add_key(connection, organization, admin, public_key)
        audit.record(
            connection,
            organization=organization,
            actor="operator",
            action="organization.create",
            object_=organization,
            detail={"name": name, "admin": admin},
        )
        return True


def open_served(database: Database, *, create: bool = False) -> Vault:
    """Prepares a database and opens its vault; raises `DatabaseUnusable` if they do not belong together."""
    database.prepare()
    with database.read() as connection:
        found = organizations.first(connection)
    if found is None and not create:
        raise DatabaseUnusable(f"{database.name} holds no organization yet", missing=True)
    vault = open_vault(database, create=found is None)
    if found is not None and found.encryption_key_id != vault.key_id:
        raise DatabaseUnusable(
            f"{database.key_file} is not the key of {database.name}", "Restore it from a backup"
        )
    return vault


def open_embedded(
    path: Path,
    user: str,
    principals: Principals,
    *,
    create: bool,
    read_only: bool,
    clouds: CloudAccess | None = None,
) -> tuple[FastAPI, bytes]:
    """The service on a local file, and the private key that `user` signs with; `create` may make both.

    Raises `DatabaseUnusable`, and OSError if the files cannot be read or made.
    """
    if create:
        make_folder(path.parent)
        path.touch(mode=0o600)
    database = SqliteDatabase(path, create=create, read_only=read_only)
    vault = open_served(database, create=create)
    key_file = path.with_name(f"{path.name}.{user}.key")
    _refuse_stranger(database, user)
    if not read_only:
        write_once(key_file, new_key())
    private_key = _private_key(key_file, user)
    if create:
        make_organization(database, vault, "embedded", user, public_key_of(private_key))
    if not read_only:
        private_key = _registered(database, user, key_file)
    return create_app(Deployment(vault, principals, clouds or CloudAccess()), database), private_key


def _private_key(path: Path, user: str) -> bytes:
    makers = KEY_MAKERS.format(user=user)
    try:
        content = path.read_bytes()
        public_key_of(content)
    except FileNotFoundError:
        raise DatabaseUnusable(f"the key {path} is missing", makers[0].upper() + makers[1:]) from None
    # cryptography's errors may quote the key
    except Exception:  # noqa: BLE001
        raise DatabaseUnusable(f"{path} holds no usable key", f"Remove it; {makers}") from None
    return content


def _refuse_stranger(database: Database, user: str) -> None:
    """Whoever may write the file may act as any of its users, but not as a stranger."""
    with database.read() as connection:
        found = organizations.first(connection)
        if found is None or organizations.is_user(connection, found.uuid, user):
            return
        admins = organizations.admins(connection, found.uuid)
    noun = "admin is" if len(admins) == 1 else "admins are"
    raise DatabaseUnusable(
        f"{user} is not a user of the embedded organization",
        f"Its {noun} {', '.join(admins)}; see encord:user",
    )


def _registered(database: Database, user: str, key_file: Path) -> bytes:
    """The user's private key, made known; one that ended with an earlier membership is replaced."""
    private_key = _private_key(key_file, user)
    with database.read() as connection:
        known = organizations.of_key(connection, public_key_of(private_key))
    if known is not None and not known.ended:
        return private_key
    with database.write() as connection:
        # Another process may have replaced the file while this one waited.
        private_key = _private_key(key_file, user)
        known = organizations.of_key(connection, public_key_of(private_key))
        if known is not None and known.ended:
            key_file.unlink()
            write_once(key_file, new_key())
            private_key = _private_key(key_file, user)
        organization = organizations.first(connection)
        if organization is not None:
            organizations.add_key(connection, organization.uuid, user, public_key_of(private_key))
    return private_key
