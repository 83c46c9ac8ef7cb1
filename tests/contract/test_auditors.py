"""What an auditor reads: the configuration of the whole organization, and none of its data."""

from typing import Any

import pytest

from tests.support.accounts import auditor
from tests.support.api import BOSS, CREATOR, FOREIGNER, INTEGRATIONS, MEMBER, OUTSIDER, Api
from tests.support.people import USERS, granted, group, newcomer, post

LISTINGS = [("", "result"), ("/search", "results")]


@pytest.fixture
def audited(api: Api) -> dict[str, Any]:
    """An integration with members and a registration, of which the auditor is no member."""
    one: dict[str, Any] = api.create()
    uuid = one["integrationUuid"]
    granted(api, uuid, {MEMBER: "user", f"group:{group(api, MEMBER, name='Team')}": "user"})
    data = {"videos": [{"objectUrl": "video_file.mp4"}]}
    assert post(api, f"{INTEGRATIONS}/{uuid}/registrations", data).status == 200
    auditor(api, OUTSIDER)
    return one


def _get(api: Api, path: str, who: str = OUTSIDER, **query: Any) -> Any:
    answer = api.send(who=who, path=path, query=query)
    assert answer.status == 200, answer.body
    return answer.body


@pytest.mark.parametrize(("path", "key"), LISTINGS)
def test_an_auditor_finds_every_integration_of_the_organization_alone(
    api: Api, audited: Any, path: str, key: str
) -> None:
    api.create(FOREIGNER)
    found = _get(api, INTEGRATIONS + path, includeOrgAccess=True)[key]
    assert [row["title"] for row in found] == [audited["title"]]
    assert _get(api, INTEGRATIONS + path, includeOrgAccess=False)[key] == []


def test_an_auditor_sees_how_much_is_registered_and_not_what(api: Api, audited: Any) -> None:
    one = _get(api, f"{INTEGRATIONS}/{audited['integrationUuid']}")
    assert (one["registrations"], one["role"], one["permissions"]) == (1, None, [])
    path = f"{INTEGRATIONS}/{audited['integrationUuid']}/registrations"
    refused = api.send(who=OUTSIDER, path=path)
    assert (refused.refusal, refused.body["hint"]) == ((403, "not_a_member"), "Ask one of its admins")
    assert _get(api, f"{INTEGRATIONS}/{audited['integrationUuid']}", BOSS)["registrations"] is None


def test_an_auditor_reads_members_everywhere_as_an_admin_does(api: Api, audited: Any) -> None:
    uuid = audited["integrationUuid"]
    for path in (f"{INTEGRATIONS}/{uuid}/members", f"{INTEGRATIONS}/members"):
        assert _get(api, path)["results"] == _get(api, path, CREATOR)["results"]
        assert len(_get(api, path)["results"]) == 3
    for kind in ("users", "groups"):
        path = f"{INTEGRATIONS}/{uuid}/{kind}"
        assert _get(api, path) == _get(api, path, CREATOR)


def test_an_auditor_reads_anybodys_access_and_last_writes(api: Api, audited: Any) -> None:
    access = f"{INTEGRATIONS}/access"
    assert _get(api, access, userEmail=MEMBER) == _get(api, access, CREATOR, userEmail=MEMBER)
    assert len(_get(api, access, userEmail=MEMBER)["results"]) == 1
    for path in (f"{INTEGRATIONS}/last-writes", "/v2/public/organisation/groups/last-writes"):
        assert _get(api, path)["results"] == _get(api, path, CREATOR)["results"] != []


def test_an_auditor_who_is_one_no_more_sees_nothing_at_once(api: Api, audited: Any) -> None:
    api.send(method="PATCH", path=f"{USERS}/{OUTSIDER}", body={"auditor": False})
    assert _get(api, INTEGRATIONS, includeOrgAccess=True)["result"] == []
    uuid = audited["integrationUuid"]
    assert api.send(who=OUTSIDER, path=f"{INTEGRATIONS}/{uuid}").refusal == (403, "not_a_member")
    assert _get(api, f"{INTEGRATIONS}/members")["results"] == []


def test_nobody_but_an_admin_of_the_organization_makes_an_auditor(api: Api, audited: Any) -> None:
    for who in (OUTSIDER, MEMBER):
        answer = api.send(who=who, method="PATCH", path=f"{USERS}/{MEMBER}", body={"auditor": True})
        assert answer.refusal == (403, "not_an_organization_admin")
    assert _get(api, f"{USERS}/{MEMBER}")["auditor"] is False


def test_an_auditor_who_is_an_admin_of_an_integration_stays_one(api: Api, audited: Any) -> None:
    uuid = api.create(OUTSIDER, title="Mine")["integrationUuid"]
    changed = api.send(
        who=OUTSIDER, method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body={"title": "Still mine"}
    )
    assert changed.status == 200


def test_an_auditors_flag_that_is_no_flag_is_refused(api: Api) -> None:
    newcomer(api, "new@example.com")
    for value in ("true", 1, "yes"):
        answer = api.send(method="PATCH", path=f"{USERS}/new@example.com", body={"auditor": value})
        assert answer.refusal == (400, "invalid_request")
