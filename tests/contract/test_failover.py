"""PostgreSQL fails in the middle of a write: what was acknowledged is there, and a repeat acts once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.contract.conftest import POSTGRESQL, made
from tests.support import postgres
from tests.support.api import AWS, Api
from tests.support.progress import Progress
from tests.support.size import sized

WRITERS = 4
FAILURES = sized(1, 8)
Commit = Callable[[Any], None]


@pytest.fixture
def on_postgresql(tmp_path: Path) -> Iterator[Api]:
    yield from made(tmp_path, POSTGRESQL)


@pytest.fixture
def ending(on_postgresql: Api, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[int]]:
    """Lets the server process of the next write be ended, `before` or `after` it commits."""
    dialect = on_postgresql.database._engine.dialect
    commit = dialect.do_commit

    def arm(when: str) -> list[int]:
        left, ended = [when], list[int]()

        def do_commit(connection: Any) -> None:
            moment = left.pop() if left and _writes(connection) else ""
            if moment == "after":
                commit(connection)
            if moment:
                ended.append(_end(on_postgresql, connection))
                # As a commit that was sent finds it.
                connection.cursor().execute("SELECT 1")
            commit(connection)

        monkeypatch.setattr(dialect, "do_commit", do_commit)
        return ended

    return arm


def _writes(connection: Any) -> bool:
    """Whether a transaction has changed something."""
    return connection.cursor().execute("SELECT pg_current_xact_id_if_assigned()").fetchone()[0] is not None


def _end(api: Api, connection: Any) -> int:
    pid: int = connection.driver_connection.info.backend_pid
    with psycopg.connect(str(api._address), autocommit=True) as operator:
        operator.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    return pid


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_write_whose_server_process_ends_may_be_repeated_and_acts_once(
    on_postgresql: Api, ending: Callable[[str], list[int]], when: str
) -> None:
    request = on_postgresql.request(method="POST", body=AWS)
    ended = ending(when)
    answer = on_postgresql.send(request)
    assert ended
    assert (answer.refusal, answer.headers["Retry-After"]) == ((503, "database_away"), "1")
    assert len(on_postgresql.rows("integrations")) == (1 if when == "after" else 0)
    answers = [on_postgresql.send(request) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].body == answers[1].body
    assert len(on_postgresql.rows("integrations")) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_client_repeats_it_by_itself(
    on_postgresql: Api,
    ending: Callable[[str], list[int]],
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    ended = ending(when)
    assert on_postgresql.client().call("POST", "cloud-integrations", body=AWS)["created"]
    assert ended
    assert len(on_postgresql.rows("integrations")) == 1


def test_what_was_acknowledged_outlives_a_crash_of_the_server(tmp_path: Path) -> None:
    if not (programs := postgres.programs()):
        pytest.skip("there is no PostgreSQL on this machine")
    server = postgres.Server(programs)
    try:
        address = server.new()
        with psycopg.connect(address, autocommit=True) as operator:
            # The tests' servers acknowledge what they have not written yet.
            operator.execute(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on',"
                " current_database()); END $$"
            )
        with closing(Api(tmp_path, address)) as api:
            titles = _written_through(api, server)
            assert sorted(row.title for row in api.rows("integrations")) == sorted(titles)
            assert api.rows("audit")[-1].action == "integration.create"
    finally:
        server.stop()


def _written_through(api: Api, server: postgres.Server) -> list[str]:
    """What clients were told is written, while the server crashed again and again."""
    client, done = api.client(attempts=50), Progress()

    def write(writer: int) -> None:
        count = 0
        while not done.ended.is_set():
            title = f"{writer}/{count}"
            client.call("POST", "cloud-integrations", body={**AWS, "title": title})
            done.add(title)
            count += 1

    with ThreadPoolExecutor(WRITERS) as pool:
        tasks = [pool.submit(write, writer) for writer in range(WRITERS)]
        try:
            for _ in range(FAILURES):
                done.more(10, tasks)
                server.crash()
                server.start()
            done.more(10, tasks)
        finally:
            done.ended.set()
        done.end(tasks)
    return done.titles
