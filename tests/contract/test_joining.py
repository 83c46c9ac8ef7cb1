"""An admin of the organization joins; nobody else does."""

import json
from typing import Any

import pytest

from tests.support.api import (
    BOSS,
    FOREIGNER,
    INTEGRATIONS,
    MEMBER,
    OUTSIDER,
    Api,
)
from tests.support.people import (
    everything,
    granted,
    group,
    newcomer,
    post,
    refused,
    roles_of,
)

LEADER = "lea@example.com"


@pytest.fixture
def uuid(integration: Any) -> str:
    """An integration of the creator's in which `MEMBER` is a User."""
    return str(integration["integrationUuid"])


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
    changes = told[0].pop("changes", {})
    assert changes == ({} if before == "admin" else {BOSS: [told[0]["before"], "admin"]})
    admins = {} if before == "admin" else {"admins": [BOSS]}
    assert told[0] == {"before": before if before in {"user", "admin"} else None, **admins}


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
