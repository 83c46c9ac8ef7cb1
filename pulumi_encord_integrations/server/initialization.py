"""Opening a database for the API: its key, and at the first start the organization and its admin."""

import logging
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from pulumi_encord_integrations.model.audit import OPERATOR
from pulumi_encord_integrations.model.limits import Quotas
from pulumi_encord_integrations.model.principals import CloudAccess, Principals
from pulumi_encord_integrations.model.private_files import FileNotPrivate, read_private, write_once
from pulumi_encord_integrations.model.public_keys import fingerprint
from pulumi_encord_integrations.server.app import create_app
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.keys import (
    LONGEST_NAME,
    new_key,
    open_vault,
    public_key_of,
    require_key_place,
    user_key_file,
)
from pulumi_encord_integrations.server.services.unit_of_work import KEY_MAKERS
from pulumi_encord_integrations.server.store import audit, organization_users, organizations, user_keys
from pulumi_encord_integrations.server.store.database import Connection, Database
from pulumi_encord_integrations.server.store.revision import REVISION
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from pulumi_encord_integrations.server.vault import Vault

_log = logging.getLogger(__name__)


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
            vault,
            organization=organization,
            actor=OPERATOR,
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
    database.require_matching_key()
    return vault


def open_embedded(
    path: Path,
    user: str,
    principals: Principals,
    *,
    create: bool,
    read_only: bool,
    clouds: CloudAccess | None = None,
    quotas: Quotas | None = None,
) -> tuple[FastAPI, bytes]:
    """The service on a local file, and the private key that `user` signs with; `create` may make both.

    Raises `DatabaseUnusable`, and OSError if the files cannot be read or made.
    """
    key_file = user_key_file(path, user)
    database = SqliteDatabase(path, create=create, read_only=read_only)
    if create:
        _require_places(database, key_file)
        _make_file(database)
    vault = open_served(database, create=create)
    if database.copy:
        # Once, to whoever runs Pulumi: nobody else sees that it happened.
        told = "migrated %s from %s to %s; as it was before: %s"
        _log.warning(told, database.name, database.migrated_from, REVISION, database.copy)
    _refuse_stranger(database, user)
    if not read_only:
        write_once(key_file, new_key())
    private_key = _private_key(key_file, user)
    if create:
        make_organization(database, vault, "embedded", user, public_key_of(private_key))
    if not read_only:
        private_key = _registered(database, vault, user, key_file)
    elif not _is_known(database, private_key):
        raise DatabaseUnusable(f"{user} has no key for {path} yet", unready=True)
    deployment = Deployment(vault, principals, clouds or CloudAccess(), quotas=quotas or Quotas())
    return create_app(deployment, database), private_key


def _require_places(database: Database, *keys: Path) -> None:
    """Raises `DatabaseUnusable`, before anything is made, if something could not be made or trusted."""
    for path in (database.key_file, *keys):
        if len(os.fsencode(path.name)) > LONGEST_NAME:
            raise DatabaseUnusable(f"the name {path.name} is too long for a file", "Shorten the database's")
    if isinstance(database, SqliteDatabase):
        database.require_private()
    known = isinstance(database, SqliteDatabase) and _holds_something(database.path)
    for path in keys if known else (database.key_file, *keys):
        require_key_place(path)


def _make_file(database: SqliteDatabase) -> None:
    make_folder(database.path.parent)
    # Somebody else may have made it meanwhile.
    database.require_private()
    database.path.touch(mode=0o600)


def _private_key(path: Path, user: str) -> bytes:
    makers = KEY_MAKERS.format(user=user)
    try:
        content = read_private(path)
        public_key_of(content)
    except FileNotPrivate as error:
        raise DatabaseUnusable(error.message, error.hint) from None
    except FileNotFoundError:
        said, hint = f"the key {path} is missing", makers[0].upper() + makers[1:]
        raise DatabaseUnusable(said, hint, unready=True) from None
    # cryptography's errors may quote the key
    except Exception:  # noqa: BLE001
        raise DatabaseUnusable(f"{path} holds no usable key", f"Remove it; {makers}") from None
    return content


def _refuse_stranger(database: Database, user: str) -> None:
    """Whoever may write the file may act as any of its users, but not as a stranger or a suspended one."""
    with database.read() as connection:
        found = organizations.first(connection)
        if found is None:
            return
        known = organizations.is_user(connection, found.uuid, user)
        suspended = user in organization_users.suspended(connection, found.uuid, [user])
        admins = organizations.admins(connection, found.uuid)
    if known and not suspended:
        return
    noun = "admin is" if len(admins) == 1 else "admins are"
    whose = f"Its {noun} {', '.join(admins)}; see encord:user"
    if suspended:
        cure = f"One of its admins can lift that, with suspended=False on the OrganizationUser. {whose}"
        raise DatabaseUnusable(f"{user} is suspended from the embedded organization", cure, denied=True)
    raise DatabaseUnusable(f"{user} is not a user of the embedded organization", whose, denied=True)


def _is_known(database: Database, private_key: bytes) -> bool:
    with database.read() as connection:
        known = organizations.of_key(connection, public_key_of(private_key))
    return known is not None and not known.ended


def _registered(database: Database, vault: Vault, user: str, key_file: Path) -> bytes:
    """The user's private key, made known; one that ended with an earlier membership is replaced."""
    private_key = _private_key(key_file, user)
    if _is_known(database, private_key):
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
            _register(connection, vault, organization.uuid, user, public_key_of(private_key))
    return private_key


def _register(connection: Connection, vault: Vault, organization: str, user: str, public_key: str) -> None:
    if user_keys.is_registered(connection, public_key):
        return
    organizations.add_key(connection, organization, user, public_key)
    made = organizations.of_key(connection, public_key)
    audit.record(
        connection,
        vault,
        organization=organization,
        actor=user,
        action="key.add",
        object_=made.owner.credential if made and made.owner else "",
        detail={"email": user, "fingerprint": fingerprint(public_key)},
    )


class AlreadyInitialized(DatabaseUnusable):
    """The database holds an organization already."""


@dataclass(frozen=True)
class NewOrganization:
    """The organization to make, and its admin with the public key in hexadecimal."""

    name: str
    admin: str
    public_key: str


def refuse_initialized(database: Database) -> None:
    """Changes nothing; raises `AlreadyInitialized`, or `DatabaseUnusable` if it is no such database.

    That too if others may write what it would be made of: its folder, or an encryption key that is there.
    """
    _require_places(database)
    if isinstance(database, SqliteDatabase) and not (
        database.path.exists() and _holds_something(database.path)
    ):
        return
    try:
        database.prepare()
    except DatabaseUnusable as error:
        if error.missing:
            return
        raise
    with database.read() as connection:
        found = organizations.first(connection)
    if found is not None:
        raise AlreadyInitialized(
            f'{database.name} holds the organization "{found.name}" already', "Nothing was changed"
        )


def _holds_something(path: Path) -> bool:
    return path.exists() and not (path.is_file() and path.stat().st_size == 0)


def initialize(database: Database, new: NewOrganization) -> Path:
    """Fills a database that `create` was said of, once; answers where its encryption key lies.

    Raises `AlreadyInitialized`, `DatabaseUnusable`, OSError.
    """
    if isinstance(database, SqliteDatabase):
        _make_file(database)
    vault = open_served(database, create=True)
    made = make_organization(database, vault, new.name, new.admin, new.public_key)
    if not made:
        raise AlreadyInitialized(f"{database.name} was given an organization by someone else just now")
    return database.key_file
