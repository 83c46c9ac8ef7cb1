"""Each write leaves one entry in the audit trail, and so does each that is refused, on every route."""

import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from pulumi_encord_integrations.server.refusal_bounds import A_MINUTE
from pulumi_encord_integrations.server.store import tables as t
from tests.contract.test_permissions import (
    BODIES,
    COLUMNS,
    EXCHANGE,
    OK,
    ONE,
    ROUTES,
    UNSIGNED,
    _asked,
    _trusted,
    team,
)
from tests.support.api import CREATOR, INTEGRATIONS, OUTSIDER, REMOVED, Api
from tests.support.people import GROUPS, USERS

__all__ = ["_trusted", "team"]
PREFIX = "/v2/public/"
WRITES = [route for route in ROUTES if route[0] != "GET" and route[1] != EXCHANGE]
"""All but that of strangers, who bring a token of another issuer; see test_federation.py."""
DONE = [route for route in WRITES if dict(zip(COLUMNS, ROUTES[route], strict=True))[CREATOR] == OK]
REFUSED = [route for route in WRITES if dict(zip(COLUMNS, ROUTES[route], strict=True))[OUTSIDER] != OK]
SEVERAL = {
    ("POST", f"{ONE}/registrations/known-batches"): [],
    ("POST", f"{ONE}/signed-urls"): ["integration.access-check", "urls.sign"],
}
"""A question that needs a body; the probe that comes before the first signing."""
SIGN_IN = ("GET", f"{PREFIX}user/bearer-token")


def _written(api: Api, before: int) -> list[Any]:
    """The entries that were added since."""
    with api.database.read() as connection:
        return list(connection.execute(select(t.audit).order_by(t.audit.c.number)))[before:]


def _key_of(api: Api, who: str) -> str:
    with api.database.read() as connection:
        query = select(t.user_keys.c.uuid).where(t.user_keys.c.public_key == api.public_key(who))
        return str(connection.scalar(query))


@pytest.mark.parametrize("route", DONE, ids=" ".join)
def test_each_write_leaves_one_entry(local: Api, integration: Any, team: str, route: tuple[str, str]) -> None:
    before, key = len(local.rows("audit")), _key_of(local, CREATOR)
    assert _asked(local, integration, team, CREATOR, *route) == OK
    added = _written(local, before)
    if route in SEVERAL:
        assert [row.action for row in added] == SEVERAL[route]
    else:
        assert len(added) == 1
    for row in added:
        assert (row.actor, row.key, row.outcome) == (CREATOR, key, "done")
        assert row.action
        assert row.object
        assert row.trace


@pytest.mark.parametrize("route", REFUSED, ids=" ".join)
def test_each_write_that_is_refused_leaves_one_entry(
    local: Api, integration: Any, team: str, route: tuple[str, str]
) -> None:
    before = len(local.rows("audit"))
    _, code = _asked(local, integration, team, OUTSIDER, *route)
    (row,) = _written(local, before)
    method, path = route
    assert (row.actor, row.key, row.outcome) == (OUTSIDER, _key_of(local, OUTSIDER), "refused")
    assert row.action == f"{method} {path.removeprefix(PREFIX)}"[:64]
    detail = json.loads(row.detail)
    assert detail["code"] == code
    assert detail["message"]
    assert bool(row.object) == ("{uuid}" in path)
    assert not [write for write in local.rows("last_writes") if write.actor == OUTSIDER]


@pytest.mark.parametrize("route", [route for route in ROUTES if route[0] == "GET"], ids=" ".join)
def test_a_read_leaves_no_entry_but_that_of_a_sign_in(
    local: Api, integration: Any, team: str, route: tuple[str, str]
) -> None:
    before = len(local.rows("audit"))
    for who in (CREATOR, OUTSIDER):
        _asked(local, integration, team, who, *route)
    added = [(row.action, row.actor) for row in _written(local, before)]
    both = [("sign-in.bearer-token", CREATOR), ("sign-in.bearer-token", OUTSIDER)]
    assert added == (both if route == SIGN_IN else [])


def test_every_write_is_among_those_that_are_tried() -> None:
    tried = {*DONE, *REFUSED}
    assert {route for route in WRITES if route not in tried} <= {("POST", f"{PREFIX}user/accept-invitation")}
    assert len(DONE) > 25
    assert set(SEVERAL) <= set(BODIES)


@pytest.mark.parametrize("who", [name for name in COLUMNS if name.startswith("a ")])
def test_strangers_leave_no_entry(local: Api, integration: Any, team: str, who: str) -> None:
    before = len(local.rows("audit"))
    for route in WRITES:
        _asked(local, integration, team, who, *route)
    assert [row.action for row in _written(local, before) if row.outcome == "refused"] == []
    assert UNSIGNED.startswith("a ")


def test_who_was_removed_leaves_no_entry_and_who_is_suspended_one(local: Api, integration: Any) -> None:
    local.send(method="PATCH", path=f"{USERS}/{OUTSIDER}", body={"suspended": True})
    before = len(local.rows("audit"))
    for who in (REMOVED, OUTSIDER):
        assert local.send(who=who, method="POST", body={}).status == 403
    (row,) = _written(local, before)
    assert (row.actor, json.loads(row.detail)["code"]) == (OUTSIDER, "user_suspended")


def test_a_write_with_a_key_that_only_reads_leaves_an_entry(local: Api) -> None:
    with local.database.write() as connection:
        mine = t.user_keys.c.public_key == local.public_key(CREATOR)
        connection.execute(update(t.user_keys).where(mine).values(scope="read"))
    before = len(local.rows("audit"))
    assert local.send(method="POST", path=GROUPS, body={"name": "Team"}).refusal == (403, "read_only")
    (row,) = _written(local, before)
    assert (row.actor, row.action, row.outcome) == (CREATOR, "POST organisation/groups", "refused")
    assert json.loads(row.detail)["code"] == "read_only"


def test_a_repeat_of_what_is_done_leaves_no_second_entry(local: Api) -> None:
    request = local.request(method="POST", path=GROUPS, body={"name": "Team"})
    assert local.send(request).status == 200
    before = len(local.rows("audit"))
    assert local.send(request).status == 200
    assert _written(local, before) == []


def test_a_body_that_is_wrong_is_told_without_what_it_holds(local: Api) -> None:
    before = len(local.rows("audit"))
    body = {"provider": "S3_COMPATIBLE", "title": "x", "secretAccessKey": ["canary-secret"], "accessKeyId": 7}
    assert local.send(method="POST", body=body).refusal == (400, "invalid_request")
    (row,) = _written(local, before)
    assert "secretAccessKey" in row.detail
    assert "canary" not in str(row)


def test_a_long_refusal_is_kept_short(local: Api) -> None:
    before = len(local.rows("audit"))
    assert local.send(method="POST", body={"x" * 60 + str(n): 1 for n in range(200)}).status == 400
    uuid = local.create()["integrationUuid"]
    many = {f"user{n}@example.com": "user" for n in range(300)}
    body = {"set": [{"user": email, "role": role} for email, role in many.items()]}
    assert local.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}/members", body=body).status == 409
    refused = [row for row in _written(local, before) if row.outcome == "refused"]
    assert len(refused) == 2
    assert all(len(json.loads(row.detail)["message"]) <= 512 for row in refused)
    assert refused[1].object == uuid


def test_a_query_that_is_wrong_leaves_an_entry(local: Api, integration: Any) -> None:
    before = len(local.rows("audit"))
    path = f"{INTEGRATIONS}/{integration['integrationUuid']}"
    assert local.send(method="DELETE", path=path, query={"ifEmpty": "perhaps"}).status == 400
    (row,) = _written(local, before)
    assert json.loads(row.detail)["code"] == "invalid_request"


def test_a_refusal_stays_a_refusal_where_its_entry_cannot_be_written(
    on_sqlite: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with on_sqlite.database._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit RENAME TO elsewhere")
    assert on_sqlite.send(method="POST", body={}).refusal == (400, "invalid_request")
    assert "a refusal is missing in the audit trail" in caplog.text


def test_a_path_that_names_no_object_leaves_an_entry_without_one(local: Api) -> None:
    path = f"/v2/public/user/keys/{'x' * 200}"
    assert local.send(method="DELETE", path=path).status == 400
    (newest,) = (row for row in local.rows("audit") if row.outcome == "refused")
    assert newest.object == ""
    assert json.loads(newest.detail)["path"].endswith("x" * 200)


def test_a_loop_of_refusals_leaves_a_bounded_number_of_entries(local: Api) -> None:
    for _ in range(A_MINUTE + 10):
        assert local.send(method="DELETE", path=f"{INTEGRATIONS}/{uuid4()}").status == 404
    refused = [row for row in local.rows("audit") if row.outcome == "refused"]
    assert len(refused) == A_MINUTE
