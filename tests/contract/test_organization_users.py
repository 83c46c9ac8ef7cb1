"""Users of the organization: who is part of it, and in which role."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.api import BOSS, CREATOR, FOREIGNER, INTEGRATIONS, MEMBER, OUTSIDER, REMOVED, Answer, Api
from tests.support.people import (
    USERS,
    everything,
    granted,
    newcomer,
    post,
    refused,
)

NEW = "nia@example.com"
OURS = {"suspended", "kind", "auditor"}
KEYS = {"email", "roleMnemonicName", "roleUuid", "memberType", "createdAt", "lastEditedAt", *OURS}


def _add(
    api: Api, email: Any = NEW, role: Any = "MEMBER", kind: Any = "internal", who: str = CREATOR
) -> Answer:
    return post(api, USERS, {"email": email, "roleMnemonicName": role, "memberType": kind}, who)


def _change(api: Api, email: str, /, who: str = CREATOR, **body: Any) -> Answer:
    return api.send(who=who, method="PATCH", path=f"{USERS}/{quote(email, safe='')}", body=body)


def _remove(api: Api, email: str, who: str = CREATOR) -> Answer:
    return api.send(who=who, method="DELETE", path=f"{USERS}/{quote(email, safe='')}")


def _read(api: Api, email: str, who: str = CREATOR) -> Answer:
    return api.send(who=who, path=f"{USERS}/{quote(email, safe='')}")


def _listed(api: Api, who: str = CREATOR) -> dict[str, str]:
    answer = api.send(who=who, path=USERS).body
    assert answer["nextPageToken"] is None
    return {row["email"]: row["roleMnemonicName"] for row in answer["results"]}


@pytest.mark.parametrize("role", ["ADMIN", "MEMBER", "TASKER", "WORKFORCE_MANAGER"])
def test_somebody_is_part_of_the_organization_at_once(api: Api, role: str) -> None:
    made = _add(api, NEW.upper(), role)
    assert (made.status, made.body.keys()) == (200, KEYS)
    assert (made.body["email"], made.body["roleMnemonicName"], made.body["memberType"]) == (
        NEW,
        role,
        "internal",
    )
    assert _read(api, NEW.title(), OUTSIDER).body == made.body
    assert _listed(api)[NEW] == role


@pytest.mark.parametrize("kind", ["internal", "external"])
def test_roles_have_one_uuid_each_whoever_holds_them(local: Api, kind: str) -> None:
    uuid = _add(local, kind=kind).body["roleUuid"]
    assert uuid == _read(local, OUTSIDER).body["roleUuid"] != _read(local, BOSS).body["roleUuid"]


def test_users_are_listed_by_e_mail_and_only_the_organizations_own(api: Api) -> None:
    assert list(_listed(api)) == sorted([CREATOR, MEMBER, OUTSIDER, BOSS])
    assert _listed(api, FOREIGNER) == {FOREIGNER: "ADMIN"}


@pytest.mark.parametrize("email", [OUTSIDER, OUTSIDER.upper()])
def test_somebody_who_is_part_of_it_is_not_added_again(api: Api, email: str) -> None:
    before = everything(api)
    assert refused(api, _add(api, email, "ADMIN"), before) == (409, "user_exists")


def test_one_person_may_be_part_of_two_organizations(api: Api) -> None:
    assert _add(api, FOREIGNER, "TASKER", "external").status == 200
    assert _listed(api, FOREIGNER) == {FOREIGNER: "ADMIN"}
    assert _remove(api, FOREIGNER).status == 200
    assert _listed(api, FOREIGNER) == {FOREIGNER: "ADMIN"}


WRONG: list[dict[str, Any]] = [
    {"role": "ADMIN", "kind": "external"}, {"role": "Member"}, {"role": "OWNER"}, {"role": None}, {"role": 1},
    {"kind": "guest"}, {"kind": None}, {"email": "nia"}, {"email": None}, {"email": 7}, {"email": ""},
    {"email": "nia\u0000@example.com"}, {"email": f"{'n' * 320}@example.com"}, {"email": "a b@example.com"},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_users_are_refused(local: Api, wrong: dict[str, Any]) -> None:
    before = everything(local)
    assert refused(local, _add(local, **wrong), before) == (400, "invalid_request")


def test_external_admins_are_refused_with_the_reason(local: Api) -> None:
    said = "only internal members can hold the role ADMIN"
    assert said in _add(local, role="ADMIN", kind="external").body["message"]
    assert said in _change(local, BOSS, memberType="external").body["message"]
    _add(local, kind="external")
    assert said in _change(local, NEW, roleMnemonicName="ADMIN").body["message"]


def test_role_and_kind_change_and_what_is_absent_or_null_stays(api: Api) -> None:
    made = _add(api).body
    changed = _change(api, NEW.upper(), memberType="external", roleMnemonicName=None).body
    assert (changed["roleMnemonicName"], changed["memberType"]) == ("MEMBER", "external")
    both = _change(api, NEW, roleMnemonicName="ADMIN", memberType="internal").body
    assert (both["roleMnemonicName"], both["memberType"]) == ("ADMIN", "internal")
    assert both["createdAt"] == made["createdAt"] < both["lastEditedAt"]
    assert _read(api, NEW).body == both


@pytest.mark.parametrize(
    "body", [{"email": NEW}, {"roleMnemonicName": "OWNER"}, {"memberType": 1}, {"more": 1}]
)
def test_wrong_changes_are_refused(local: Api, body: dict[str, Any]) -> None:
    before = everything(local)
    assert refused(local, _change(local, OUTSIDER, **body), before) == (400, "invalid_request")


def test_the_last_admin_of_the_organization_stays_one(api: Api) -> None:
    assert _change(api, BOSS, roleMnemonicName="MEMBER").status == 200
    before = everything(api)
    for answer in (_change(api, CREATOR, roleMnemonicName="MEMBER"), _remove(api, CREATOR)):
        assert refused(api, answer, before)[0] == 409
    assert _change(api, CREATOR, roleMnemonicName="MEMBER").code == "last_organization_admin"
    assert _change(api, CREATOR, roleMnemonicName="ADMIN").status == 200


def test_a_demoted_admin_may_do_so_no_more(api: Api) -> None:
    assert _change(api, BOSS, BOSS, roleMnemonicName="MEMBER").status == 200
    assert _add(api, who=BOSS).refusal == (403, "not_an_organization_admin")


@pytest.mark.parametrize(
    "email", [FOREIGNER, REMOVED, "no.one@example.com", "otto", " ", "%", "o\u0000@example.com", "a/b"]
)
def test_somebody_who_is_not_part_of_it_is_not_found(local: Api, email: str) -> None:
    before = everything(local)
    answers = [_read(local, email), _remove(local, email), _change(local, email, roleMnemonicName="ADMIN")]
    assert {refused(local, answer, before) for answer in answers} == {(404, "user_not_found")}
    assert {answer.body["message"] for answer in answers} == {"the organization has no user of that e-mail"}


@pytest.mark.parametrize(
    "email", ["a+b/c?d=e&f#g%h'i@example.com", "jörg@bücher.example", "straße@example.com"]
)
def test_unusual_e_mails_are_found_again(api: Api, email: str) -> None:
    assert _add(api, email).body["email"] == email
    assert _read(api, email.upper().replace("SS", "ß")).body["email"] == email
    assert _remove(api, email).status == 200
    assert email not in _listed(api)


def test_a_domain_is_one_however_it_is_written(local: Api) -> None:
    assert _add(local, "jo@bücher.example").status == 200
    assert _read(local, "jo@xn--bcher-kva.example").body["email"] == "jo@bücher.example"
    assert _read(local, "jo@bu\u0308cher.example").body["email"] == "jo@bücher.example"


def test_an_owner_is_found_by_their_e_mail_as_it_is(local: Api) -> None:
    local.create(newcomer(local, "straße@example.com"))
    query = {"owner": "Straße@example.com", "includeOrgAccess": True}
    assert len(local.send(path=f"{INTEGRATIONS}/search", query=query).body["results"]) == 1


def test_the_audit_trail_names_who_was_added_changed_and_removed(api: Api, integration: Any) -> None:
    uuid = integration["integrationUuid"]
    _add(api)
    _change(api, NEW, roleMnemonicName="TASKER", memberType="external")
    granted(api, uuid, {NEW: "user"})
    _remove(api, NEW)
    rows = [row for row in api.rows("audit") if row.action.startswith("organization-user.")]
    assert [
        (row.actor, row.action, json.loads(row.detail)) for row in sorted(rows, key=lambda row: row.number)
    ] == [
        (
            CREATOR,
            "organization-user.add",
            {
                "email": NEW,
                "changes": {
                    "role": [None, "MEMBER"],
                    "memberType": [None, "internal"],
                    "suspended": [None, False],
                    "auditor": [None, False],
                },
            },
        ),
        (
            CREATOR,
            "organization-user.change",
            {
                "email": NEW,
                "changes": {"role": ["MEMBER", "TASKER"], "memberType": ["internal", "external"]},
            },
        ),
        (
            CREATOR,
            "organization-user.remove",
            {
                "email": NEW,
                "left": [uuid],
                "changes": {
                    "role": ["TASKER", None],
                    "memberType": ["external", None],
                    "suspended": [False, None],
                    "auditor": [False, None],
                },
            },
        ),
    ]
    assert len({row.object for row in rows}) == 1
