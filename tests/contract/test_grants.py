"""Users and groups in Encord's own shapes, and the role that follows from both."""

import json
from typing import Any

import pytest

from tests.support.api import BOSS, CREATOR, FOREIGNER, INTEGRATIONS, MEMBER, OUTSIDER, REMOVED, Answer, Api
from tests.support.people import (
    GROUPS,
    USERS,
    everything,
    granted,
    group,
    newcomer,
    patch,
    post,
    refused,
    role_of,
    roles_of,
)

LEADER = "lea@example.com"


@pytest.fixture
def uuid(integration: Any) -> str:
    """An integration of the creator's in which `MEMBER` is a User."""
    return str(integration["integrationUuid"])


def _users(api: Api, uuid: str, emails: list[Any], role: Any = "user", **how: Any) -> Answer:
    return post(api, f"{INTEGRATIONS}/{uuid}/users", {"userEmails": emails, "userRole": role}, **how)


def _drop(api: Api, uuid: str, emails: list[Any], **how: Any) -> Answer:
    return post(api, f"{INTEGRATIONS}/{uuid}/users/bulk-delete", {"userEmails": emails}, **how)


def _groups(api: Api, uuid: str, groups: list[Any], role: Any = "user", **how: Any) -> Answer:
    return post(api, f"{INTEGRATIONS}/{uuid}/groups", {"groupHashList": groups, "userRole": role}, **how)


def _take_off(api: Api, uuid: str, *groups: str, **how: Any) -> Answer:
    query = {"groupHashList": list(groups)}
    return api.send(method="DELETE", path=f"{INTEGRATIONS}/{uuid}/groups", query=query, **how)


def _told(answer: Answer) -> dict[str, str]:
    assert (answer.status, answer.body.get("nextPageToken")) == (200, None), answer.body
    return {row.get("userEmail") or row["groupHash"]: row["userRole"] for row in answer.body["results"]}


def test_several_users_are_added_at_once_and_all_individuals_are_answered(api: Api, uuid: str) -> None:
    expected = {CREATOR: "admin", MEMBER: "user", OUTSIDER: "user", BOSS: "user"}
    assert _told(_users(api, uuid, [OUTSIDER, BOSS.upper(), OUTSIDER])) == expected
    assert _told(api.send(path=f"{INTEGRATIONS}/{uuid}/users")) == expected
    assert _told(_users(api, uuid, [MEMBER], "admin"))[MEMBER] == "admin"


def test_several_users_are_removed_at_once_and_who_is_no_member_is_passed_over(api: Api, uuid: str) -> None:
    _users(api, uuid, [OUTSIDER])
    assert _told(_drop(api, uuid, [OUTSIDER, MEMBER.upper(), BOSS, FOREIGNER])) == {CREATOR: "admin"}
    assert _told(_drop(api, uuid, [])) == {CREATOR: "admin"}


def test_one_stranger_and_nobody_is_added(api: Api, uuid: str) -> None:
    before = everything(api)
    answer = _users(api, uuid, [OUTSIDER, FOREIGNER, REMOVED])
    assert refused(api, answer, before) == (409, "unknown_user")
    assert [error["member"] for error in answer.body["errors"]] == [FOREIGNER, REMOVED]


def test_one_admin_and_nobody_is_removed(api: Api, uuid: str) -> None:
    before = everything(api)
    assert refused(api, _drop(api, uuid, [MEMBER, CREATOR]), before) == (409, "admin_stays")


def test_groups_are_shared_with_and_taken_off_in_encords_shape(api: Api, uuid: str) -> None:
    first, second = (group(api, OUTSIDER, name=name) for name in ("First", "Second"))
    assert _told(_groups(api, uuid, [first, second.upper()])) == {first: "user", second: "user"}
    row = _groups(api, uuid, [first], "admin").body["results"][0]
    assert row.keys() == {"groupHash", "name", "description", "createdAt", "isSameOrganisation", "userRole"}
    assert (row["name"], row["isSameOrganisation"], row["userRole"]) == ("First", True, "admin")
    assert _told(_take_off(api, uuid, first)) == {second: "user"}
    assert _told(api.send(path=f"{INTEGRATIONS}/{uuid}/groups")) == {second: "user"}


def test_a_group_that_is_not_shared_with_is_passed_over(api: Api, uuid: str) -> None:
    assert _told(_take_off(api, uuid, group(api), uuid)) == {}


def test_one_unknown_group_and_none_is_shared_with(api: Api, uuid: str) -> None:
    mine, theirs = group(api), group(api, who=FOREIGNER)
    before = everything(api)
    answer = _groups(api, uuid, [mine, theirs])
    assert refused(api, answer, before) == (409, "unknown_group")
    assert [error["member"] for error in answer.body["errors"]] == [f"group:{theirs}"]


WRONG: list[tuple[str, Any]] = [
    ("users", {}), ("users", {"userEmails": [], "userRole": "user"}), ("users", {"userEmails": [OUTSIDER]}),
    ("users", {"userEmails": OUTSIDER, "userRole": "user"}),
    ("users", {"userEmails": [None], "userRole": "user"}),
    ("users", {"userEmails": [OUTSIDER], "userRole": 0}),
    ("users", {"userEmails": ["otto\u0000@example.com"], "userRole": "user"}),
    ("users/bulk-delete", {}), ("users/bulk-delete", {"userEmails": ["otto"]}), ("users/bulk-delete", []),
    ("groups", {"groupHashList": [], "userRole": "user"}),
    ("groups", {"groupHashList": ["x"], "userRole": "user"}),
    ("groups", {"groupHashList": [7], "userRole": "user"}), ("groups", {"userRole": "user"}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body"), WRONG)
def test_a_wrong_grant_is_refused(local: Api, uuid: str, path: str, body: Any) -> None:
    before = everything(local)
    answer = post(local, f"{INTEGRATIONS}/{uuid}/{path}", body)
    assert refused(local, answer, before) == (400, "invalid_request")


@pytest.mark.parametrize("query", [None, {"groupHashList": "x"}, {"groupHashList": ""}])
def test_groups_are_taken_off_by_uuids_only(local: Api, uuid: str, query: Any) -> None:
    answer = local.send(method="DELETE", path=f"{INTEGRATIONS}/{uuid}/groups", query=query)
    assert answer.refusal == (400, "invalid_request")


@pytest.mark.parametrize("call", [_users, _drop, _groups])
def test_whoever_may_not_add_is_told_so_before_what_is_wrong(local: Api, uuid: str, call: Any) -> None:
    assert call(local, uuid, [7], who=MEMBER).refusal == (403, "not_an_admin")


ROLES = [
    # own, first group, second group, effective
    ("user", "admin", None, "admin"),
    ("admin", "user", None, "admin"),
    ("user", "user", None, "user"),
    (None, "user", "admin", "admin"),
    (None, "admin", "user", "admin"),
    (None, "user", "user", "user"),
    (None, "admin", None, "admin"),
    ("user", None, None, "user"),
]


@pytest.mark.parametrize(("own", "first", "second", "effective"), ROLES)
def test_the_highest_role_counts(
    local: Api, uuid: str, own: str | None, first: str | None, second: str | None, effective: str
) -> None:
    teams = [f"group:{group(local, OUTSIDER)}" for _ in range(2)]
    asked = {OUTSIDER: own, teams[0]: first, teams[1]: second}
    granted(local, uuid, {key: role for key, role in asked.items() if role})
    assert role_of(local, uuid, OUTSIDER) == effective
    assert (_users(local, uuid, [BOSS], who=OUTSIDER).status == 200) == (effective == "admin")


ENDINGS: dict[str, Any] = {
    "deleted": lambda api, uuid, team: api.send(method="DELETE", path=f"{GROUPS}/{team}"),
    "left": lambda api, uuid, team: post(
        api, f"{GROUPS}/{team}/users/bulk-delete", {"userEmails": [OUTSIDER.upper()]}
    ),
    "taken off": _take_off,
    "removed": lambda api, uuid, team: patch(api, uuid, removed=[f"group:{team}"]),
    "not of the organization": lambda api, uuid, team: api.send(method="DELETE", path=f"{USERS}/{OUTSIDER}"),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_access_by_a_group_ends_at_once(api: Api, uuid: str, how: str) -> None:
    team = group(api, OUTSIDER)
    granted(api, uuid, {f"group:{team}": "admin"})
    assert role_of(api, uuid, OUTSIDER) == "admin"
    assert ENDINGS[how](api, uuid, team).status == 200
    assert role_of(api, uuid, OUTSIDER) is None
    assert _users(api, uuid, [BOSS], who=OUTSIDER).status == 403


@pytest.mark.parametrize("own", [None, "user"])
def test_whoever_gives_up_their_own_admin_group_may_not_see_the_rest(
    api: Api, uuid: str, own: str | None
) -> None:
    team = group(api, OUTSIDER)
    granted(api, uuid, {f"group:{team}": "admin", **({OUTSIDER: own} if own else {})})
    assert _take_off(api, uuid, team, who=OUTSIDER).body == {"results": [], "nextPageToken": None}
    assert role_of(api, uuid, OUTSIDER) == own
    assert f"group:{team}" not in roles_of(api, uuid)


def test_integrations_reached_by_a_group_are_listed_and_found(api: Api, uuid: str) -> None:
    api.create(title="Other")
    granted(api, uuid, {f"group:{group(api, OUTSIDER)}": "user"})
    listed = api.send(who=OUTSIDER, path=INTEGRATIONS).body["result"]
    found = api.send(who=OUTSIDER, path=f"{INTEGRATIONS}/search", query={"mine": True}).body["results"]
    assert [row["integrationUuid"] for row in (*listed, *found)] == [uuid, uuid]


def test_the_audit_trail_names_who_was_granted_and_removed(api: Api, uuid: str) -> None:
    team = group(api)
    _users(api, uuid, [OUTSIDER])
    _drop(api, uuid, [OUTSIDER])
    _groups(api, uuid, [team], "admin")
    _take_off(api, uuid, team)
    rows = sorted((r for r in api.rows("audit") if r.object == uuid), key=lambda row: row.number)
    told = [json.loads(row.detail) for row in rows[1:]]
    assert [detail.pop("changes") for detail in told] == [
        {OUTSIDER: [None, "user"]},
        {OUTSIDER: ["user", None]},
        {f"group:{team}": [None, "admin"]},
        {f"group:{team}": ["admin", None]},
    ]
    assert told == [
        {"granted": {OUTSIDER: "user"}, "removed": []},
        {"granted": {}, "removed": [OUTSIDER]},
        {"granted": {f"group:{team}": "admin"}, "removed": []},
        {"granted": {}, "removed": [f"group:{team}"]},
    ]


def test_a_newcomer_reaches_what_a_group_reaches_at_once(api: Api, uuid: str) -> None:
    team = group(api)
    granted(api, uuid, {f"group:{team}": "user"})
    newcomer(api, LEADER)
    assert role_of(api, uuid, LEADER) is None
    post(api, f"{GROUPS}/{team}/users", {"userEmails": [LEADER]})
    assert role_of(api, uuid, LEADER) == "user"
