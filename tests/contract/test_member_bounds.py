"""How many members a request may name, and what is wrong with one."""

from typing import Any

import pytest

from tests.support.api import (
    INTEGRATIONS,
    OUTSIDER,
    Answer,
    Api,
)
from tests.support.people import (
    crowd,
    everything,
    patch,
    refused,
)


@pytest.fixture
def uuid(integration: Any) -> str:
    """An integration of the creator's in which `MEMBER` is a User."""
    return str(integration["integrationUuid"])


def _errors(answer: Answer) -> dict[str, str]:
    return {error["member"]: error["code"] for error in answer.body["errors"]}


def test_ten_thousand_members_in_one_request(local: Api, uuid: str) -> None:
    people = crowd(local, 10_000)
    answer = patch(local, uuid, dict.fromkeys(people, "user"))
    assert (answer.status, len(answer.body["added"])) == (200, 10_000)
    assert len(local.rows("members")) == 10_002
    assert patch(local, uuid, dict.fromkeys(people, "admin")).body["changed"] == people
    assert [row.action for row in local.rows("audit")].count("members.change") == 2


@pytest.mark.parametrize(
    ("count", "refusal"), [(100_000, (409, "unknown_user")), (100_001, (400, "invalid_request"))]
)
def test_a_request_holds_a_hundred_thousand_members_and_no_more(
    local: Api, uuid: str, count: int, refusal: tuple[int, str]
) -> None:
    before = everything(local)
    answer = patch(local, uuid, {f"{number:06}@x.example": "user" for number in range(count)})
    assert refused(local, answer, before) == refusal
    assert len(answer.body["message"]) < 2_000


def test_a_body_over_the_bound_is_refused_before_it_is_read(local: Api, uuid: str) -> None:
    path, body = f"{INTEGRATIONS}/{uuid}/members", {"set": [], "remove": [], "more": "x" * (16 * 1024 * 1024)}
    answer = local.send(method="PATCH", path=path, body=body)
    assert answer.refusal == (413, "payload_too_large")


USER, ADMIN = {"user": OUTSIDER, "role": "user"}, {"user": OUTSIDER, "role": "admin"}


WRONG: list[tuple[Any, str]] = [
    ({"set": [{"role": "user"}]}, "names either a user or a group"),
    ({"set": [{**USER, "group": "00000000-0000-4000-8000-000000000000"}]}, "names either a user or a group"),
    ({"set": [{"user": OUTSIDER}]}, "set[0].role: is required"),
    ({"set": [{"user": OUTSIDER, "role": "Admin"}]}, "must be admin or user"),
    ({"set": [{"user": OUTSIDER, "role": None}]}, "must be admin or user"),
    ({"set": [{"user": 7, "role": "user"}]}, "set[0].user: must be a string"),
    ({"set": [{"user": "otto", "role": "user"}]}, "must be an e-mail address"),
    ({"set": [{"user": "otto\u0000@example.com", "role": "user"}]}, "must be an e-mail address"),
    ({"set": [{"user": f"{'o' * 320}@example.com", "role": "user"}]}, "must be an e-mail address"),
    ({"set": [{"group": "team", "role": "user"}]}, "must be the uuid of a user group"),
    ({"set": [{"group": 7, "role": "user"}]}, "must be a string"),
    ({"set": {OUTSIDER: "user"}}, "set: must be a list"),
    ({"set": None}, "set: must be a list"),
    ({"set": [OUTSIDER]}, "must be a mapping"),
    ({"set": [USER, ADMIN]}, "stands there already, at 0"),
    ({"set": [USER, {**USER, "user": OUTSIDER.upper()}]}, "stands there already, at 0"),
    ({"remove": [{"user": OUTSIDER}, {"user": OUTSIDER.title()}]}, "stands there already, at 0"),
    ({"set": [USER], "remove": [{"user": OUTSIDER.upper()}]}, "is to be set, too"),
    ({"remove": [USER]}, 'unknown key "role"'),
    ({"remove": [{}]}, "names either a user or a group"),
    ({"members": [USER]}, 'unknown key "members"'),
    ([], "must be a mapping"),
    ("all", "must be a mapping"),
]


@pytest.mark.parametrize(("body", "said"), WRONG)
def test_a_wrong_change_is_refused_and_says_what_is_wrong(
    local: Api, uuid: str, body: Any, said: str
) -> None:
    before = everything(local)
    answer = local.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}/members", body=body)
    assert refused(local, answer, before) == (400, "invalid_request")
    assert said in answer.body["message"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "members: is required"),
        ({"members": [USER, USER]}, "stands there already, at 0"),
        ({"members": [], "allowLargeRemoval": "yes"}, "must be true or false"),
        ({"members": [], "set": []}, 'unknown key "set"'),
    ],
)
def test_a_wrong_list_is_refused_and_says_what_is_wrong(local: Api, uuid: str, body: Any, said: str) -> None:
    before = everything(local)
    answer = local.send(method="PUT", path=f"{INTEGRATIONS}/{uuid}/members", body=body)
    assert refused(local, answer, before) == (400, "invalid_request")
    assert said in answer.body["message"]


@pytest.mark.parametrize("entry", [{"user": "no e-mail", "role": "user"}, USER], ids=["wrong", "repeated"])
def test_a_thousand_bad_entries_make_a_message_that_can_be_read(local: Api, uuid: str, entry: Any) -> None:
    answer = local.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}/members", body={"set": [entry] * 1000})
    assert answer.refusal == (400, "invalid_request")
    assert len(answer.body["message"]) < 4_000
    assert "more" in answer.body["message"]


def test_of_a_thousand_strangers_the_first_hundred_are_named_and_all_counted(local: Api, uuid: str) -> None:
    strangers = [f"s{number:04}@example.com" for number in range(1000)]
    answer = patch(local, uuid, dict.fromkeys(strangers, "user"))
    assert list(_errors(answer)) == strangers[:100]
    assert answer.body["message"].endswith("; and 990 more")
