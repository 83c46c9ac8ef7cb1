"""Whether a database takes writes now, and what to do if it does not."""

import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from sqlalchemy import select

from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store import sqlite, tables
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.support.bound import bound_by_modes
from tests.support.full_disk import full_disk

_PROBE = """
import sys
from pathlib import Path
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase

path, closed, mode, open_before = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3], 8), sys.argv[4:]
database = SqliteDatabase(path)
if open_before:
    database.probe()
closed.chmod(mode)
try:
    database.probe()
except DatabaseUnusable as refusal:
    print(refusal.message, refusal.hint, sep="\\n")
"""


@pytest.fixture
def database(tmp_path: Path) -> SqliteDatabase:
    made = SqliteDatabase(tmp_path / "x.sqlite", create=True)
    made.prepare()
    made.key_file.write_text("00")
    return made


def _told(database: Path, closed: Path, mode: int, *open_before: str) -> list[str]:
    """Message and hint of a probe in a process that modes bind, once a file or folder has that mode."""
    command = bound_by_modes(
        sys.executable, "-c", _PROBE, str(database), str(closed), f"{mode:o}", *open_before
    )
    before = closed.stat().st_mode
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    finally:
        closed.chmod(before)
    return ran.stdout.splitlines()


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


@pytest.mark.parametrize("open_before", [[], ["open before"]], ids=["closed", "open"])
def test_a_folder_that_takes_no_files_is_told(
    tmp_path: Path, database: SqliteDatabase, open_before: list[str]
) -> None:
    database.close()
    message, hint = _told(database.path, tmp_path, 0o500, *open_before)
    assert (str(database.path) in message, "folder" in hint) == (True, True)


def test_a_file_that_takes_no_writes_is_told(database: SqliteDatabase) -> None:
    database.close()
    message, hint = _told(database.path, database.path, 0o400)
    assert "takes no writes" in message
    assert "owner and mode of the file" in hint


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
