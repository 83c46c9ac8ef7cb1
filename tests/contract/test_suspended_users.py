"""Somebody who is suspended: may do nothing, loses nothing, and can be settled in peace."""

import json
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from sqlalchemy import event

from pulumi_encord_integrations.server.store import members
from tests.support.api import BOSS, CREATOR, INTEGRATIONS, MEMBER, OUTSIDER, Answer, Api
from tests.support.people import USERS, everything, granted, group, post, refused, role_of

SUSPENDED = (403, "user_suspended")


def _change(api: Api, email: str, who: str = CREATOR, **body: Any) -> Answer:
    return api.send(who=who, method="PATCH", path=f"{USERS}/{quote(email, safe='')}", body=body)


def _suspended(api: Api, email: str, suspended: bool = True, who: str = CREATOR) -> Answer:
    answer = _change(api, email, who, suspended=suspended)
    assert (answer.status, answer.body["suspended"]) == (200, suspended), answer.body
    return answer


def _remove(api: Api, email: str, who: str = CREATOR) -> Answer:
    return api.send(who=who, method="DELETE", path=f"{USERS}/{quote(email, safe='')}")


def _audited(api: Api) -> list[tuple[str, bool]]:
    rows = [row for row in api.rows("audit") if row.action.startswith("organization-user.")]
    return [(row.action, json.loads(row.detail)["changes"]["suspended"][1]) for row in rows]


def test_the_next_request_of_a_suspended_user_is_refused_whatever_it_is(api: Api, integration: Any) -> None:
    uuid = integration["integrationUuid"]
    granted(api, uuid, {OUTSIDER: "admin"})
    token = api.send(who=OUTSIDER, path="/v2/public/user/bearer-token").body["token"]
    headers = {"Authorization": f"Bearer {token}"}
    _suspended(api, OUTSIDER.upper())
    before = everything(api)
    answers = [
        api.send(who=OUTSIDER, path=path)
        for path in (INTEGRATIONS, USERS, f"{INTEGRATIONS}/{uuid}", "/v2/public/user/current-organisation")
    ]
    answers.append(api.send(httpx2.Request("GET", f"{api.endpoint}{USERS}", headers=headers)))
    answers.append(api.send(who=OUTSIDER, path="/v2/public/user/bearer-token"))
    answers.append(api.send(who=OUTSIDER, method="DELETE", path=f"{INTEGRATIONS}/{uuid}"))
    assert [answer.refusal for answer in answers] == [SUSPENDED] * len(answers)
    assert answers[0].body["message"] == f"{OUTSIDER} is suspended from the organization"
    assert everything(api) == before


def test_lifting_a_suspension_brings_everything_back_keys_included(api: Api, integration: Any) -> None:
    uuid, team = integration["integrationUuid"], group(api, OUTSIDER)
    granted(api, uuid, {OUTSIDER: "user", f"group:{team}": "admin"})
    before = everything(api)
    _suspended(api, OUTSIDER)
    _suspended(api, OUTSIDER, False)
    assert api.send(who=OUTSIDER, path=f"{INTEGRATIONS}/{uuid}").status == 200
    assert role_of(api, uuid, OUTSIDER) == "admin"
    for table in ("members", "group_members", "group_users", "user_keys"):
        assert sorted(api.rows(table), key=repr) == before[table]
    assert _audited(api) == [("organization-user.suspend", True), ("organization-user.restore", False)]


def test_a_suspension_outlives_other_changes_and_is_not_begun_anew(api: Api) -> None:
    _suspended(api, OUTSIDER)
    (began,) = [row.suspended_at for row in api.rows("organization_users") if row.suspended_at]
    assert _change(api, OUTSIDER, roleMnemonicName="TASKER").body["suspended"] is True
    _suspended(api, OUTSIDER)
    assert [row.suspended_at for row in api.rows("organization_users") if row.suspended_at] == [began]


def test_somebody_may_be_added_as_suspended(api: Api) -> None:
    body = {"email": "nia@example.com", "suspended": True}
    assert post(api, USERS, body, CREATOR).body["suspended"] is True


def test_nobody_suspends_themselves_and_only_admins_suspend(api: Api) -> None:
    before = everything(api)
    assert refused(api, _change(api, CREATOR, suspended=True), before) == (409, "own_user")
    assert refused(api, _change(api, OUTSIDER, MEMBER, suspended=True), before)[0] == 403


def test_a_suspended_admin_is_no_other_admin_of_the_organization(api: Api) -> None:
    _change(api, BOSS, roleMnemonicName="ADMIN")
    _suspended(api, BOSS)
    before = everything(api)
    answer = _change(api, CREATOR, roleMnemonicName="MEMBER")
    assert refused(api, answer, before) == (409, "last_organization_admin")
    _suspended(api, BOSS, False)
    assert _change(api, CREATOR, roleMnemonicName="MEMBER").status == 200


def test_who_blocks_their_own_removal_is_suspended_joined_and_removed(api: Api) -> None:
    uuid = api.create(OUTSIDER, title="Planted")["integrationUuid"]
    refusal = _remove(api, OUTSIDER)
    assert refusal.refusal == (409, "last_admin")
    assert f"suspending {OUTSIDER}" in str(refusal.body)
    _suspended(api, OUTSIDER)
    assert _remove(api, OUTSIDER).refusal == (409, "last_admin")
    assert api.send(who=CREATOR, method="POST", path=f"{INTEGRATIONS}/{uuid}/join").status == 200
    assert _remove(api, OUTSIDER).status == 200
    assert role_of(api, uuid, OUTSIDER) is None


@pytest.mark.parametrize("by_group", [False, True])
def test_an_admin_who_is_suspended_does_not_cover_for_one_who_leaves(api: Api, by_group: bool) -> None:
    uuid = api.create(OUTSIDER, title="Theirs")["integrationUuid"]
    other = f"group:{group(api, MEMBER)}" if by_group else MEMBER
    granted(api, uuid, {other: "admin"}, OUTSIDER)
    _suspended(api, MEMBER)
    assert _remove(api, OUTSIDER).refusal == (409, "last_admin")
    _suspended(api, MEMBER, False)
    assert _remove(api, OUTSIDER).status == 200


def test_whoever_comes_back_after_a_removal_is_not_suspended(api: Api) -> None:
    _suspended(api, OUTSIDER)
    _remove(api, OUTSIDER)
    assert post(api, USERS, {"email": OUTSIDER}, CREATOR).body["suspended"] is False


def test_reviewers_see_who_is_suspended(api: Api, integration: Any) -> None:
    uuid = integration["integrationUuid"]
    granted(api, uuid, {OUTSIDER: "admin", MEMBER: "user"})
    _suspended(api, OUTSIDER)
    listings = (f"{INTEGRATIONS}/{uuid}/members", f"{INTEGRATIONS}/members", f"{INTEGRATIONS}/{uuid}/users")
    for path in listings:
        rows = api.send(path=path).body["results"]
        found = {row.get("user") or row.get("userEmail"): row["suspended"] for row in rows}
        assert found == {CREATOR: False, MEMBER: False, OUTSIDER: True}, path
    (access,) = api.send(path=f"{INTEGRATIONS}/access?userEmail={OUTSIDER}").body["results"]
    assert (access["suspended"], access["role"], access["permissions"]) == (True, "admin", [])


def test_only_those_who_are_listed_are_looked_up(local: Api) -> None:
    uuid = local.create()["integrationUuid"]
    granted(local, uuid, {MEMBER: "user"})
    for number in range(3):
        body = {"email": f"gone{number}@example.com", "suspended": True}
        assert post(local, USERS, body, CREATOR).status == 200
    asked: list[Any] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if "suspended_at IS NOT NULL" in statement:
            asked.append([*(given.values() if isinstance(given, dict) else given)])

    event.listen(local.database._engine, "before_cursor_execute", note)
    for path in (f"{INTEGRATIONS}/{uuid}/members", f"{INTEGRATIONS}/members"):
        asked.clear()
        assert local.send(path=path).status == 200
        emails = [sorted(value for value in given if "@" in value) for given in asked]
        assert emails == [sorted((CREATOR, MEMBER))], path
    _suspended(local, MEMBER)
    with local.database.read() as connection:
        assert members.suspended(connection, uuid) == {MEMBER}
