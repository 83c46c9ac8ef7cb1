"""A disk without space: each kind of write is refused in words, leaves nothing half done, and works later."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from pulumi_encord_integrations.client.errors import ServerFailed
from tests.contract.conftest import POSTGRESQL, SQLITE
from tests.contract.test_permissions import ACTS, OK, _asked, _trusted, team  # noqa: F401
from tests.support.api import AWS, CREATOR, INTEGRATIONS, Api
from tests.support.full_disk import full_disk
from tests.support.people import everything
from tests.support.size import sample, sized

FAILED = (500, "database_error")
QUESTION = "/known-batches"
WRITES = [(method, path) for method, path, who in ACTS if who == CREATOR and not path.endswith(QUESTION)]
CLAIMED = {f"{INTEGRATIONS}/{{uuid}}/signed-urls": {"answers"}}
"""By path, the tables that a request may leave a row in though it is refused."""
_BLOCK = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device'
        USING ERRCODE = 'disk_full', HINT = 'Check free disk space.';
    END $$;
"""


def _sizes() -> Iterator[int]:
    """Bytes that a file may have: fewer than its journal needs, then fewer than the database has."""
    yield from (0, 512, 4096)
    size = 8192
    while True:
        yield size
        size *= 2


@pytest.mark.parametrize("local", [SQLITE], indirect=True)
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_write_onto_a_full_disk_is_refused_whole_and_works_once_there_is_space(
    local: Api,
    integration: Any,
    team: str,  # noqa: F811
    method: str,
    path: str,
) -> None:
    before = _kept(local, path)
    refused = 0
    for size in _sizes():
        with full_disk(size):
            found = _asked(local, integration, team, CREATOR, method, path)
        if found == OK:
            break
        assert (found, _kept(local, path)) == (FAILED, before)
        refused += 1
    assert refused >= 3
    assert len(local.rows("audit")) > len(before["audit"])


@pytest.mark.parametrize("local", [POSTGRESQL], indirect=True)
@pytest.mark.parametrize("when", sized(["at the commit"], ["at once", "at the commit"]))
@pytest.mark.parametrize(("method", "path"), sample(WRITES, 6))
def test_a_write_to_a_server_without_space_is_refused_whole_and_works_once_there_is_some(
    local: Api,
    integration: Any,
    team: str,  # noqa: F811
    method: str,
    path: str,
    when: str,
) -> None:
    before = _kept(local, path)
    with _without_space(local, when):
        assert _asked(local, integration, team, CREATOR, method, path) == FAILED
        assert _kept(local, path) == before
    assert _asked(local, integration, team, CREATOR, method, path) == OK
    assert len(local.rows("audit")) > len(before["audit"])


@contextmanager
def _without_space(api: Api, when: str) -> Iterator[None]:
    """Writes fail as PostgreSQL lets them."""
    deferred = "CREATE CONSTRAINT TRIGGER full_disk AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED"
    trigger = "CREATE TRIGGER full_disk BEFORE INSERT ON audit" if when == "at once" else deferred
    with psycopg.connect(str(api._address), autocommit=True) as operator:
        operator.execute(f"{_BLOCK}{trigger} FOR EACH ROW EXECUTE FUNCTION refuse()".encode())
        try:
            yield
        finally:
            operator.execute("DROP FUNCTION refuse CASCADE")


def _kept(api: Api, path: str) -> dict[str, Any]:
    """All rows, but for the signatures that are taken once, whatever becomes of the request."""
    return {name: rows for name, rows in everything(api).items() if name not in CLAIMED.get(path, ())}


def test_reads_go_on_while_the_disk_is_full(on_sqlite: Api) -> None:
    made = on_sqlite.create()
    with full_disk():
        assert on_sqlite.send(path=f"{INTEGRATIONS}/{made['integrationUuid']}").body["title"] == made["title"]


def test_the_client_is_told_of_the_disk_at_once_and_its_retry_acts_once(on_sqlite: Api) -> None:
    client, request = on_sqlite.client(), on_sqlite.request(method="POST", body=AWS)
    with full_disk():
        with pytest.raises(
            ServerFailed, match=r"the database failed: disk I/O error .*\. .* disk"
        ) as refusal:
            client.call("POST", "cloud-integrations", body=AWS)
        assert on_sqlite.send(request).refusal == FAILED
    assert refusal.value.code == "database_error"
    answers = [on_sqlite.send(request) for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert len(on_sqlite.rows("integrations")) == 1


def test_a_database_that_may_not_grow_says_that_it_is_full(on_sqlite: Api) -> None:
    uuid = on_sqlite.create()["integrationUuid"]
    many = {"videos": [{"objectUrl": f"{number:04}.mp4"} for number in range(500)]}
    request = on_sqlite.request(method="POST", path=f"{INTEGRATIONS}/{uuid}/registrations", body=many)
    pages = on_sqlite.path.stat().st_size // 4096 + 2
    before = everything(on_sqlite)
    _bound(on_sqlite, pages)
    answer = on_sqlite.send(request)
    assert (answer.refusal, "database or disk is full" in answer.body["message"]) == (FAILED, True)
    assert everything(on_sqlite) == before
    _bound(on_sqlite, 1_000_000)
    assert on_sqlite.send(request).status == 200
    assert len(on_sqlite.rows("registrations")) == 500


def _bound(api: Api, pages: int) -> None:
    """Each connection has a bound of its own, and these tests use one after the other."""
    with api.database.read() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
