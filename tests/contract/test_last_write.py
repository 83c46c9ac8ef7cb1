"""Who wrote an object last, as the audit trail tells."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete

from pulumi_encord_integrations.client import groups, integrations
from pulumi_encord_integrations.client.errors import NotFound
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now
from tests.support.api import BOSS, CREATOR, INTEGRATIONS, MEMBER, Api
from tests.support.people import GROUPS, group, post


def test_the_last_write_of_an_integration(api: Api, integration: Any) -> None:
    uuid = integration["integrationUuid"]
    first = integrations.last_write(api.client(MEMBER), uuid)
    assert first
    assert (first.by, first.action) == (CREATOR, "integration.create")
    assert abs(datetime.now(UTC) - first.at) < timedelta(minutes=1)
    assert str(first) == f"{CREATOR} at {first.at:%Y-%m-%d %H:%M} UTC (integration.create)"
    post(api, f"{INTEGRATIONS}/{uuid}/join", who=BOSS)
    answer = api.send(path=f"{INTEGRATIONS}/{uuid}/last-write").body
    assert (answer["by"], answer["action"], set(answer)) == (BOSS, "members.join", {"by", "at", "action"})


def test_the_last_write_of_a_group(api: Api) -> None:
    uuid = group(api, MEMBER)
    last = groups.last_write(api.client(MEMBER), uuid)
    assert last
    assert (last.by, last.action) == (CREATOR, "group.add-users")


@pytest.mark.parametrize("action", ["urls.sign", "integration.access-check", "integration.control"])
def test_a_look_is_no_write(local: Api, integration: Any, action: str) -> None:
    uuid = integration["integrationUuid"]
    with local.database.write() as connection:
        row = {"at": now(), "organization": integration["organizationUuid"], "actor": MEMBER}
        connection.execute(
            t.audit.insert(), {**row, "action": action, "object": uuid, "trace": "", "detail": "{}"}
        )
    assert local.send(path=f"{INTEGRATIONS}/{uuid}/last-write").body["action"] == "integration.create"


def test_what_nobody_is_known_to_have_written_has_none(local: Api, integration: Any) -> None:
    uuid, team = integration["integrationUuid"], group(local)
    with local.database.write() as connection:
        connection.execute(delete(t.audit))
    assert integrations.last_write(local.client(), uuid) is None
    assert groups.last_write(local.client(), team) is None
    assert local.send(path=f"{GROUPS}/{team}/last-write").refusal == (404, "write_not_found")


def test_an_object_that_is_not_there_is_said_to_be_missing(local: Api) -> None:
    with pytest.raises(NotFound) as missing:
        integrations.last_write(local.client(), str(uuid4()))
    assert missing.value.code == "integration_not_found"
    with pytest.raises(NotFound) as missing:
        groups.last_write(local.client(), str(uuid4()))
    assert missing.value.code == "group_not_found"
