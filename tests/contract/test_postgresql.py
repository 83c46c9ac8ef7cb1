"""What only PostgreSQL can do to the API: several servers on one database, locks, a server that goes away."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from pulumi_encord_integrations.client import members, organizations
from pulumi_encord_integrations.client.auth import Signer, read_key
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store.postgresql import PostgresqlDatabase
from tests.contract.conftest import POSTGRESQL, SQLITE, made
from tests.support import postgres
from tests.support.api import (
    AWS,
    BOSS,
    CREATOR,
    INTEGRATIONS,
    MEMBER,
    OUTSIDER,
    Answer,
    Api,
    application,
)
from tests.support.command import run, serving
from tests.support.size import sized

SEED = 20_261_123
SEQUENCES = sized(50, 200)
GROUPS = "/v2/public/organisation/groups"
_VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\d{4}-\d\d-\d\dT[\d:.]+Z|\"\w{32}\"")


@pytest.fixture
def on_postgresql(tmp_path: Path) -> Iterator[Api]:
    yield from made(tmp_path, POSTGRESQL)


def another(api: Api, **how: Any) -> Api:
    """A second server on the same database and key."""
    again = api.restarted()
    address = postgres.address_of(str(api._address))
    again.database = api.use(PostgresqlDatabase(address, api.database.key_file, **how))
    again.app = application(api.vault, again.database)
    again.transport = in_process(again.app)
    return again


def test_sixteen_writers_over_two_servers_lose_nothing(on_postgresql: Api) -> None:
    both = [on_postgresql, another(on_postgresql)]

    def write(number: int) -> int:
        return both[number % 2].send(method="POST", body={**AWS, "title": f"{number}"}).status

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(write, range(64))) == {200}
    assert {row.title for row in on_postgresql.rows("integrations")} == {str(number) for number in range(64)}


def test_a_request_repeated_at_another_server_acts_once(on_postgresql: Api) -> None:
    other = another(on_postgresql)
    request = on_postgresql.request(method="POST", body=AWS)
    first, second = on_postgresql.send(request), other.send(request)
    assert first.body == second.body
    assert len(on_postgresql.rows("integrations")) == 1


def test_a_lock_held_for_long_is_busy_and_says_when_to_come_back(on_postgresql: Api) -> None:
    waiting = another(on_postgresql, busy_seconds=0.2)
    with on_postgresql.database.write():
        answer = waiting.send(method="POST", body=AWS)
    assert answer.refusal == (503, "database_busy")
    assert answer.headers["Retry-After"] == "1"
    assert waiting.send(method="POST", body=AWS).status == 200


def test_connections_that_were_cut_are_replaced(on_postgresql: Api) -> None:
    on_postgresql.create()
    with psycopg.connect(str(on_postgresql._address), autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert on_postgresql.send().status == 200
    assert on_postgresql.send(method="POST", body=AWS).status == 200


def test_no_session_keeps_anything_of_a_transaction(on_postgresql: Api) -> None:
    for _ in range(8):
        assert on_postgresql.send(method="POST", body=AWS).status == 200
        assert on_postgresql.send().status == 200
    kept = (
        "SELECT statement FROM pg_prepared_statements"
        " UNION ALL SELECT name FROM pg_cursors WHERE name <> ''"
        " UNION ALL SELECT name || ' ' || setting FROM pg_settings"
        " WHERE source = 'session' AND NOT starts_with(name, 'transaction')"
        " UNION ALL SELECT locktype FROM pg_locks WHERE locktype = 'advisory'"
    )
    engine = on_postgresql.database._engine
    with ExitStack() as stack:
        sessions = [stack.enter_context(engine.connect()) for _ in range(4)]
        assert [session.exec_driver_sql(kept).all() for session in sessions] == [[]] * len(sessions)


def test_every_transaction_has_its_own_settings(on_postgresql: Api) -> None:
    database = on_postgresql.database
    wanted = {"lock_timeout": "15s", "timezone": "UTC", "idle_in_transaction_session_timeout": "1min"}
    for transaction in (database.read, database.write):
        with transaction() as connection:
            found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in wanted}
        assert found == wanted


def test_a_pooler_may_give_each_transaction_another_session(on_postgresql: Api) -> None:
    with ExitStack() as stack:
        engine = on_postgresql.database._engine
        borrowed = [stack.enter_context(engine.connect()) for _ in range(2)]
        first, second = [one.connection.driver_connection for one in borrowed]
    assert first is not None
    assert second is not None
    for number in range(16):
        made = on_postgresql.send(method="POST", body={**AWS, "title": f"{number}"})
        assert (made.status, on_postgresql.send().status) == (200, 200)
        # What a client believes to be one session is another one now.
        first.pgconn, second.pgconn = second.pgconn, first.pgconn
    assert len(on_postgresql.rows("integrations")) == 16


def test_a_failing_database_speaks_of_postgresql_and_not_of_a_file(on_postgresql: Api) -> None:
    with psycopg.connect(str(on_postgresql._address), autocommit=True) as operator:
        operator.execute("DROP TABLE integrations CASCADE")
    answer = on_postgresql.send()
    assert answer.refusal == (500, "database_error")
    assert answer.body["hint"] == "See the log of the PostgreSQL server"


def test_a_database_that_is_away_is_told_in_one_line(on_postgresql: Api, tmp_path: Path) -> None:
    on_postgresql.database.close()
    gone = another(on_postgresql)
    away = postgres.address_of(f"postgresql://ada:canary@/x?host={tmp_path}")
    gone.database = gone.use(PostgresqlDatabase(away, gone.database.key_file))
    gone.app.state.database = gone.database
    answer = gone.send()
    assert answer.refusal == (503, "database_away")
    assert "canary" not in str(answer.body)
    with pytest.raises(DatabaseUnusable, match="cannot use postgresql://ada@") as refusal:
        gone.database.prepare()
    assert "canary" not in refusal.value.message


def test_the_api_works_again_after_its_database_was_restarted(tmp_path: Path) -> None:
    if not (programs := postgres.programs()):
        pytest.skip("there is no PostgreSQL on this machine")
    server = postgres.Server(programs)
    api = Api(tmp_path, server.new())
    server.halt()
    answer = api.send()
    assert answer.refusal == (503, "database_away")
    assert "Traceback" not in str(answer.body)
    server.start()
    assert api.send(method="POST", body=AWS).status == 200
    api.close()
    server.stop()


def test_two_servers_may_prepare_one_empty_database_at_once(on_postgresql: Api, tmp_path: Path) -> None:
    address = str(on_postgresql._address)
    with psycopg.connect(address, autocommit=True) as operator:
        operator.execute("DROP SCHEMA public CASCADE")
        operator.execute("CREATE SCHEMA public")
    on_postgresql.database.close()
    both = [PostgresqlDatabase(postgres.address_of(address), tmp_path / "k", create=True) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(PostgresqlDatabase.prepare, both)) == [None, None]
    assert len(on_postgresql.rows("alembic_version")) == 1
    for one in both:
        one.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE alembic_version SET version_num = 'later'", "newer version"),
        ("DROP TABLE alembic_version", "another program"),
        ("DELETE FROM alembic_version", "another program"),
        ("DROP SCHEMA public CASCADE", "no database of this API"),
    ],
)
def test_a_database_that_is_not_ours_is_told(on_postgresql: Api, change: str, said: str) -> None:
    with psycopg.connect(str(on_postgresql._address), autocommit=True) as operator:
        operator.execute(change.encode())
    with pytest.raises(DatabaseUnusable, match=said):
        another(on_postgresql).database.prepare()


@pytest.mark.parametrize("kind", [SQLITE, POSTGRESQL])
@pytest.mark.parametrize(
    "body",
    [
        {"nonce": "n" * 16 + "\0"},
        {"declaredAs": {"stackId": "11111111-2222-4333-8444-555555555555", "path": "a\0b"}},
    ],
)
def test_a_nul_is_no_failure_of_the_api(tmp_path: Path, kind: str, body: Any) -> None:
    for api in made(tmp_path, kind):
        assert api.send(method="POST", body={**AWS, **body}).status in {200, 400}
        assert api.send(path=f"{INTEGRATIONS}/search", query={"title": "a\0b"}).status in {200, 400}


@pytest.mark.parametrize(
    ("place", "more", "said"),
    [
        ("127.0.0.1:1/x", [], "must be named"),
        ("127.0.0.1:1/x", ["--encryption-key", "k"], "cannot use"),
        (":no/x", ["--encryption-key", "k"], "Percent-encode the password"),
        ("h/x/canary@127.0.0.1:1/x", ["--encryption-key", "k"], "Percent-encode the password"),
        ("127.0.0.1:1", ["--encryption-key", "k"], "no database"),
        ("127.0.0.1:1/x?canary=canary", ["--encryption-key", "k"], "does not know"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_in_one_line(
    tmp_path: Path, place: str, more: list[str], said: str
) -> None:
    ran = run(tmp_path, "serve", "--database", f"postgresql://ada:canary@{place}", *more)
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert "canary" not in ran.err
    assert "Traceback" not in ran.err


def test_the_command_founds_and_refuses_to_found_twice(on_postgresql: Api, tmp_path: Path) -> None:
    again = ["init-server", "--database", str(on_postgresql._address), "--encryption-key", "key"]
    who = ["--organization", "Acme", "--admin", CREATOR, "--new-key", "ada.key"]
    ran = run(tmp_path, *again, *who)
    assert ran.code == 1
    assert 'holds the organization "Acme" already' in ran.err


def test_the_command_founds_serves_and_knows_its_key(on_postgresql: Api, tmp_path: Path) -> None:
    address = str(on_postgresql._address)
    with psycopg.connect(address, autocommit=True) as operator:
        operator.execute("DROP SCHEMA public CASCADE")
        operator.execute("CREATE SCHEMA public")
    place = ["--database", address, "--encryption-key", "key"]
    who = ["--organization", "Acme", "--admin", CREATOR, "--new-key", "ada.key"]
    assert run(tmp_path, "init-server", *place, *who).code == 0
    with serving(tmp_path, *place) as server:
        assert "PostgreSQL" in server.line
        with closing(Client(server.address, Signer(read_key(tmp_path / "ada.key")))) as client:
            assert organizations.current(client).name == "Acme"
    (tmp_path / "key").write_text("00" * 32)
    refused = run(tmp_path, "serve", *place)
    assert (refused.code, "is not the key of" in refused.err) == (2, True), refused.err


def acts(random: Random) -> list[tuple[str, Any]]:
    """A sequence of requests that do not name a uuid but by its number."""
    kinds = ["create", "title", "grant", "withdraw", "group", "share", "delete", "search", "members", "user"]
    return [(random.choice(kinds), random.randrange(4)) for _ in range(random.randrange(4, 9))]


class World:
    """One API driven by such a sequence, with what it answered."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.uuids: list[str] = []
        self.groups: list[str] = []

    def clear(self) -> None:
        """Listings have no second page, and no order by uuids that differ."""
        for uuid in self.uuids:
            self.api.send(method="DELETE", path=f"{INTEGRATIONS}/{uuid}")
        for uuid in self.groups:
            self.api.send(method="DELETE", path=f"{GROUPS}/{uuid}")
        self.uuids, self.groups = [], []

    def act(self, kind: str, n: int) -> Answer:
        one = f"{INTEGRATIONS}/{self.uuids[n % len(self.uuids)]}" if self.uuids else INTEGRATIONS
        who = [MEMBER, OUTSIDER, BOSS, "nobody@example.com"][n]
        role = ["user", "admin"][n % 2]
        send = self.api.send
        if kind == "create":
            answer = send(method="POST", body={**AWS, "title": f"Ünïcode {n}"})
            self.uuids.append(answer.body["integration"]["integrationUuid"])
            return answer
        if kind == "group":
            answer = send(method="POST", path=GROUPS, body={"name": f"group {n}", "description": ""})
            self.groups.append(answer.body["groupHash"])
            return answer
        if kind == "share":
            chosen = self.groups[n % len(self.groups)] if self.groups else self.api.vault.key_id
            return send(
                method="PATCH", path=f"{one}/members", body={"set": [{"group": chosen, "role": role}]}
            )
        asked: dict[str, dict[str, Any]] = {
            "title": {"method": "PATCH", "path": one, "body": {"title": f"renamed {n}"}},
            "grant": {
                "method": "PATCH",
                "path": f"{one}/members",
                "body": {"set": [{"user": who, "role": role}]},
            },
            "withdraw": {"method": "PATCH", "path": f"{one}/members", "body": {"remove": [{"user": who}]}},
            "delete": {"method": "DELETE", "path": one},
            "search": {"path": f"{INTEGRATIONS}/search", "query": {"owner": CREATOR}},
            "members": {"path": f"{INTEGRATIONS}/members"},
            "user": {"path": "/v2/public/organisation/users"},
        }
        return send(**asked[kind])


def test_random_sequences_are_answered_alike(on_sqlite: Api, tmp_path: Path, record_property: Any) -> None:
    random = Random(SEED)
    (tmp_path / "other").mkdir()
    for api in made(tmp_path / "other", POSTGRESQL):
        worlds = World(on_sqlite), World(api)
        for _ in range(SEQUENCES):
            for kind, n in acts(random):
                found = [comparable(world.act(kind, n)) for world in worlds]
                assert found[0] == found[1], (kind, n)
            for world in worlds:
                world.clear()
        assert len(list(members.everywhere(api.client()))) == len(
            list(members.everywhere(on_sqlite.client()))
        )
    record_property(
        "told", f"SQLite and PostgreSQL: {SEQUENCES} random sequences answered alike, seed {SEED}"
    )


def comparable(answer: Answer) -> tuple[int, Any]:
    """An answer without what differs from run to run; what is told in the order of uuids, sorted."""
    text = _VARYING.sub("X", str(answer.body))
    return answer.status, sorted(re.split(r"[{}]", text))
