"""First answers and nonces: kept for as long as they are needed, whatever the wall clock says meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Connection, event, select

from pulumi_encord_integrations.server.store import declarations, idempotency, organizations
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase

SECONDS = 600


class Clocks:
    """The wall clock, which may be set, and the one that only runs on."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
        self.running = 1000.0

    def run(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.running += seconds


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    for module in (idempotency, declarations):
        monkeypatch.setattr(module, "now", lambda: clocks.wall)
        monkeypatch.setattr(module, "monotonic", lambda: clocks.running)
    return clocks


@pytest.fixture
def database(tmp_path: Path) -> SqliteDatabase:
    made = SqliteDatabase(tmp_path / "x.sqlite", create=True)
    made.prepare()
    return made


def keep(database: SqliteDatabase, *keys: str) -> None:
    for key in keys:
        with database.write() as connection:
            idempotency.keep(connection, key, f'"{key}"', SECONDS)


def failing(database: SqliteDatabase, act: Callable[[Connection], object]) -> None:
    """A transaction that fails after the act."""
    with database.write() as connection:
        act(connection)
        raise KeyError


def kept(database: SqliteDatabase) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(t.answers.c.request).order_by(t.answers.c.number)))


def restarted(database: SqliteDatabase) -> SqliteDatabase:
    """What another process sees."""
    return SqliteDatabase(database.path)


def test_an_answer_is_found_again_as_it_was(database: SqliteDatabase) -> None:
    keep(database, "é")
    with database.read() as connection:
        assert (idempotency.find(connection, "é"), idempotency.find(connection, "b")) == ('"é"', None)


@pytest.mark.parametrize("process", [lambda same: same, restarted], ids=["the same process", "a new one"])
def test_a_clock_that_is_ahead_for_a_while_purges_nothing(
    database: SqliteDatabase, clocks: Clocks, process: Callable[[SqliteDatabase], SqliteDatabase]
) -> None:
    keep(database, "a")
    clocks.run(SECONDS / 2)
    clocks.wall += timedelta(hours=1)
    keep(process(database), "b")
    clocks.wall -= timedelta(hours=1)
    assert kept(database) == ["a", "b"]


def test_a_process_purges_what_is_old_by_its_own_clock(database: SqliteDatabase, clocks: Clocks) -> None:
    for number in range(100):
        keep(database, str(number))
        clocks.run(SECONDS / 10)
        clocks.wall -= timedelta(days=1)
    assert [int(key) for key in kept(database)] == list(range(89, 100))


def test_an_answer_is_kept_for_its_whole_time(database: SqliteDatabase, clocks: Clocks) -> None:
    keep(database, "a")
    clocks.run(SECONDS / 2)
    keep(database, "b")
    for _ in range(4):
        clocks.run(SECONDS / 9)
        keep(database, str(clocks.running))
    assert kept(database)[:2] == ["a", "b"]


def test_a_new_process_purges_what_is_old_but_for_the_newest(
    database: SqliteDatabase, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "SPARED", 2)
    keep(database, "a", "b", "c", "d")
    clocks.run(SECONDS + 1)
    keep(restarted(database), "e")
    assert kept(database) == ["c", "d", "e"]


def test_what_is_added_is_no_older_than_the_transaction_that_adds_it(
    database: SqliteDatabase, clocks: Clocks
) -> None:
    """A number whose transaction failed is given again, so it says nothing of age."""
    with pytest.raises(KeyError):
        failing(database, lambda connection: idempotency.keep(connection, "a", "", SECONDS))
    clocks.run(SECONDS - 1)
    keep(restarted(database), "b")
    clocks.run(1)
    keep(database, "c")
    assert kept(database) == ["b", "c"]


def test_purging_is_no_part_of_every_write(database: SqliteDatabase, clocks: Clocks) -> None:
    keep(database, "a")
    statements: list[str] = []
    with database.write() as connection:
        event.listen(connection, "before_cursor_execute", lambda *args: statements.append(args[2]))
        idempotency.keep(connection, "b", "", SECONDS)
    assert len(statements) == 1


def test_a_key_is_claimed_once(database: SqliteDatabase) -> None:
    claims = []
    for key in ("a", "a", "b"):
        with database.write() as connection:
            claims.append(idempotency.claim(connection, key))
    assert claims == [True, False, True]


def test_a_claim_that_is_rolled_back_is_none(database: SqliteDatabase) -> None:
    with pytest.raises(KeyError):
        failing(database, lambda connection: idempotency.claim(connection, "a"))
    with database.write() as connection:
        assert idempotency.claim(connection, "a")


def remember(database: SqliteDatabase, *nonces: str) -> None:
    with database.write() as connection:
        row = organizations.first(connection)
        uuid = row.uuid if row else organizations.create(connection, "acme", "key")
        for nonce in nonces:
            declarations.remember_create(connection, uuid, nonce, str(uuid4()))


def nonces(database: SqliteDatabase) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(t.creates.c.nonce).order_by(t.creates.c.number)))


def test_a_clock_that_is_ahead_forgets_no_create(database: SqliteDatabase, clocks: Clocks) -> None:
    remember(database, "a")
    clocks.run(2 * 3600)
    clocks.wall += timedelta(days=31)
    remember(database, "b")
    assert nonces(database) == ["a", "b"]


def test_old_creates_are_forgotten_but_for_the_newest(
    database: SqliteDatabase, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declarations, "NONCES_SPARED", 2)
    remember(database, "a", "b", "c")
    clocks.run(31 * 24 * 3600)
    remember(database, "d")
    assert nonces(database) == ["b", "c", "d"]
