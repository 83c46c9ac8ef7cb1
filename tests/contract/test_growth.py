"""What a request reads and leaves behind is in proportion to what it asks, however much there is beside."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from pulumi_encord_integrations.client import members
from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.server.store import audit, groups
from pulumi_encord_integrations.server.store import members as store
from pulumi_encord_integrations.server.store import tables as t
from tests.support.api import CREATOR, INTEGRATIONS, MEMBER, OUTSIDER, Api
from tests.support.people import GROUPS, crowd, granted, group, patch, post


@pytest.fixture
def uuid(on_sqlite: Api) -> str:
    return str(on_sqlite.create()["integrationUuid"])


def _pages(api: Api, path: str, size: int) -> list[Any]:
    found: list[Any] = []
    token: str | None = ""
    while token is not None:
        query = {"pageSize": size, **({"pageToken": token} if token else {})}
        found.append(api.send(path=path, query=query).body)
        token = found[-1]["nextPageToken"]
    return found


def _longest(api: Api, column: str, table: str) -> int:
    with api.database.read() as connection:
        return int(connection.scalar(text(f"SELECT max(length({column})) FROM {table}")) or 0)


def test_a_listing_digests_the_members_once(
    on_sqlite: Api, uuid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted(on_sqlite, uuid, dict.fromkeys(crowd(on_sqlite, 25), "user"))
    reads: list[str] = []
    whole = store.roles

    def watched(connection: Connection, integration: str) -> dict[str, str]:
        reads.append(integration)
        return whole(connection, integration)

    monkeypatch.setattr(store, "roles", watched)
    pages = _pages(on_sqlite, f"{INTEGRATIONS}/{uuid}/members", 4)
    assert (len(pages), len(reads), len({page["etag"] for page in pages})) == (7, 1, 1)
    assert sum(len(page["results"]) for page in pages) == 26


def test_a_change_between_two_pages_refuses_the_write_that_goes_by_them(local: Api) -> None:
    uuid = local.create()["integrationUuid"]
    granted(local, uuid, {MEMBER: "user"})
    path = f"{INTEGRATIONS}/{uuid}/members"
    first = local.send(path=path, query={"pageSize": 1}).body
    granted(local, uuid, {OUTSIDER: "user"})
    last = local.send(path=path, query={"pageSize": 5, "pageToken": first["nextPageToken"]}).body
    assert (last["etag"], len(last["results"])) == (first["etag"], 2)
    with pytest.raises(Refused) as refusal:
        members.replace(local.client(), uuid, {CREATOR: "admin"}, last["etag"])
    assert refusal.value.code == "members_changed"


@pytest.mark.parametrize("path", ["/{uuid}/members", "/members"])
def test_a_page_costs_what_it_holds(on_sqlite: Api, uuid: str, path: str) -> None:
    steps: list[int] = []
    people = crowd(on_sqlite, 4_000)
    for count in (200, 4_000):
        granted(on_sqlite, uuid, dict.fromkeys(people[:count], "user"))
        place = f"{INTEGRATIONS}{path.format(uuid=uuid)}"
        token = on_sqlite.send(path=place, query={"pageSize": 50}).body["nextPageToken"]
        steps.append(_steps(on_sqlite, place, {"pageSize": 50, "pageToken": token}))
    assert steps[1] < 1.2 * steps[0]


def _steps(api: Api, path: str, query: Any) -> int:
    """What SQLite does for one request, in its own instructions."""
    done = [0]

    def count() -> int:
        done[0] += 1
        return 0

    def watch(connection: Any, *_: Any) -> None:
        connection.set_progress_handler(count, 1)

    listening = (api.database._engine, "checkout", watch)
    event.listen(*listening)
    assert len(api.send(path=path, query=query).body["results"]) == 50
    event.remove(*listening)
    return done[0]


def test_additions_to_a_large_group_keep_no_list_of_it(on_sqlite: Api) -> None:
    people = crowd(on_sqlite, 1_000)
    uuid = group(on_sqlite, *people[:990])
    for email in people[990:]:
        added = post(on_sqlite, f"{GROUPS}/{uuid}/users", {"userEmails": [email]})
    assert len(added.body["results"]) == 1_000
    assert _longest(on_sqlite, "body", "answers") < 1_000


@pytest.mark.parametrize("late", [False, True])
def test_a_repeated_addition_acts_once_and_answers_who_is_there(local: Api, late: bool) -> None:
    uuid = group(local, MEMBER)
    request = local.request(method="POST", path=f"{GROUPS}/{uuid}/users", body={"userEmails": [OUTSIDER]})
    first = local.send(request).body
    if late:
        post(local, f"{GROUPS}/{uuid}/users/bulk-delete", {"userEmails": [OUTSIDER]})
    rows = len(local.rows("audit"))
    there = [MEMBER] if late else [MEMBER, OUTSIDER]
    again = local.send(request)
    assert [row["userEmail"] for row in again.body["results"]] == there
    assert (late or again.body == first, len(local.rows("audit"))) == (True, rows)


def test_a_repeated_addition_to_a_group_that_is_gone_answers_nobody(local: Api) -> None:
    uuid = group(local)
    request = local.request(method="POST", path=f"{GROUPS}/{uuid}/users", body={"userEmails": [OUTSIDER]})
    local.send(request)
    local.send(method="DELETE", path=f"{GROUPS}/{uuid}")
    assert local.send(request).body["results"] == []


def test_a_long_change_is_kept_short_and_names_everybody(on_sqlite: Api, uuid: str) -> None:
    people = crowd(on_sqlite, 2_000)
    answer = patch(on_sqlite, uuid, dict.fromkeys(people, "user"))
    assert answer.body["added"] == people
    whole = len(json.dumps(answer.body))
    assert _longest(on_sqlite, "body", "answers") < whole / 5
    assert _longest(on_sqlite, "long_detail", "audit") < whole / 4
    row = next(row for row in on_sqlite.rows("audit") if row.action == "members.change")
    assert json.loads(row.detail) == {"granted": 2_000, "removed": 0, "changes": 2_000}
    assert json.loads(_audited(on_sqlite)) == {
        "granted": dict.fromkeys(people, "user"),
        "removed": [],
        "changes": {email: [None, "user"] for email in people},
    }


def _audited(api: Api) -> str:
    with api.database.read() as connection:
        query = t.audit.select().where(t.audit.c.long_detail.is_not(None))
        return str(connection.execute(query).one().long_detail)


def _newest(connection: Connection) -> None:
    audit.newest(connection, "o", "x")


def _newest_of(connection: Connection) -> None:
    audit.newest_of(connection, "o", groups.uuids("o"))


def _newest_of_a_page(connection: Connection) -> None:
    audit.newest_of(connection, "o", groups.uuids("o"), "x", 10)


@pytest.mark.parametrize("read", [_newest, _newest_of, _newest_of_a_page])
def test_the_last_writes_are_found_by_their_objects(
    on_sqlite: Api, read: Callable[[Connection], None]
) -> None:
    asked: list[tuple[str, Any]] = []
    with on_sqlite.database.read() as connection:
        event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
        read(connection)
        [(statement, parameters)] = asked
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = [row.detail for row in plan]
    assert [
        step for step in steps if "INDEX sqlite_autoindex_last_writes_1 (organization=? AND object" in step
    ], steps
