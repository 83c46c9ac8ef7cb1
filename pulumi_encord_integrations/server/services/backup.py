"""A backup: a folder with the whole database in one SQLite file, and a manifest that says what is in it."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.model.private_files import FileNotPrivate, read_private, write_once
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store import backup as store
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.revision import sync_folder
from pulumi_encord_integrations.server.vault import read_keyring

FORMAT_VERSION = 1
DATABASE, MANIFEST, KEY = "database.sqlite", "manifest.json", "encryption-key"
_CHUNK = 1024 * 1024


class Manifest(BaseModel):
    """What is in a backup."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")

    format_version: int
    package_version: str
    revision: str
    taken_at: datetime
    taken_of: str
    """The database, without a password."""
    key_id: str
    """Of the encryption key that sealed secrets when it was taken."""
    key_ids: Sequence[str]
    """Of all keys that sealed its secrets: several while a rotation is unfinished, or if a key is lost."""
    with_key: bool
    organizations: Mapping[str, str]
    """Names by uuid."""
    rows: Mapping[str, int]
    sha256: str
    audit_heads: Mapping[str, str]
    """SEQUENCE:MAC of the newest entry of each organization's audit trail."""


def take(database: Database, folder: Path, *, with_key: bool) -> Manifest:
    """Makes the folder, whole or not at all; the database may be served meanwhile.

    Raises `DatabaseUnusable`, OSError.
    """
    revision = database.revision()
    if revision is None:
        raise DatabaseUnusable(f"{database.name} holds no database of this API", missing=True)
    database.require_known(revision)
    keyring = read_keyring(database.key_file) if with_key else None
    with _draft(folder) as draft:
        file = draft / DATABASE
        database.snapshot(file)
        store.require_sound(file)
        with store.opened(file, read_only=True) as connection:
            facts = store.facts(connection)
        key_id = _only_key(database, facts.sealing_key_ids)
        if keyring:
            if key_id not in {key.id for key in keyring.keys}:
                raise DatabaseUnusable(
                    f"{database.key_file} is not the key of {database.name}", "Name the key that is"
                )
            write_once(draft / KEY, keyring.content())
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            package_version=version("pulumi-encord-integrations"),
            revision=facts.revision,
            taken_at=datetime.now(UTC),
            taken_of=database.name,
            key_id=key_id,
            key_ids=facts.key_ids,
            with_key=with_key,
            organizations=facts.organizations,
            rows=facts.rows,
            sha256=digest(file),
            audit_heads=facts.audit_heads,
        )
        write_once(draft / MANIFEST, (manifest.model_dump_json(by_alias=True, indent=2) + "\n").encode())
    return manifest


def read(folder: Path) -> Manifest:
    """What a backup says of itself, once its file is what it says; raises `DatabaseUnusable`."""
    file = folder / MANIFEST
    try:
        told = json.loads(file.read_bytes())
        if told.get("formatVersion") != FORMAT_VERSION:
            raise DatabaseUnusable(
                f"this version cannot read {folder}, a backup of the format {told.get('formatVersion')}",
                "Restore it with the version of pulumi-encord-integrations that took it",
            )
        manifest = Manifest.model_validate(told)
        found = digest(folder / DATABASE)
    except OSError as error:
        raise DatabaseUnusable(f"cannot read the backup {error.filename}: {error.strerror}") from None
    except (ValueError, AttributeError, ValidationError):
        raise DatabaseUnusable(f"{file} is no manifest of a backup", "Use another backup") from None
    if found != manifest.sha256:
        raise DatabaseUnusable(
            f"{folder / DATABASE} is not the file that the backup was taken to: its SHA-256 differs",
            "Use another backup",
        )
    return manifest


def key_in(folder: Path) -> bytes | None:
    """The encryption key that a backup holds, if it holds one; raises `DatabaseUnusable`."""
    try:
        return read_private(folder / KEY)
    except FileNotFoundError:
        return None
    except FileNotPrivate as error:
        raise DatabaseUnusable(error.message, error.hint) from None
    except OSError as error:
        raise DatabaseUnusable(f"cannot read {error.filename}: {error.strerror}") from None


def digest(file: Path) -> str:
    """The SHA-256 of a file."""
    read = sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            read.update(chunk)
    return read.hexdigest()


def _only_key(database: Database, key_ids: object) -> str:
    match key_ids:
        case [str(only)]:
            return only
        case _:
            raise DatabaseUnusable(f"{database.name} holds no organization yet", missing=True)


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A folder that takes the name once it is whole; of backups of one name, one at a time makes it."""
    draft = folder.with_name(f".{folder.name}.unfinished-backup")
    descriptor = _locked(draft)
    try:
        if os.path.lexists(folder):
            draft.rmdir()
            raise DatabaseUnusable(f"{folder} exists", "Name a folder that does not: each backup has its own")
        yield from _filled(draft, folder)
    finally:
        os.close(descriptor)


def _locked(draft: Path) -> int:
    """Makes an empty folder that only its owner may read, and answers the descriptor that locks it.

    Raises `DatabaseUnusable` while another backup fills it.
    """
    draft.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        held = os.fstat(descriptor)
        if held.st_uid != os.geteuid():
            raise DatabaseUnusable(f"{draft} is another user's", "Remove it")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another backup may have given it its name, or removed it, before it was locked.
        if not draft.exists() or not os.path.samestat(held, draft.stat()):
            raise BlockingIOError
        # What one that was killed left.
        for left in draft.iterdir():
            left.unlink()
        draft.chmod(0o700)
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise DatabaseUnusable(
                f"another backup makes {draft}", "Wait for it, or name another folder"
            ) from None
        raise
    return descriptor


def _filled(draft: Path, folder: Path) -> Iterator[Path]:
    try:
        yield draft
        sync_folder(draft)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    sync_folder(folder.parent)
