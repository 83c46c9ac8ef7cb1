"""Somebody who leaves the organization: what ends, and who may not go."""

from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, insert, text

from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.store import organizations
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now
from tests.support.api import BOSS, CREATOR, FOREIGNER, INTEGRATIONS, MEMBER, OUTSIDER, REMOVED, Answer, Api
from tests.support.older_schema import back_to_0004
from tests.support.people import (
    GROUPS,
    USERS,
    everything,
    granted,
    group,
    newcomer,
    organization_of,
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


ENDED = (401, "not_authenticated")


def _with_token(api: Api, token: str) -> Answer:
    return api.send(
        httpx2.Request("GET", f"{api.endpoint}{USERS}", headers={"Authorization": f"Bearer {token}"})
    )


def _token(api: Api, who: str) -> str:
    return str(api.send(who=who, path="/v2/public/user/bearer-token").body["token"])


def test_a_key_and_its_tokens_end_with_the_membership(api: Api) -> None:
    token = _token(api, OUTSIDER)
    assert _with_token(api, token).status == 200
    _remove(api, OUTSIDER)
    assert _with_token(api, token).refusal == api.send(who=OUTSIDER).refusal == (403, "not_in_organization")
    _add(api, OUTSIDER.upper())
    assert _with_token(api, token).refusal == api.send(who=OUTSIDER).refusal == ENDED
    said = api.send(who=OUTSIDER).body
    assert said["message"] == f"this key of {OUTSIDER} ended with an earlier membership"
    assert said["hint"].startswith("Register another one: encord-integrations keys add")
    assert api.send().status == 200


def test_a_key_that_ended_is_not_registered_again_and_a_new_one_is(local: Api) -> None:
    token = _token(local, OUTSIDER)
    _remove(local, OUTSIDER)
    _add(local, OUTSIDER)
    ended = local.keys[OUTSIDER]
    with local.database.write() as connection:
        organizations.add_key(
            connection, organization_of(local, OUTSIDER), OUTSIDER, local.public_key(OUTSIDER)
        )
    assert _with_token(local, token).refusal == local.send(who=OUTSIDER).refusal == ENDED
    local.keys[OUTSIDER] = Ed25519PrivateKey.generate()
    with local.database.write() as connection:
        organizations.add_key(
            connection, organization_of(local, OUTSIDER), OUTSIDER, local.public_key(OUTSIDER)
        )
    assert local.send(who=OUTSIDER, path=USERS).status == 200
    assert local.send(who=OUTSIDER, path=USERS).status == 200
    local.keys[OUTSIDER] = ended
    assert local.send(who=OUTSIDER, path=USERS).refusal == ENDED


def test_keys_of_the_same_person_elsewhere_stay(local: Api) -> None:
    _add(local, FOREIGNER)
    _remove(local, FOREIGNER)
    assert local.send(who=FOREIGNER, path=USERS).status == 200


def _as_of_version_4(api: Api) -> Api:
    """The same database as an earlier version left it: somebody was removed, somebody else added again."""
    users, organization = t.organization_users, organization_of(api, OUTSIDER)
    row = {"organization": organization, "email": OUTSIDER, "role": "MEMBER", "created_at": now()}
    with api.database.write() as connection:
        connection.execute(delete(users).where(users.c.email == OUTSIDER))
        connection.execute(insert(users), row)
        back_to_0004(lambda statement: connection.execute(text(statement)))
    return api.restarted()


def test_keys_that_ended_before_an_upgrade_do_not_come_back(local: Api) -> None:
    token = str(auth.issue_token(local.public_key(OUTSIDER), local.vault))
    again = _as_of_version_4(local)
    assert again.send(who=REMOVED).refusal == (403, "not_in_organization")
    _add(again, REMOVED)
    refusals = [again.send(who=who).refusal for who in (REMOVED, OUTSIDER)]
    assert [*refusals, _with_token(again, token).refusal] == [ENDED] * 3
    assert [again.send(who=who, path=USERS).status for who in (CREATOR, BOSS, MEMBER, FOREIGNER)] == [200] * 4


def test_the_last_admin_of_an_integration_is_not_removed_and_each_is_named(api: Api) -> None:
    titles = [f"Integration {number}" for number in range(7)]
    made = [api.create(OUTSIDER, title=title)["integrationUuid"] for title in titles]
    granted(api, made[0], {MEMBER: "admin"}, OUTSIDER)
    before = everything(api)
    answer = _remove(api, OUTSIDER)
    assert refused(api, answer, before) == (409, "last_admin")
    named = ", ".join(f'"{title}"' for title in titles[1:6])
    assert answer.body["message"] == f"{OUTSIDER} is the last Admin of {named} and 1 more"
    assert answer.body["hint"].startswith("Give each another Admin who is not suspended first")


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
