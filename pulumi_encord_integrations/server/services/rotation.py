"""A new encryption key for a database, while it is served.

Whoever is killed between two steps runs it again: each step is one write, and asks what is done already.
The file holds the new key and the one before until no secret is sealed with the latter.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pulumi_encord_integrations.model.audit import OPERATOR
from pulumi_encord_integrations.server.errors import Conflict, DatabaseUnusable
from pulumi_encord_integrations.server.keys import replace_private
from pulumi_encord_integrations.server.store import audit, encryption, organizations
from pulumi_encord_integrations.server.store.database import Connection, Database
from pulumi_encord_integrations.server.vault import KEY_BYTES, Keyring, read_keyring

_AT_ONCE = 200
"""Secrets that are sealed anew in one transaction, which keeps writers waiting."""


@dataclass(frozen=True)
class Rotation:
    """How far a rotation is."""

    key_id: str
    """Of the new key."""
    before: str
    """Of the key that it replaces; empty if that is gone already."""
    resealed: int = 0
    lost: int = 0
    """Secrets that did not open before either, and stay as they are."""
    complete: bool = False


@contextmanager
def exclusive(database: Database) -> Iterator[None]:
    """One rotation of a key file at a time; raises `Conflict`, `DatabaseUnusable`."""
    folder = database.key_file.resolve().parent
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise DatabaseUnusable(f"cannot open the folder {folder}: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Conflict("rotation_running", f"another rotation works in {folder}", "Wait for it") from None
    finally:
        os.close(descriptor)


def state(database: Database) -> Rotation:
    """What the key file says; raises `DatabaseUnusable` if it is not the key of the database."""
    keyring = read_keyring(database.key_file)
    with database.read() as connection:
        _require_key_of(connection, database, keyring)
    before = next((key.id for key in keyring.previous), "")
    return Rotation(keyring.current.id, before, complete=not keyring.previous)


def prepare(database: Database) -> Rotation:
    """Writes a new key into the file, beside the one that goes on sealing, unless one waits there already."""
    found = state(database)
    if found.complete:
        keyring = read_keyring(database.key_file).rotated(secrets.token_bytes(KEY_BYTES))
        _write(database.key_file, keyring)
    return state(database)


def complete(database: Database) -> Rotation:
    """Seals with the new key from now on, and everything that was sealed before; forgets the one before.

    Raises `DatabaseUnusable`, `Conflict`; then the file keeps both keys.
    """
    keyring = read_keyring(database.key_file)
    _use(database, keyring)
    resealed, lost = _reseal(database, keyring)
    _write(database.key_file, keyring.completed())
    before = next((key.id for key in keyring.previous), "")
    return Rotation(keyring.current.id, before, resealed, lost, complete=True)


def _write(path: Path, keyring: Keyring) -> None:
    try:
        replace_private(path, keyring.content())
    except OSError as error:
        raise DatabaseUnusable(
            f"cannot write the encryption key {path}: {error.strerror}",
            "The key file must be replaceable by whoever runs this: see docs/operations.md",
        ) from None


def _require_key_of(connection: Connection, database: Database, keyring: Keyring) -> set[str]:
    """The keys that the database names; raises `DatabaseUnusable` if the file lacks one of them."""
    named = encryption.key_ids(connection)
    if not named <= {key.id for key in keyring.keys}:
        raise DatabaseUnusable(
            f"{database.key_file} is not the key of {database.name}, which names {', '.join(sorted(named))}",
            "Restore the file from a backup; after a rotation on another machine, copy it from there",
        )
    return named


def _use(database: Database, keyring: Keyring) -> None:
    new = keyring.current.id
    with database.write() as connection:
        # The lock on the file is this machine's. Only the write lock excludes rotations on others.
        before = _require_key_of(connection, database, keyring) - {new}
        if before:
            encryption.use(connection, new)
            _record(connection, database, "encryption-key.rotate", {"from": sorted(before), "to": new})


def _reseal(database: Database, keyring: Keyring) -> tuple[int, int]:
    """Row by row in order, so that what does not open is met once."""
    key, vault = keyring.current, database.vault
    resealed, lost, after = 0, 0, None
    while True:
        with database.write() as connection:
            if encryption.key_ids(connection) - {key.id}:
                raise Conflict(
                    "rotation_running",
                    f"another machine gave {database.name} a newer key",
                    f"Copy the key file from there over {database.key_file}",
                )
            rows = encryption.sealed_otherwise(connection, key.id, after, _AT_ONCE)
            if not rows:
                if resealed or lost:
                    detail = {"to": key.id, "resealed": resealed, "lost": lost}
                    _record(connection, database, "encryption-key.reseal", detail)
                return resealed, lost
            failed = encryption.reseal(connection, vault, key, rows)
        resealed, lost = resealed + len(rows) - failed, lost + failed
        after = rows[-1].integration, rows[-1].field


def _record(connection: Connection, database: Database, action: str, detail: dict[str, object]) -> None:
    for organization in organizations.uuids(connection):
        audit.record(
            connection,
            database.vault,
            organization=organization,
            actor=OPERATOR,
            action=action,
            object_=organization,
            detail=detail,
        )
