"""A migration that is killed at any step is done by the next start; several at once do it once."""

import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import inspect

from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.client.auth import Signer, read_key
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.server.store import migrations
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.revision import REVISION, encryption_key_file
from tests.contract.conftest import POSTGRESQL, SQLITE
from tests.support import postgres
from tests.support.answering import answering
from tests.support.command import serving
from tests.support.killed_migration import KEY_ID, opened
from tests.support.size import sample

FIRST = "0001"
NEW = re.compile(r"20(2[1-9]|[3-9]\d)-\d\d-\d\d [\d:.]+")
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
ROWS = [
    f"INSERT INTO organizations VALUES ('o', 'Acme', '{KEY_ID}', '2020-01-01 00:00:00')",
    "INSERT INTO organization_users VALUES ('o', 'ada@example.com', 'ADMIN', '2020-01-01 00:00:00')",
    "INSERT INTO user_keys VALUES ('1', 'o', 'ada@example.com', '2020-01-02 00:00:00')",
    "INSERT INTO user_keys VALUES ('2', 'o', 'rex@example.com', '2020-01-02 00:00:00')",
    "INSERT INTO answers VALUES ('r', 200, '{}', '2020-01-01 00:00:00')",
    "INSERT INTO audit VALUES (1, '2020-01-01 00:00:00', 'o', 'ada@example.com', 'a', 'o', 't', '{}')",
    "INSERT INTO creates VALUES ('o', 'n', 'i', '2020-01-01 00:00:00')",
]
Copy = Callable[[], str]


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copy]:
    """Makes copies of a database of the oldest version, with rows."""
    if request.param == SQLITE:
        place, numbers = str(tmp_path / "old.sqlite"), count()
        Path(place).touch(0o600)
        _fill(place)
        yield lambda: shutil.copy(place, f"{place}.{next(numbers)}")
        return
    server = postgres.server()
    if server is None:
        pytest.skip("there is no PostgreSQL on this machine")
    place, copies = server.new(template="template0"), list[str]()
    _fill(place)

    def copy() -> str:
        copies.append(server.new(template=place.partition("?")[0].rpartition("/")[2]))
        return copies[-1]

    yield copy
    for made in (*copies, place):
        server.drop(made)


def _fill(place: str) -> None:
    with closing(opened(place)) as database, database.write() as connection:
        migrations.upgrade(connection, FIRST)
        for row in ROWS:
            connection.exec_driver_sql(row)


@pytest.fixture
def kill() -> Iterator[Callable[[str, int], str]]:
    """Begins to migrate a database and is killed at a step."""
    with answering("tests.support.killed_migration") as ask:
        yield lambda place, step: ask(f"{place} {step}")


def _told(database: Database) -> dict[str, Any]:
    """Columns, indexes and rows of each table, but for what is of this day."""
    with database.read() as connection:
        about = inspect(connection)
        return {
            table: (
                [str(column) for column in about.get_columns(table)],
                sorted(ADDRESS.sub("", str(index)) for index in about.get_indexes(table)),
                sorted(
                    NEW.sub("now", str([*map(str, row)]))
                    for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"')
                ),
            )
            for table in about.get_table_names()
        }


def _prepared(place: str) -> dict[str, Any]:
    """What a start makes of it."""
    with closing(opened(place)) as database:
        database.prepare()
        return _told(database)


def test_a_migration_that_was_killed_at_a_step_is_done_by_the_next_start(
    older: Copy, kill: Callable[[str, int], str]
) -> None:
    wanted = _prepared(older())
    assert wanted["alembic_version"][2] == [f"['{REVISION}']"]
    assert "now" in str(wanted["user_keys"])
    steps = int(kill(older(), 1_000))
    assert steps > len(migrations.known())
    for step in sample(range(steps), 5):
        place = older()
        assert kill(place, step) == "killed"
        with closing(opened(place)) as database:
            assert _told(database)["alembic_version"][2] == [f"['{FIRST}']"]
        assert _prepared(place) == wanted


def test_several_that_migrate_at_once_do_it_once(older: Copy) -> None:
    wanted, place = _prepared(older()), older()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(_prepared, [place] * 4)) == [wanted] * 4


def test_servers_that_start_at_once_on_an_older_database_all_serve(repository: Path, tmp_path: Path) -> None:
    with ZipFile(min((repository / "tests" / "engine" / "fixtures").glob("deployed-*.zip"))) as deployed:
        deployed.extractall(tmp_path)
    (file,) = tmp_path.rglob("*.sqlite")
    file.chmod(0o600)
    shutil.copy(file, tmp_path / "served.sqlite")
    key = encryption_key_file(tmp_path / "served.sqlite")
    shutil.copy(encryption_key_file(file), key)
    key.chmod(0o600)
    with closing(opened(str(file))) as older, older.read() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() != REVISION
    (own,) = tmp_path.glob("*@example.com.key")
    own.chmod(0o600)
    signer = Signer(read_key(own))
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        starting = [pool.submit(stack.enter_context, serving(tmp_path)) for _ in range(2)]
        for one in starting:
            with closing(Client(one.result().address, signer)) as client:
                assert len(list(integrations.search(client))) > 1
