"""Lists of members: what a list removes, how much at once, and who writes at the same time."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.api import (
    AWS,
    BOSS,
    CREATOR,
    MEMBER,
    OUTSIDER,
    Api,
)
from tests.support.people import (
    crowd,
    etag_of,
    everything,
    granted,
    group,
    patch,
    put,
    refused,
    roles_of,
)


@pytest.fixture
def uuid(integration: Any) -> str:
    """An integration of the creator's in which `MEMBER` is a User."""
    return str(integration["integrationUuid"])


def test_a_list_removes_whom_it_does_not_name_but_individual_admins(api: Api, uuid: str) -> None:
    team = f"group:{group(api)}"
    granted(api, uuid, {OUTSIDER: "admin", team: "admin"})
    answer = put(api, uuid, {CREATOR: "admin", BOSS: "user"})
    assert answer.body["unmanagedAdmins"] == [OUTSIDER]
    assert (answer.body["added"], answer.body["removed"]) == ([BOSS], sorted([MEMBER, team]))
    assert roles_of(api, uuid) == {CREATOR: "admin", OUTSIDER: "admin", BOSS: "user"}


def test_an_empty_list_leaves_the_individual_admins(api: Api, uuid: str) -> None:
    assert put(api, uuid, {}).body["unmanagedAdmins"] == [CREATOR]
    assert roles_of(api, uuid) == {CREATOR: "admin"}


LARGE = [
    # members, of them removed, needs a second yes: more than 10 and more than 30 %
    (11, 10, False), (12, 11, True), (20, 10, False), (20, 11, True), (36, 11, True), (37, 11, False),
    (36, 10, False), (40, 12, False), (40, 13, True), (100, 30, False), (100, 31, True),
]  # fmt: skip


@pytest.mark.parametrize(("before", "removed", "large"), LARGE)
def test_a_large_removal_needs_a_second_yes(
    local: Api, uuid: str, before: int, removed: int, large: bool
) -> None:
    people = crowd(local, before - 2)
    granted(local, uuid, dict.fromkeys(people, "user"))
    rest = dict.fromkeys([MEMBER, *people][removed:], "user") | {CREATOR: "admin"}
    state, answer = everything(local), put(local, uuid, rest)
    assert (answer.status == 409) == large
    if large:
        assert refused(local, answer, state) == (409, "large_removal")
        for word in (str(removed), str(before), "30 %", "allow_large_removal=True", AWS["title"]):
            assert str(word) in answer.body["message"]
        assert put(local, uuid, rest, large=True).status == 200
    assert len(roles_of(local, uuid)) == before - removed


def test_admins_who_stay_count_as_members_and_not_as_removed(local: Api, uuid: str) -> None:
    people = crowd(local, 31)
    granted(local, uuid, dict.fromkeys(people[:11], "user") | dict.fromkeys(people[11:], "admin"))
    assert put(local, uuid, {CREATOR: "admin", MEMBER: "user"}).refusal == (409, "large_removal")
    assert put(local, uuid, {MEMBER: "user", people[0]: "user"}).status == 200


def test_a_change_is_refused_if_others_changed_the_members_since(api: Api, uuid: str) -> None:
    seen = etag_of(api, uuid)
    granted(api, uuid, {OUTSIDER: "user"})
    before = everything(api)
    for answer in (put(api, uuid, {}, match=seen), patch(api, uuid, {BOSS: "user"}, match=seen)):
        assert refused(api, answer, before) == (412, "members_changed")
    assert "run it again" in answer.body["hint"]


@pytest.mark.parametrize("match", ["right", "*", None])
def test_a_change_is_done_if_nobody_changed_them(api: Api, uuid: str, match: str | None) -> None:
    given = etag_of(api, uuid) if match == "right" else match
    assert put(api, uuid, {CREATOR: "admin"}, match=given).status == 200
    assert roles_of(api, uuid) == {CREATOR: "admin"}


@pytest.mark.parametrize("match", ['"x"', "x", "", '"', "W/*"])
def test_any_other_mark_is_refused(api: Api, uuid: str, match: str) -> None:
    assert put(api, uuid, {}, match=match).refusal == (412, "members_changed")


def test_a_mark_tells_every_difference_and_only_those(api: Api, uuid: str) -> None:
    first, team = etag_of(api, uuid), f"group:{group(api)}"
    marks = {first}
    for roles in ({OUTSIDER: "user"}, {OUTSIDER: "admin"}, {team: "user"}, {team: "admin"}):
        granted(api, uuid, roles)
        assert etag_of(api, uuid) not in marks
        marks.add(etag_of(api, uuid))
    assert patch(api, uuid, {OUTSIDER: "admin"}).status == 200
    assert etag_of(api, uuid) in marks
    assert api.create()["integrationUuid"] != uuid


def test_changes_of_different_people_at_once_all_succeed(api: Api, uuid: str) -> None:
    people = crowd(api, 16)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda who: patch(api, uuid, {who: "user"}), people))
    assert {answer.status for answer in answers} == {200}
    assert roles_of(api, uuid).keys() == {CREATOR, MEMBER, *people}


def test_of_two_lists_with_one_mark_exactly_one_is_taken(api: Api, uuid: str) -> None:
    people, mark = crowd(api, 8), etag_of(api, uuid)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda who: put(api, uuid, {CREATOR: "admin", who: "user"}, match=mark), people)
        )
    assert sorted(answer.status for answer in answers) == [200] + [412] * 7
    assert len(roles_of(api, uuid)) == 2
