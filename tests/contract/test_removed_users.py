"""Somebody who leaves the organization: what ends, and who may not go."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.support.api import BOSS, CREATOR, FOREIGNER, INTEGRATIONS, MEMBER, OUTSIDER, Answer, Api
from tests.support.people import (
    GROUPS,
    USERS,
    everything,
    granted,
    group,
    newcomer,
    post,
    refused,
    role_of,
    roles_of,
)

NEW = "nia@example.com"


def _add(
    api: Api, email: Any = NEW, role: Any = "MEMBER", kind: Any = "internal", who: str = CREATOR
) -> Answer:
    return post(api, USERS, {"email": email, "roleMnemonicName": role, "memberType": kind}, who)


def _remove(api: Api, email: str, who: str = CREATOR) -> Answer:
    return api.send(who=who, method="DELETE", path=f"{USERS}/{quote(email, safe='')}")


def test_nobody_removes_themselves(api: Api) -> None:
    before = everything(api)
    assert refused(api, _remove(api, BOSS.upper(), BOSS), before) == (409, "own_user")


def test_a_removed_user_loses_all_access(api: Api, integration: Any) -> None:
    uuid, team = integration["integrationUuid"], group(api, OUTSIDER, BOSS)
    granted(api, uuid, {OUTSIDER: "admin", f"group:{team}": "user"})
    assert (_remove(api, OUTSIDER.upper()).body["email"], role_of(api, uuid, OUTSIDER)) == (OUTSIDER, None)
    assert api.send(who=OUTSIDER).refusal == (403, "not_in_organization")
    assert OUTSIDER not in roles_of(api, uuid)
    assert api.send(path=f"{GROUPS}/{team}/users").body["results"] == [{"userEmail": BOSS}]
    assert not [
        row
        for table in ("members", "group_users", "organization_users")
        for row in api.rows(table)
        if OUTSIDER in row
    ]


def test_whoever_comes_back_has_nothing_of_before(api: Api, integration: Any) -> None:
    uuid = integration["integrationUuid"]
    granted(api, uuid, {OUTSIDER: "admin", f"group:{group(api, OUTSIDER)}": "user"})
    _remove(api, OUTSIDER)
    assert _add(api, OUTSIDER).status == 200
    assert role_of(api, uuid, OUTSIDER) is None


def test_the_last_admin_of_an_integration_is_not_removed_and_each_is_named(api: Api) -> None:
    titles = [f"Integration {number}" for number in range(7)]
    made = [api.create(OUTSIDER, title=title)["integrationUuid"] for title in titles]
    granted(api, made[0], {MEMBER: "admin"}, OUTSIDER)
    before = everything(api)
    answer = _remove(api, OUTSIDER)
    assert refused(api, answer, before) == (409, "last_admin")
    named = ", ".join(f'"{title}"' for title in titles[1:6])
    assert answer.body["message"] == f"{OUTSIDER} is the last Admin of {named} and 1 more"


COVERED = [
    # other members of the integration, whether the creator may leave
    ({MEMBER: "admin"}, True),
    ({MEMBER: "user"}, False),
    ({"both": "admin"}, True),
    ({"both": "user"}, False),
    ({"alone": "admin"}, False),
    ({"empty": "admin"}, False),
    ({"alone": "admin", MEMBER: "user"}, False),
    ({"alone": "admin", "both": "user"}, False),
]


@pytest.mark.parametrize(("others", "free"), COVERED)
def test_an_integration_keeps_an_admin_who_is_somebody_else(
    local: Api, others: dict[str, str], free: bool
) -> None:
    teams = {"both": (OUTSIDER, MEMBER), "alone": (OUTSIDER,), "empty": ()}
    keys = {name: f"group:{group(local, *users)}" for name, users in teams.items()}
    uuid = local.create(OUTSIDER)["integrationUuid"]
    granted(local, uuid, {keys.get(key, key): role for key, role in others.items()}, OUTSIDER)
    assert (_remove(local, OUTSIDER).status == 200) == free


def test_the_last_admin_by_a_group_alone_is_not_removed(local: Api) -> None:
    uuid = local.create(newcomer(local, NEW))["integrationUuid"]
    granted(local, uuid, {f"group:{group(local, OUTSIDER)}": "admin"}, NEW)
    assert _remove(local, NEW).status == 200
    assert _remove(local, OUTSIDER).refusal == (409, "last_admin")
    post(local, f"{INTEGRATIONS}/{uuid}/join", who=BOSS)
    assert _remove(local, OUTSIDER).status == 200


def test_another_organizations_integrations_keep_nobody(local: Api) -> None:
    local.create(FOREIGNER)
    _add(local, FOREIGNER)
    assert _remove(local, FOREIGNER).status == 200
