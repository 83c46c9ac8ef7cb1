"""Whether a database takes writes now, and what to do if it does not."""

import os
import shutil
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store import sqlite, tables
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.support.full_disk import full_disk

_NOBODY = 65534


@pytest.fixture
def database(tmp_path: Path) -> SqliteDatabase:
    made = SqliteDatabase(tmp_path / "x.sqlite", create=True)
    made.prepare()
    made.key_file.write_text("00")
    return made


@contextmanager
def _bound_by_modes(folder: Path) -> Iterator[None]:
    """As a user whom modes bind, which they do not bind root."""
    root = os.geteuid() == 0
    closed = {one: one.stat().st_mode for one in folder.parents if not one.stat().st_mode & 0o001}
    for one, mode in closed.items() if root else ():
        one.chmod(mode | 0o011)
    if root:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
            for one, mode in closed.items():
                one.chmod(mode)


def _refusal(database: SqliteDatabase) -> DatabaseUnusable:
    with pytest.raises(DatabaseUnusable) as refusal:
        database.probe()
    return refusal.value


def test_a_probe_writes_one_row_each_time_anew(database: SqliteDatabase) -> None:
    database.probe()
    with database.read() as connection:
        first = connection.execute(select(tables.health)).one()
    database.probe()
    with database.read() as connection:
        again = connection.execute(select(tables.health)).one()
    assert (first.id, again.id) == (1, 1)
    assert again.at > first.at


def test_a_full_disk_is_told(database: SqliteDatabase) -> None:
    with full_disk():
        refusal = _refusal(database)
    assert (str(database.path) in refusal.message, "Check its space" in refusal.hint) == (True, True)
    database.probe()


def test_a_disk_that_is_nearly_full_is_told(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(sqlite.LEAST_FREE - 1))
    refusal = _refusal(database)
    assert "has 63 MiB left, less than 64" in refusal.message
    assert "larger disk" in refusal.hint
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(sqlite.LEAST_FREE))
    database.probe()


@pytest.mark.parametrize("open_before", [True, False])
def test_a_folder_that_takes_no_files_is_told(
    tmp_path: Path, database: SqliteDatabase, open_before: bool
) -> None:
    database.path.chmod(0o666)
    database.key_file.chmod(0o644)
    if not open_before:
        database.close()
        database = SqliteDatabase(database.path)
    tmp_path.chmod(0o555)
    with _bound_by_modes(tmp_path):
        refusal = _refusal(database)
    tmp_path.chmod(0o755)
    assert str(database.path) in refusal.message
    assert "folder" in refusal.hint


def test_a_file_that_takes_no_writes_is_told(tmp_path: Path, database: SqliteDatabase) -> None:
    database.close()
    tmp_path.chmod(0o777)
    database.path.chmod(0o444)
    database.key_file.chmod(0o644)
    with _bound_by_modes(tmp_path):
        refusal = _refusal(SqliteDatabase(database.path))
    assert "takes no writes" in refusal.message
    assert "owner and mode of the file" in refusal.hint


def test_a_file_that_is_gone_is_told_though_it_is_open(database: SqliteDatabase) -> None:
    database.probe()
    database.path.unlink()
    refusal = _refusal(database)
    assert (refusal.message, "backup" in refusal.hint) == (f"{database.path} is gone", True)


def test_a_missing_encryption_key_is_told(database: SqliteDatabase) -> None:
    database.key_file.unlink()
    refusal = _refusal(database)
    assert (str(database.key_file) in refusal.message, "backup" in refusal.hint) == (True, True)


def test_a_database_that_others_lock_is_told(database: SqliteDatabase) -> None:
    other = SqliteDatabase(database.path, busy_seconds=0.05)
    with database.write():
        refusal = _refusal(other)
    assert "locked by another process" in refusal.message
