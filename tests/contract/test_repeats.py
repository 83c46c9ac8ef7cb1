"""A request that arrives twice acts once, and every act leaves one row in the audit trail."""

import json
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete

from pulumi_encord_integrations.server.store import audit
from pulumi_encord_integrations.server.store import tables as t
from tests.support.api import AWS, BOSS, CREATOR, INTEGRATIONS, MEMBER, OUTSIDER, Api
from tests.support.people import GROUPS, USERS, everything, granted, group, patch, roles_of

TRACE = "X-Cloud-Trace-Context"


def _create(api: Api) -> httpx2.Request:
    return api.request(method="POST", body=AWS)


def test_a_repeat_gets_the_first_answer_and_acts_once(api: Api) -> None:
    request = _create(api)
    first, again = api.send(request), api.send(request)
    assert (again.status, again.body) == (200, first.body)
    assert [len(api.rows(table)) for table in ("integrations", "answers")] == [1, 1]


def test_a_repeat_after_a_restart_acts_once(local: Api) -> None:
    request = _create(local)
    first = local.send(request)
    assert local.restarted().send(request).body == first.body
    assert len(local.rows("integrations")) == 1


def test_a_repeated_delete_is_answered_as_the_first(api: Api) -> None:
    request = api.request(method="DELETE", path=f"{INTEGRATIONS}/{api.create()['integrationUuid']}")
    assert [api.send(request).body for _ in range(2)] == [{"outcome": "deleted"}] * 2


def test_a_replay_of_our_own_signature_acts_once_whatever_its_trace(api: Api) -> None:
    request = _create(api)
    first = api.send(request)
    request.headers[TRACE] = "another"
    assert api.send(request).body == first.body
    assert len(api.rows("integrations")) == 1


def test_a_refused_request_leaves_no_trace_and_may_come_again(api: Api) -> None:
    made = api.create()
    request = api.request(MEMBER, "PATCH", f"{INTEGRATIONS}/{made['integrationUuid']}", {"title": "New"})
    before = everything(api)
    assert api.send(request).status == 403
    assert everything(api) == before
    api.add_member(made["integrationUuid"], MEMBER, "admin")
    assert api.send(request).status == 200


def test_a_removed_users_repeat_is_not_answered(local: Api) -> None:
    request = local.request(OUTSIDER, "POST", body=AWS)
    made = local.send(request).body["integration"]["integrationUuid"]
    with local.database.write() as connection:
        connection.execute(delete(t.members).where(t.members.c.integration == made))
        users = t.organization_users
        connection.execute(delete(users).where(users.c.email == OUTSIDER))
    assert local.send(request).refusal == (403, "not_in_organization")


def test_every_write_leaves_one_audit_row(api: Api) -> None:
    uuid = api.create()["integrationUuid"]
    api.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body={"title": "New", "region": "eu-west-1"})
    api.send(path=f"{INTEGRATIONS}/{uuid}")
    api.send(method="DELETE", path=f"{INTEGRATIONS}/{uuid}")
    rows = [row for row in api.rows("audit") if row.object == uuid]
    assert [row.action for row in rows] == ["integration.create", "integration.update", "integration.deleted"]
    assert {row.actor for row in rows} == {CREATOR}
    assert json.loads(rows[1].detail)["changed"] == ["region", "title"]


def _broken(*_: Any, **__: Any) -> None:
    raise OSError("no audit")


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_without_its_audit_row_a_write_does_not_happen(
    api: Api, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    path = INTEGRATIONS if method == "POST" else f"{INTEGRATIONS}/{api.create()['integrationUuid']}"
    before = [api.rows(table) for table in ("integrations", "answers", "members")]
    monkeypatch.setattr(audit, "record", _broken)
    body = AWS if method == "POST" else {"title": "New"} if method == "PATCH" else None
    assert api.send(method=method, path=path, body=body).refusal == (500, "internal_error")
    assert [api.rows(table) for table in ("integrations", "answers", "members")] == before


NEW = {"email": "nia@example.com", "roleMnemonicName": "MEMBER", "memberType": "internal"}
ONE = f"{INTEGRATIONS}/{{uuid}}"
WRITES: list[tuple[str, str, Any]] = [
    ("PATCH", f"{ONE}/members", {"set": [{"user": OUTSIDER, "role": "user"}], "remove": [{"user": MEMBER}]}),
    ("PUT", f"{ONE}/members", {"members": [{"user": OUTSIDER, "role": "user"}]}),
    ("POST", f"{ONE}/join", None),
    ("POST", f"{ONE}/users", {"userEmails": [OUTSIDER], "userRole": "user"}),
    ("POST", f"{ONE}/users/bulk-delete", {"userEmails": [MEMBER]}),
    ("DELETE", f"{ONE}/groups?groupHashList={{group}}", None),
    ("POST", GROUPS, {"name": "New"}),
    ("PATCH", f"{GROUPS}/{{group}}", {"name": "New"}),
    ("DELETE", f"{GROUPS}/{{group}}", None),
    ("POST", f"{GROUPS}/{{group}}/users", {"userEmails": [OUTSIDER]}),
    ("POST", f"{GROUPS}/{{group}}/users/bulk-delete", {"userEmails": [MEMBER]}),
    ("POST", USERS, NEW),
    ("PATCH", f"{USERS}/{OUTSIDER}", {"roleMnemonicName": "TASKER"}),
    ("DELETE", f"{USERS}/{OUTSIDER}", None),
]


@pytest.fixture
def ids(api: Api) -> dict[str, str]:
    """An integration that is shared with a group, which the organization's other admin administers too."""
    uuid, team = api.create()["integrationUuid"], group(api, MEMBER)
    granted(api, uuid, {MEMBER: "user", f"group:{team}": "user", f"group:{group(api, BOSS)}": "admin"})
    return {"uuid": uuid, "group": team}


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_each_write_about_people_acts_once_and_leaves_one_audit_row(
    api: Api, ids: dict[str, str], method: str, path: str, body: Any
) -> None:
    request = api.request(BOSS, method, path.format(**ids), body)
    rows = len(api.rows("audit"))
    first = api.send(request)
    after = everything(api)
    again = api.send(request)
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert everything(api) == after
    assert len(api.rows("audit")) == rows + 1


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_without_its_audit_row_nobody_is_granted_or_removed(
    api: Api, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: Any
) -> None:
    before = everything(api)
    monkeypatch.setattr(audit, "record", _broken)
    answer = api.send(who=BOSS, method=method, path=path.format(**ids), body=body)
    assert answer.refusal == (500, "internal_error")
    assert everything(api) == before


def test_a_late_repeat_of_a_grant_does_not_grant_again(api: Api, ids: dict[str, str]) -> None:
    body = {"set": [{"user": OUTSIDER, "role": "user"}]}
    request = api.request(method="PATCH", path=f"{INTEGRATIONS}/{ids['uuid']}/members", body=body)
    api.send(request)
    patch(api, ids["uuid"], removed=[OUTSIDER])
    assert api.send(request).body["added"] == [OUTSIDER]
    assert OUTSIDER not in roles_of(api, ids["uuid"])
