"""A backup becomes a database again: in an SQLite file, or in an empty database of PostgreSQL."""

import os
from dataclasses import dataclass
from pathlib import Path

from pulumi_encord_integrations.model.audit import OPERATOR
from pulumi_encord_integrations.model.private_files import FileNotPrivate, read_private, write_once
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.keys import require_key_place
from pulumi_encord_integrations.server.services import backup
from pulumi_encord_integrations.server.services.backup import Manifest
from pulumi_encord_integrations.server.store import audit, encryption, migrations
from pulumi_encord_integrations.server.store import backup as store
from pulumi_encord_integrations.server.store.database import Connection, Database
from pulumi_encord_integrations.server.store.matching_key import require_matching_key
from pulumi_encord_integrations.server.store.revision import sync_folder
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from pulumi_encord_integrations.server.vault import Keyring, Vault, read_keyring

_NAME_THE_KEY = "Name the file of the key that belongs to it: --encryption-key FILE"


@dataclass(frozen=True)
class Restored:
    """What came back."""

    manifest: Manifest
    made_key: bool
    """Whether the file of the encryption key was made."""
    unreadable: int
    """Secrets that the key does not open."""


def restore(
    folder: Path, database: Database, key_file: Path | None = None, *, lose_secrets: bool = False
) -> Restored:
    """Fills a place in which nothing is; `key_file` holds the encryption key if the backup does not.

    `lose_secrets` restores it although the key does not open all of them. Whoever is killed runs it again.
    Raises `DatabaseUnusable`, OSError.
    """
    manifest = backup.read(folder)
    database.require_known(manifest.revision)
    _require_empty(database)
    keyring = _key(folder, manifest, database.key_file, key_file, lose_secrets=lose_secrets)
    vault = Vault(keyring)
    require_key_place(database.key_file)
    made_key = write_once(database.key_file, keyring.content())
    if isinstance(database, SqliteDatabase):
        unreadable = _into_file(folder / backup.DATABASE, manifest, database, vault)
    else:
        with (
            store.opened(folder / backup.DATABASE, read_only=True) as source,
            database.write() as connection,
        ):
            if store.names(connection):
                raise _taken(database)
            store.copy(source, connection)
            unreadable = _finish(connection, manifest, vault)
    return Restored(manifest, made_key, unreadable)


def _require_empty(database: Database) -> None:
    if isinstance(database, SqliteDatabase):
        database.require_private()
        ends = ("", "-journal", "-wal", "-shm")
        if any(os.path.lexists(f"{database.path}{end}") for end in ends):
            raise _taken(database)
    elif database.revision() is not None:
        raise _taken(database)


def _taken(database: Database) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"{database.name} is not empty", "A backup is restored into a new file, or into an empty database"
    )


def _key(folder: Path, manifest: Manifest, place: Path, named: Path | None, *, lose_secrets: bool) -> Keyring:
    """What is named, else what lies at the place of the key file, else what is in the backup."""
    file = _key_file(place, named and named.absolute())
    try:
        content = read_private(file) if file else backup.key_in(folder)
    except FileNotPrivate as error:
        raise DatabaseUnusable(error.message, error.hint) from None
    except OSError as error:
        raise DatabaseUnusable(f"cannot read the encryption key {file}: {error.strerror}") from None
    if content is None:
        raise DatabaseUnusable(
            f"the backup holds no encryption key, and {named or place} is missing", _NAME_THE_KEY
        )
    file = file or folder / backup.KEY
    try:
        keyring = Keyring.parse(content)
    except ValueError:
        raise DatabaseUnusable(f"{file} holds no encryption key") from None
    _require_key_of(folder, manifest, file, keyring, lose_secrets=lose_secrets)
    if os.path.lexists(place) and read_keyring(place).content() != keyring.content():
        raise DatabaseUnusable(
            f"{place} holds another key than {file}", f"Move {place} away: the key is put there"
        )
    return keyring


def _key_file(place: Path, named: Path | None) -> Path | None:
    # With PostgreSQL the place itself is named, and the key may come from the backup.
    if named and named != place:
        return named
    return place if os.path.lexists(place) else None


def _require_key_of(
    folder: Path, manifest: Manifest, file: Path, keyring: Keyring, *, lose_secrets: bool
) -> None:
    held = {key.id for key in keyring.keys}
    if manifest.key_id not in held:
        raise DatabaseUnusable(
            f"{file} is not the key of this backup, whose id is {manifest.key_id}", _NAME_THE_KEY
        )
    missing = sorted(set(manifest.key_ids) - held)
    if missing and not lose_secrets:
        raise DatabaseUnusable(
            f"{file} lacks {', '.join(missing)}, which secrets of this backup are sealed with too",
            "Name a copy of the key file from when it was taken; --lose-secrets restores it without them",
        )
    with store.opened(folder / backup.DATABASE, read_only=True) as source:
        require_matching_key(source, Vault(keyring), file, str(folder))


def _into_file(source: Path, manifest: Manifest, database: SqliteDatabase, vault: Vault) -> int:
    """Through a draft beside it, which a killed run may leave and the next one replaces."""
    path = database.path
    draft = path.with_name(f".{path.name}.unfinished-restore")
    for end in ("", "-journal", "-wal", "-shm"):
        Path(f"{draft}{end}").unlink(missing_ok=True)
    try:
        store.clone(source, draft)
        store.require_sound(draft)
        with store.opened(draft) as connection:
            unreadable = _finish(connection, manifest, vault)
        os.link(draft, path)
    except FileExistsError:
        raise _taken(database) from None
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
    return unreadable


def _finish(connection: Connection, manifest: Manifest, vault: Vault) -> int:
    """Compares it with the manifest, migrates it, leaves an entry; answers how many secrets do not open."""
    facts = store.facts(connection)
    if (dict(facts.rows), dict(facts.audit_heads)) != (dict(manifest.rows), dict(manifest.audit_heads)):
        raise DatabaseUnusable("what was restored is not what the manifest says", "Use another backup")
    migrations.upgrade(connection, audit_key=lambda: vault.audit_key)
    for organization in facts.organizations:
        audit.record(
            connection,
            vault,
            organization=organization,
            actor=OPERATOR,
            action="restore",
            object_=organization,
            detail={"takenAt": manifest.taken_at.isoformat(), "takenOf": manifest.taken_of},
        )
    return sum(count for key, count in encryption.counts(connection).items() if not vault.holds(key))
