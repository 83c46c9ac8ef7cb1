"""A request that arrives twice acts once, and every act leaves one row in the audit trail."""

from typing import Any

import httpx2
import pytest

from pulumi_encord_integrations.server.store import audit
from tests.support.api import AWS, CREATOR, INTEGRATIONS, MEMBER, OUTSIDER, Api

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
    before = [api.rows(table) for table in ("audit", "answers")]
    assert api.send(request).status == 403
    assert [api.rows(table) for table in ("audit", "answers")] == before
    api.add_member(made["integrationUuid"], MEMBER, "admin")
    assert api.send(request).status == 200


def test_a_removed_users_repeat_is_not_answered(local: Api) -> None:
    request = local.request(OUTSIDER, "POST", body=AWS)
    made = local.send(request).body["integration"]["integrationUuid"]
    with local.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM members WHERE integration = ?", (made,))
        connection.exec_driver_sql("DELETE FROM organization_users WHERE email = ?", (OUTSIDER,))
    assert local.send(request).refusal == (403, "not_in_organization")


def test_every_write_leaves_one_audit_row(api: Api) -> None:
    uuid = api.create()["integrationUuid"]
    api.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body={"title": "New", "region": "eu-west-1"})
    api.send(path=f"{INTEGRATIONS}/{uuid}")
    api.send(method="DELETE", path=f"{INTEGRATIONS}/{uuid}")
    rows = [row for row in api.rows("audit") if row.object == uuid]
    assert [row.action for row in rows] == ["integration.create", "integration.update", "integration.deleted"]
    assert {row.actor for row in rows} == {CREATOR}
    assert rows[1].detail == '{"changed": ["region", "title"]}'


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
