"""Members of an integration, many at once: the page's rules, all of a request or nothing."""

import json
from typing import Any

import pytest

from tests.support.api import (
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
    everything,
    granted,
    group,
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


def test_the_audit_trail_names_who_was_granted_and_removed(api: Api, uuid: str) -> None:
    patch(api, uuid, {OUTSIDER: "user"}, [MEMBER])
    put(api, uuid, {OUTSIDER: "admin"})
    rows = [row for row in api.rows("audit") if row.action == "members.change"]
    assert {(row.actor, row.object) for row in rows} == {(CREATOR, uuid)}
    told = [json.loads(row.detail) for row in sorted(rows, key=lambda row: row.number)]
    assert told == [
        {
            "granted": {OUTSIDER: "user"},
            "removed": [MEMBER],
            "changes": {MEMBER: ["user", None], OUTSIDER: [None, "user"]},
        },
        {
            "granted": {OUTSIDER: "admin"},
            "removed": [],
            "admins": [OUTSIDER],
            "changes": {OUTSIDER: ["user", "admin"]},
        },
    ]
