"""A copy of an SQLite file, whose journal is not written ahead, lets others go on."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pulumi_encord_integrations.server.store import sqlite

ROWS = "SELECT count(*) FROM rows"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        connection.execute("CREATE TABLE rows (content BLOB)")
        connection.executemany("INSERT INTO rows VALUES (zeroblob(4000))", [()] * 20)
        connection.commit()
    return tmp_path / "a.sqlite"


@pytest.fixture
def copied(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The rows of a copy that is made page by page, with something done between two pages."""
    monkeypatch.setattr(sqlite, "_PAGES", 1)
    progress = sqlite._Progress.__call__

    def copy(between: Callable[[sqlite3.Connection], None]) -> int:
        def stepped(self: sqlite._Progress, *given: int) -> None:
            with closing(sqlite3.connect(file, timeout=0)) as other:
                between(other)
            progress(self, *given)

        monkeypatch.setattr(sqlite._Progress, "__call__", stepped)
        with (
            closing(sqlite3.connect(file, isolation_level=None)) as source,
            closing(sqlite3.connect(tmp_path / "copy")) as target,
        ):
            sqlite._copy(source, target)
            assert target.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return int(target.execute(ROWS).fetchone()[0])

    return copy


def _write(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO rows VALUES (zeroblob(4000))")
    connection.commit()


def test_others_write_and_read_between_its_steps(copied: Callable[..., int]) -> None:
    written = 0

    def between(connection: sqlite3.Connection) -> None:
        nonlocal written
        if written < sqlite._RESTARTS:
            _write(connection)
            written += 1
        connection.execute(ROWS).fetchone()

    assert copied(between) == 20 + sqlite._RESTARTS


def test_it_ends_although_others_write_without_a_pause(copied: Callable[..., int], file: Path) -> None:
    copy = copied(_write)
    with closing(sqlite3.connect(file)) as connection:
        assert copy == connection.execute(ROWS).fetchone()[0] > 20
