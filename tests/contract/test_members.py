"""Members of an integration, many at once: the page's rules, all of a request or nothing."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.api import (
    AWS,
    BOSS,
    CREATOR,
    FOREIGNER,
    INTEGRATIONS,
    MEMBER,
    OUTSIDER,
    REMOVED,
    Answer,
    Api,
)
from tests.support.people import (
    crowd,
    etag_of,
    everything,
    granted,
    group,
    newcomer,
    patch,
    post,
    put,
    refused,
    role_of,
    roles_of,
)

LEADER = "lea@example.com"


@pytest.fixture
def uuid(integration: Any) -> str:
    """An integration of the creator's in which `MEMBER` is a User."""
    return str(integration["integrationUuid"])


def _errors(answer: Answer) -> dict[str, str]:
    return {error["member"]: error["code"] for error in answer.body["errors"]}


def test_whoever_makes_an_integration_is_its_only_admin(api: Api) -> None:
    made = api.create(OUTSIDER)["integrationUuid"]
    assert roles_of(api, made, OUTSIDER) == {OUTSIDER: "admin"}


def test_many_are_granted_changed_and_removed_at_once(api: Api, uuid: str) -> None:
    people, team = crowd(api, 3), group(api)
    answer = patch(api, uuid, {people[0]: "user", MEMBER: "admin", f"group:{team}": "user"})
    told = {"added": sorted([people[0], f"group:{team}"]), "changed": [MEMBER], "removed": []}
    assert answer.body == {**told, "unmanagedAdmins": []}
    again = patch(api, uuid, {people[1]: "user"}, [people[0], people[2]])
    assert (again.body["added"], again.body["removed"]) == ([people[1]], [people[0]])
    assert roles_of(api, uuid) == {
        CREATOR: "admin",
        MEMBER: "admin",
        people[1]: "user",
        f"group:{team}": "user",
    }


def test_the_same_grant_again_changes_nothing(api: Api, uuid: str) -> None:
    before = roles_of(api, uuid)
    assert not any(patch(api, uuid, {MEMBER: "user"}).body.values())
    assert not any(put(api, uuid, before).body.values())
    assert roles_of(api, uuid) == before


def test_one_bad_principal_and_nothing_is_done_and_each_is_named(api: Api, uuid: str) -> None:
    other, none = group(api, who=FOREIGNER), "00000000-0000-4000-8000-000000000000"
    before = everything(api)
    wanted = {OUTSIDER: "user", FOREIGNER: "user", REMOVED: "admin", CREATOR: "user"}
    answer = patch(api, uuid, {**wanted, f"group:{other}": "user", f"group:{none}": "user"}, [MEMBER])
    assert refused(api, answer, before) == (409, "members_refused")
    strangers = dict.fromkeys((FOREIGNER, REMOVED), "unknown_user")
    groups = dict.fromkeys((f"group:{other}", f"group:{none}"), "unknown_group")
    assert _errors(answer) == {CREATOR: "admin_stays", **strangers, **groups}
    assert all(error["message"] for error in answer.body["errors"])


def test_refusals_of_one_kind_share_its_code(api: Api, uuid: str) -> None:
    answer = patch(api, uuid, {"no.one@example.com": "user", "nobody@example.com": "user"})
    assert answer.refusal == (409, "unknown_user")
    assert list(_errors(answer)) == ["no.one@example.com", "nobody@example.com"]
    assert 'the organization "Acme"' in answer.body["message"]


def test_another_organizations_people_and_groups_are_told_as_unknown_ones(local: Api, uuid: str) -> None:
    theirs = group(local, FOREIGNER, name="Their secret", who=FOREIGNER)
    title = local.create(FOREIGNER, title="Their integration")["title"]
    answer = patch(local, uuid, {f"group:{theirs}": "user"})
    for word in (FOREIGNER, "Their secret", title, "Other"):
        assert word not in json.dumps(answer.body)


LOWERINGS: dict[str, Any] = {
    "PATCH removes": lambda api, uuid: patch(api, uuid, removed=[MEMBER]),
    "PATCH demotes": lambda api, uuid: patch(api, uuid, {MEMBER: "user"}),
    "PUT demotes": lambda api, uuid: put(api, uuid, {CREATOR: "admin", MEMBER: "user"}),
    "POST users demotes": lambda api, uuid: post(
        api, f"{INTEGRATIONS}/{uuid}/users", {"userEmails": [MEMBER], "userRole": "user"}
    ),
    "bulk-delete removes": lambda api, uuid: post(
        api, f"{INTEGRATIONS}/{uuid}/users/bulk-delete", {"userEmails": [MEMBER]}
    ),
    "an Admin removes themselves": lambda api, uuid: patch(api, uuid, removed=[MEMBER], who=MEMBER),
    "an Admin demotes themselves": lambda api, uuid: patch(api, uuid, {MEMBER: "user"}, who=MEMBER),
    "the letters are large": lambda api, uuid: patch(api, uuid, removed=[MEMBER.upper()]),
}


@pytest.mark.parametrize("how", LOWERINGS)
def test_an_individual_admin_is_neither_removed_nor_demoted(api: Api, uuid: str, how: str) -> None:
    granted(api, uuid, {MEMBER: "admin"})
    before = everything(api)
    answer = LOWERINGS[how](api, uuid)
    assert refused(api, answer, before) == (409, "admin_stays")
    assert _errors(answer) == {MEMBER: "admin_stays"}
    assert "contact support" in answer.body["message"]


@pytest.mark.parametrize("role", ["admin", "user"])
def test_a_group_is_removed_whatever_its_role(api: Api, uuid: str, role: str) -> None:
    team = f"group:{group(api, OUTSIDER)}"
    granted(api, uuid, {team: role})
    assert patch(api, uuid, removed=[team]).body["removed"] == [team]
    assert role_of(api, uuid, OUTSIDER) is None


def test_a_group_is_demoted(api: Api, uuid: str) -> None:
    team = f"group:{group(api, OUTSIDER)}"
    granted(api, uuid, {team: "admin"})
    assert patch(api, uuid, {team: "user"}).body["changed"] == [team]
    assert role_of(api, uuid, OUTSIDER) == "user"


def test_an_e_mail_is_one_however_it_is_written(api: Api, uuid: str) -> None:
    assert patch(api, uuid, {"OTTO@Example.COM": "user"}).body["added"] == [OUTSIDER]
    assert patch(api, uuid, {"Otto@example.com": "admin"}).body["changed"] == [OUTSIDER]
    assert patch(api, uuid, removed=["MIA@EXAMPLE.COM"]).body["removed"] == [MEMBER]
    assert roles_of(api, uuid) == {CREATOR: "admin", OUTSIDER: "admin"}


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


def test_a_thousand_strangers_are_each_named_below_a_short_message(local: Api, uuid: str) -> None:
    strangers = [f"s{number:04}@example.com" for number in range(1000)]
    answer = patch(local, uuid, dict.fromkeys(strangers, "user"))
    assert list(_errors(answer)) == strangers
    assert answer.body["message"].endswith("; and 990 more")


def test_the_audit_trail_names_who_was_granted_and_removed(api: Api, uuid: str) -> None:
    patch(api, uuid, {OUTSIDER: "user"}, [MEMBER])
    put(api, uuid, {OUTSIDER: "admin"})
    rows = [row for row in api.rows("audit") if row.action == "members.change"]
    assert {(row.actor, row.object) for row in rows} == {(CREATOR, uuid)}
    told = [json.loads(row.detail) for row in sorted(rows, key=lambda row: row.number)]
    assert told == [
        {"granted": {OUTSIDER: "user"}, "removed": [MEMBER]},
        {"granted": {OUTSIDER: "admin"}, "removed": []},
    ]


@pytest.mark.parametrize("before", [None, "user", "admin", "by group"])
def test_an_organization_admin_joins_as_admin_from_whatever_role(
    api: Api, uuid: str, before: str | None
) -> None:
    if before == "by group":
        granted(api, uuid, {f"group:{group(api, BOSS)}": "admin"})
    elif before:
        granted(api, uuid, {BOSS: before})
    for _ in range(2):
        answer = post(api, f"{INTEGRATIONS}/{uuid}/join", who=BOSS)
        assert answer.body == {"integrationUuid": uuid, "userEmail": BOSS, "role": "admin"}
    assert roles_of(api, uuid, BOSS)[BOSS] == "admin"
    told = [json.loads(row.detail) for row in api.rows("audit") if row.action == "members.join"]
    assert told[0] == {"before": before if before in {"user", "admin"} else None}


@pytest.mark.parametrize(
    ("who", "code"),
    [(MEMBER, "not_an_organization_admin"), (OUTSIDER, "not_a_member"), (FOREIGNER, "integration_not_found")],
)
def test_nobody_else_joins(api: Api, uuid: str, who: str, code: str) -> None:
    before = everything(api)
    assert refused(api, post(api, f"{INTEGRATIONS}/{uuid}/join", who=who), before)[1] == code


def test_a_demoted_organization_admin_joins_no_more(api: Api, uuid: str) -> None:
    newcomer(api, LEADER, "ADMIN")
    path = f"/v2/public/organisation/users/{LEADER}"
    assert api.send(method="PATCH", path=path, body={"roleMnemonicName": "MEMBER"}).status == 200
    assert post(api, f"{INTEGRATIONS}/{uuid}/join", who=LEADER).refusal == (403, "not_a_member")
