"""User groups and their users."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from tests.support.api import BOSS, CREATOR, FOREIGNER, MEMBER, OUTSIDER, REMOVED, Answer, Api
from tests.support.people import (
    ALL_GROUPS,
    GROUPS,
    crowd,
    everything,
    granted,
    group,
    post,
    refused,
    role_of,
    roles_of,
)


def _post(api: Api, who: str = CREATOR, **more: Any) -> Answer:
    return post(api, GROUPS, {"name": "Team", **more}, who)


def _uuid(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    return str(answer.body["groupHash"])


def _delete(api: Api, uuid: str, stack: str | None = None) -> Answer:
    return api.send(method="DELETE", path=f"{GROUPS}/{uuid}", query={"declaredBy": stack})


def _read(api: Api, uuid: str, who: str = CREATOR) -> Answer:
    return api.send(who=who, path=f"{GROUPS}/{uuid}")


def _change(api: Api, uuid: str, **body: Any) -> Answer:
    return api.send(method="PATCH", path=f"{GROUPS}/{uuid}", body=body)


def _add(api: Api, uuid: str, *emails: Any, who: str = CREATOR) -> Answer:
    return post(api, f"{GROUPS}/{uuid}/users", {"userEmails": list(emails)}, who)


def _drop(api: Api, uuid: str, *emails: Any) -> Answer:
    return post(api, f"{GROUPS}/{uuid}/users/bulk-delete", {"userEmails": list(emails)})


def _people(answer: Answer) -> list[str]:
    assert (answer.status, answer.body.get("nextPageToken")) == (200, None), answer.body
    return [row["userEmail"] for row in answer.body["results"]]


def test_a_group_is_made_read_listed_changed_and_deleted(api: Api) -> None:
    made = _post(api, description="Who labels\nthe cats").body
    assert (made["name"], made["description"], made["created"]) == ("Team", "Who labels\nthe cats", True)
    changed = _change(api, made["groupHash"], name="Cats").body
    assert (changed["name"], changed["description"]) == ("Cats", "Who labels\nthe cats")
    assert _change(api, made["groupHash"], description="").body["description"] == ""
    read = _read(api, made["groupHash"], OUTSIDER).body
    assert api.send(path=ALL_GROUPS).body["results"] == [read]
    assert (read["name"], read["description"], read["createdAt"]) == ("Cats", "", made["createdAt"])
    assert _delete(api, made["groupHash"]).body == {"outcome": "deleted"}
    assert _read(api, made["groupHash"]).refusal == (404, "group_not_found")


def test_groups_are_listed_oldest_first_and_only_the_organizations_own(api: Api) -> None:
    group(api, who=FOREIGNER)
    made = [group(api, name=name) for name in ("B", "A", "B")]
    assert [row["groupHash"] for row in api.send(path=ALL_GROUPS).body["results"]] == made


def test_every_answer_counts_the_users(api: Api) -> None:
    made = _post(api).body
    team = group(api, MEMBER, OUTSIDER, name="More")
    assert (made["userCount"], _read(api, team).body["userCount"]) == (0, 2)
    assert [row["userCount"] for row in api.send(path=ALL_GROUPS).body["results"]] == [0, 2]
    _drop(api, team, MEMBER)
    assert _change(api, team, name="Fewer").body["userCount"] == 1


def test_the_listing_counts_once_whatever_its_length(on_sqlite: Api) -> None:
    for number in range(30):
        group(on_sqlite, name=str(number))
    statements: list[str] = []
    engine = on_sqlite.database._engine
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert len(on_sqlite.send(path=ALL_GROUPS).body["results"]) == 30
    assert len([text for text in statements if "group_users" in text]) == 1


@pytest.mark.parametrize("name", ["Zoë & Söhne", "日本チーム", "👩", "a" * 255, "'; DROP TABLE groups; --"])
def test_a_name_comes_back_as_it_was_given(api: Api, name: str) -> None:
    uuid = _uuid(_post(api, name=name))
    assert _read(api, uuid).body["name"] == name


WRONG = [
    {}, {"name": None}, {"name": ""}, {"name": " x"}, {"name": "x\u0000"}, {"name": "x\u200b"},
    {"name": "x" * 256}, {"name": 7}, {"name": "x", "description": None},
    {"name": "x", "description": "x" * 4097},
    {"name": "x", "description": "\u0000"}, {"name": "x", "description": 7}, {"name": "x", "users": []},
    {"title": "x"}, {"name": "x", "adopt": "yes"}, {"name": "x", "nonce": "short"},
    {"name": "x", "declaredAs": {"stackId": "x", "path": "y"}}, [], "x",
]  # fmt: skip


@pytest.mark.parametrize("body", WRONG)
def test_a_wrong_group_is_refused(local: Api, body: Any) -> None:
    before = everything(local)
    assert refused(local, post(local, GROUPS, body), before) == (400, "invalid_request")


@pytest.mark.parametrize("body", [{"name": ""}, {"description": 7}, {"users": []}, {"adopt": True}, [], "x"])
def test_a_wrong_change_is_refused(local: Api, body: Any) -> None:
    uuid = group(local)
    before = everything(local)
    answer = local.send(method="PATCH", path=f"{GROUPS}/{uuid}", body=body)
    assert refused(local, answer, before) == (400, "invalid_request")


ONE_GROUP = [
    ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/users"), ("POST", "/users"),
    ("POST", "/users/bulk-delete"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ONE_GROUP)
def test_a_group_of_another_organization_looks_like_none(local: Api, method: str, path: str) -> None:
    theirs = group(local, FOREIGNER, name="Their secret", who=FOREIGNER)
    body = {"userEmails": [OUTSIDER]} if path else {"name": "Mine"}
    before = everything(local)
    answers = [
        local.send(method=method, path=f"{GROUPS}/{uuid}{path}", body=body) for uuid in (theirs, str(uuid4()))
    ]
    assert {refused(local, answer, before) for answer in answers} == {(404, "group_not_found")}
    assert "Their secret" not in json.dumps(answers[0].body)


def test_people_are_added_and_removed_and_everybody_is_answered(api: Api) -> None:
    uuid = group(api)
    assert _people(_add(api, uuid, OUTSIDER, MEMBER.upper(), OUTSIDER)) == [MEMBER, OUTSIDER]
    assert _people(_add(api, uuid, MEMBER, BOSS)) == [BOSS, MEMBER, OUTSIDER]
    assert _people(_drop(api, uuid, BOSS.title(), FOREIGNER, "no.one@example.com")) == [MEMBER, OUTSIDER]
    assert _people(_drop(api, uuid)) == _people(api.send(path=f"{GROUPS}/{uuid}/users")) == [MEMBER, OUTSIDER]


def test_one_stranger_and_nobody_is_added(api: Api) -> None:
    uuid = group(api, OUTSIDER)
    before = everything(api)
    answer = _add(api, uuid, MEMBER, FOREIGNER, REMOVED)
    assert refused(api, answer, before) == (403, "unknown_user")
    assert [error["member"] for error in answer.body["errors"]] == [FOREIGNER, REMOVED]


@pytest.mark.parametrize("emails", [None, "otto@example.com", ["otto"], [7], {OUTSIDER: "user"}])
def test_wrong_people_are_refused(local: Api, emails: Any) -> None:
    uuid = group(local)
    before = everything(local)
    for path in ("users", "users/bulk-delete"):
        answer = post(local, f"{GROUPS}/{uuid}/{path}", {"userEmails": emails})
        assert refused(local, answer, before) == (400, "invalid_request")


def test_a_deleted_group_takes_its_access_and_nothing_else(api: Api, integration: Any) -> None:
    uuid, gone, kept = integration["integrationUuid"], group(api, OUTSIDER), group(api, OUTSIDER, BOSS)
    granted(api, uuid, {f"group:{gone}": "admin", f"group:{kept}": "user"})
    _delete(api, gone)
    assert roles_of(api, uuid) == {CREATOR: "admin", MEMBER: "user", f"group:{kept}": "user"}
    assert role_of(api, uuid, OUTSIDER) == "user"
    assert _people(api.send(path=f"{GROUPS}/{kept}/users")) == [BOSS, OUTSIDER]


def test_people_added_at_once_are_all_in_the_group(api: Api) -> None:
    uuid, people = group(api), crowd(api, 16)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda who: _add(api, uuid, who, OUTSIDER), people))
    assert {answer.status for answer in answers} == {200}
    assert _people(api.send(path=f"{GROUPS}/{uuid}/users")) == sorted([*people, OUTSIDER])


def test_the_audit_trail_names_who_was_added_and_removed(api: Api) -> None:
    uuid = group(api)
    _add(api, uuid, OUTSIDER, MEMBER)
    _add(api, uuid, OUTSIDER)
    _drop(api, uuid, OUTSIDER, BOSS)
    _delete(api, uuid)
    rows = sorted((row for row in api.rows("audit") if row.object == uuid), key=lambda row: row.number)
    told = [(row.action, json.loads(row.detail)) for row in rows]
    assert [detail.pop("changes", {}).get("name") for _, detail in told] == [
        [None, "Team"],
        None,
        None,
        None,
        ["Team", None],
    ]
    assert told == [
        ("group.create", {"name": "Team"}),
        ("group.add-users", {"added": [MEMBER, OUTSIDER]}),
        ("group.add-users", {"added": []}),
        ("group.remove-users", {"removed": [OUTSIDER]}),
        ("group.deleted", {"name": "Team"}),
    ]
