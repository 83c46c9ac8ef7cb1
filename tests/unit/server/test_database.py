"""Transactions, locks, journal modes, migrations."""

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import exc, inspect

from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store import migrations, tables
from pulumi_encord_integrations.server.store.revision import REVISION
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase, journal_mode

COLUMNS = "uuid, name, encryption_key_id, created_at"
INSERT = f"INSERT INTO organizations ({COLUMNS}) VALUES (?, 'n', 'k', '2026-01-01 00:00:00')"


def _new(folder: Path) -> SqliteDatabase:
    folder.mkdir(exist_ok=True)
    made = SqliteDatabase(folder / "x.sqlite", create=True)
    made.prepare()
    return made


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 34, 1), "DELETE"),
        ((3, 40, 1), "DELETE"),
        ((3, 44, 5), "DELETE"),
        ((3, 44, 6), "WAL"),
        ((3, 45, 0), "DELETE"),
        ((3, 50, 6), "DELETE"),
        ((3, 50, 7), "WAL"),
        ((3, 51, 0), "DELETE"),
        ((3, 51, 2), "DELETE"),
        ((3, 51, 3), "WAL"),
        ((3, 52, 0), "WAL"),
        ((4, 0, 0), "WAL"),
    ],
)
def test_wal_is_used_only_where_sqlite_is_mended(version: tuple[int, ...], mode: str) -> None:
    assert journal_mode(version) == (mode, "FULL" if mode == "WAL" else "EXTRA")


def test_connections_are_set_up_for_safety(tmp_path: Path) -> None:
    mode, synchronous = journal_mode(sqlite3.sqlite_version_info)
    with _new(tmp_path).read() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema", "secure_delete")
        }
    level = {"FULL": 2, "EXTRA": 3}[synchronous]
    assert list(found.values()) == [mode.lower(), level, 1, 0, 1]


def _migrated(folder: Path) -> SqliteDatabase:
    database = SqliteDatabase(folder / "migrated.sqlite", create=True)
    with database.write() as connection:
        migrations.upgrade(connection)
    return database


def _index(found: Any) -> str:
    conditions = {name: str(what) for name, what in found.get("dialect_options", {}).items()}
    return str({**found, "dialect_options": conditions})


def _schema(database: SqliteDatabase) -> dict[str, list[str]]:
    """Each table's columns in order, and what else is said of it in any order."""
    with database.read() as connection:
        about = inspect(connection)
        return {
            table: [
                *map(str, about.get_columns(table)),
                str(about.get_pk_constraint(table)),
                *sorted(map(str, about.get_foreign_keys(table))),
                *sorted(map(_index, about.get_indexes(table))),
                *sorted(map(str, about.get_unique_constraints(table))),
            ]
            for table in sorted(about.get_table_names())
        }


def test_the_migrated_schema_is_that_of_the_tables(tmp_path: Path) -> None:
    with _migrated(tmp_path).read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_a_new_database_is_what_the_migrations_lead_to(tmp_path: Path) -> None:
    new, migrated = _schema(_new(tmp_path)), _schema(_migrated(tmp_path))
    assert new == migrated
    assert "alembic_version" in new


def test_an_older_database_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with SqliteDatabase(path, create=True).write() as connection:
        migrations.upgrade(connection, "0001")
    SqliteDatabase(path).prepare()
    assert _schema(SqliteDatabase(path)) == _schema(_new(tmp_path / "new"))


def test_the_named_revision_is_the_newest(tmp_path: Path) -> None:
    assert REVISION in migrations.known()
    with _new(tmp_path).read() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == REVISION


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    made = _new(tmp_path)
    with made.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseUnusable, match="newer version") as refusal:
        SqliteDatabase(made.path).prepare()
    assert "pip install -U" in refusal.value.hint


def test_several_processes_may_make_one_database_at_once(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase;"
        "SqliteDatabase(pathlib.Path(sys.argv[1]), create=True).prepare()"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "x.sqlite")]) for _ in range(3)]
    assert [process.wait(120) for process in started] == [0, 0, 0]
    SqliteDatabase(tmp_path / "x.sqlite").prepare()


def test_a_missing_database_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="there is no database") as refusal:
        SqliteDatabase(tmp_path / "x.sqlite").prepare()
    assert refusal.value.missing
    assert not (tmp_path / "x.sqlite").exists()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").touch(0o600)
    (tmp_path / "x.sqlite").write_text("hello, " * 1000)
    with pytest.raises(DatabaseUnusable, match="is not an SQLite database"):
        SqliteDatabase(tmp_path / "x.sqlite", create=True).prepare()


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").touch(0o600)
    other = sqlite3.connect(tmp_path / "x.sqlite")
    other.execute("CREATE TABLE theirs (x)")
    with pytest.raises(DatabaseUnusable, match="another program"):
        SqliteDatabase(tmp_path / "x.sqlite", create=True).prepare()
    assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["theirs"]
    other.close()


def test_read_only_refuses_writes(tmp_path: Path) -> None:
    reader = SqliteDatabase(_new(tmp_path).path, read_only=True)
    reader.prepare()
    with pytest.raises(exc.OperationalError, match="readonly"), reader.write() as connection:
        connection.exec_driver_sql(INSERT, ("a",))


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    made = _new(tmp_path)
    with pytest.raises(exc.IntegrityError), made.write() as connection:
        connection.exec_driver_sql(f"{INSERT}, (?, 'n', NULL, '')", ("a", "b"))
    with made.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM organizations").scalar() == 0


def test_what_a_write_has_read_stays_true(tmp_path: Path) -> None:
    one, other = _new(tmp_path), SqliteDatabase(tmp_path / "x.sqlite", busy_seconds=0.1)
    with one.write() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM organizations").scalar() == 0
        with pytest.raises(exc.OperationalError, match="locked"), other.write():
            pass


def test_sixteen_writers_over_two_databases_wait_for_each_other(tmp_path: Path) -> None:
    both = [_new(tmp_path), SqliteDatabase(tmp_path / "x.sqlite")]

    def write(writer: int) -> None:
        for number in range(25):
            with both[writer % 2].write() as connection:
                count = connection.exec_driver_sql("SELECT count(*) FROM organizations").scalar()
                connection.exec_driver_sql(INSERT, (f"{writer}/{number}/{count}",))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(16)))
    with both[0].read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM organizations").scalar() == 16 * 25


def test_waiting_is_bounded_also_within_one_process(tmp_path: Path) -> None:
    made = _new(tmp_path)
    waiting = SqliteDatabase(made.path, busy_seconds=0.1)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with waiting.write():
            held.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    with pytest.raises(exc.OperationalError) as refusal, waiting.write():
        pass
    done.set()
    holder.join()
    assert waiting.is_busy(refusal.value)
