"""Members across integrations, in pages; and who can do what."""

from typing import Any

import pytest

from tests.support.api import BOSS, CREATOR, FOREIGNER, INTEGRATIONS, MEMBER, OUTSIDER, REMOVED, Api
from tests.support.people import (
    crowd,
    granted,
    group,
)


@pytest.fixture
def uuid(integration: Any) -> str:
    """An integration of the creator's in which `MEMBER` is a User."""
    return str(integration["integrationUuid"])


def _members(api: Api, path: str, size: int, who: str = CREATOR) -> list[list[tuple[str, str]]]:
    """Pages of (integration, principal)."""
    pages: list[list[tuple[str, str]]] = []
    token = None
    while token or not pages:
        query = {"pageSize": size, "pageToken": token}
        body = api.send(who=who, path=f"{INTEGRATIONS}{path}/members", query=query).body
        pages.append([(row["integrationUuid"], row["user"] or row["group"]) for row in body["results"]])
        token = body["nextPageToken"]
    return pages


@pytest.mark.parametrize("size", [1, 3, 4, 7, 1000])
def test_members_of_all_administered_integrations_come_in_pages_each_once(local: Api, size: int) -> None:
    people, team, expected = crowd(local, 3), group(local), set[tuple[str, str]]()
    for _ in range(2):
        uuid = local.create()["integrationUuid"]
        granted(local, uuid, {**dict.fromkeys(people, "user"), f"group:{team}": "user"})
        expected |= {(uuid, who) for who in (CREATOR, *people, team)}
    pages = _members(local, "", size)
    seen = [row for page in pages for row in page]
    assert sorted(seen) == sorted(expected)
    assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
    assert 0 < len(pages[-1]) <= size


def test_members_of_one_integration_come_in_pages_individuals_first(local: Api, uuid: str) -> None:
    people, team = crowd(local, 3), group(local)
    granted(local, uuid, {**dict.fromkeys(people, "user"), f"group:{team}": "user"})
    seen = [who for page in _members(local, f"/{uuid}", 2) for _, who in page]
    assert (set(seen[:5]), seen[5:]) == ({CREATOR, MEMBER, *people}, [team])


def test_only_administered_integrations_tell_their_members(api: Api, uuid: str) -> None:
    theirs = api.create(OUTSIDER)["integrationUuid"]
    granted(api, theirs, {MEMBER: "user", f"group:{group(api, BOSS)}": "admin"}, OUTSIDER)
    seen = {
        who: {one for page in _members(api, "", 100, who) for one, _ in page}
        for who in (MEMBER, BOSS, FOREIGNER)
    }
    assert seen == {MEMBER: set(), BOSS: {theirs}, FOREIGNER: set()}
    assert {one for page in _members(api, "", 100, CREATOR) for one, _ in page} == {uuid}


def test_a_token_of_another_listing_is_refused(local: Api, uuid: str) -> None:
    local.create()
    paths = [f"{INTEGRATIONS}/search", f"{INTEGRATIONS}/members", f"{INTEGRATIONS}/{uuid}/members"]
    tokens = [local.send(path=path, query={"pageSize": 1}).body["nextPageToken"] for path in paths]
    theirs = f"{INTEGRATIONS}/{local.create()['integrationUuid']}/members"
    foreign = [(paths[0], tokens[1]), (paths[1], tokens[0]), (paths[2], tokens[0]), (paths[1], tokens[2])]
    for path, token in (*foreign, (paths[2], tokens[1]), (theirs, tokens[2]), (paths[1], "x")):
        assert local.send(path=path, query={"pageToken": token}).refusal == (400, "invalid_request")


def _access(api: Api, email: str, who: str = CREATOR) -> list[dict[str, Any]]:
    answer = api.send(who=who, path=f"{INTEGRATIONS}/access", query={"userEmail": email})
    assert answer.status == 200, answer.body
    return list(answer.body["results"])


def test_who_can_tells_the_role_and_through_which_groups(api: Api, uuid: str) -> None:
    teams = {name: group(api, OUTSIDER, name=name) for name in ("b", "a")}
    granted(api, uuid, {OUTSIDER: "user", f"group:{teams['a']}": "user", f"group:{teams['b']}": "admin"})
    granted(api, uuid, {f"group:{group(api, MEMBER, name='not theirs')}": "admin"})
    (row,) = _access(api, OUTSIDER.upper())
    assert (row["integrationUuid"], row["role"], row["ownRole"]) == (uuid, "admin", "user")
    assert [(g["name"], g["groupHash"], g["userRole"]) for g in row["groups"]] == [
        ("a", teams["a"], "user"),
        ("b", teams["b"], "admin"),
    ]
    assert row["permissions"] == ["VIEW", "UPLOAD_DATA", "DELETE", "ADD_USERS"]


def test_everybody_may_ask_of_themselves(api: Api, uuid: str) -> None:
    (row,) = _access(api, MEMBER, MEMBER)
    assert (row["role"], row["ownRole"], row["groups"], row["permissions"]) == ("user", "user", [], ["VIEW"])
    assert _access(api, BOSS, BOSS) == _access(api, OUTSIDER, OUTSIDER) == []


def test_of_others_one_learns_only_where_one_is_admin(api: Api, uuid: str) -> None:
    theirs = api.create(OUTSIDER, title="Theirs")["integrationUuid"]
    granted(api, theirs, {MEMBER: "admin", CREATOR: "user"}, OUTSIDER)
    assert [row["integrationUuid"] for row in _access(api, MEMBER)] == [uuid]
    assert [row["integrationUuid"] for row in _access(api, MEMBER, OUTSIDER)] == [theirs]
    assert _access(api, OUTSIDER, CREATOR) == _access(api, CREATOR, BOSS) == []


@pytest.mark.parametrize(
    "email", [FOREIGNER, REMOVED, "no.one@example.com", "otto", "", "o\u0000@example.com"]
)
def test_who_can_of_somebody_else_is_refused_alike(local: Api, email: str) -> None:
    local.create(FOREIGNER, title="Theirs")
    answer = local.send(path=f"{INTEGRATIONS}/access", query={"userEmail": email})
    assert answer.refusal == (404, "user_not_found")
    assert answer.body["message"] == "the organization has no user of that e-mail"
