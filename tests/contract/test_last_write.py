"""Who wrote an object last, as the audit trail tells its admins."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, event

from pulumi_encord_integrations.client import groups, integrations
from pulumi_encord_integrations.client.errors import NotAllowed, NotFound
from pulumi_encord_integrations.lifecycle.snapshot import LiveSnapshot
from pulumi_encord_integrations.model.audit import LastWrite
from pulumi_encord_integrations.server.store import audit
from pulumi_encord_integrations.server.store import tables as t
from tests.support.api import BOSS, CREATOR, FOREIGNER, INTEGRATIONS, MEMBER, OUTSIDER, Api
from tests.support.people import GROUPS, granted, group, post


def test_the_last_write_of_an_integration(api: Api, integration: Any) -> None:
    uuid = integration["integrationUuid"]
    first = integrations.last_write(api.client(), uuid)
    assert first
    assert (first.by, first.action) == (CREATOR, "integration.create")
    assert abs(datetime.now(UTC) - first.at) < timedelta(minutes=1)
    assert str(first) == f"{CREATOR} at {first.at:%Y-%m-%d %H:%M} UTC (integration.create)"
    post(api, f"{INTEGRATIONS}/{uuid}/join", who=BOSS)
    answer = api.send(path=f"{INTEGRATIONS}/{uuid}/last-write").body
    assert (answer["by"], answer["action"], set(answer)) == (BOSS, "members.join", {"by", "at", "action"})


def test_the_last_write_of_a_group(api: Api) -> None:
    uuid = group(api, MEMBER)
    last = groups.last_write(api.client(BOSS), uuid)
    assert last
    assert (last.by, last.action) == (CREATOR, "group.add-users")


def test_who_may_not_know_the_members_is_not_told_what_they_did(api: Api, integration: Any) -> None:
    uuid, team = integration["integrationUuid"], group(api, MEMBER)
    for who in (MEMBER, BOSS):
        with pytest.raises(NotAllowed) as refusal:
            integrations.last_write(api.client(who), uuid)
        assert refusal.value.code == "not_an_admin"
        assert not integrations.last_writes(api.client(who))
    for ask in (
        lambda: groups.last_write(api.client(MEMBER), team),
        lambda: groups.last_writes(api.client(MEMBER)),
    ):
        with pytest.raises(NotAllowed) as refusal:
            ask()
        assert refusal.value.code == "not_an_organization_admin"
    snapshot = LiveSnapshot(api.client(MEMBER))
    assert [snapshot.last_write("integrations", uuid), snapshot.last_write("groups", team)] == ["", ""]


def test_the_last_writes_of_all_are_those_of_each(api: Api, integration: Any) -> None:
    others = [api.create(title=str(number))["integrationUuid"] for number in range(3)]
    uuids = [integration["integrationUuid"], *others]
    granted(api, others[0], {OUTSIDER: "admin"})
    leads = group(api, BOSS)
    granted(api, others[1], {f"group:{leads}": "admin"})
    api.create(who=FOREIGNER)
    client = api.client()
    assert _told(integrations.last_writes(client)) == _told(
        {uuid: integrations.last_write(client, uuid) for uuid in uuids}
    )
    assert integrations.last_writes(api.client(OUTSIDER)).keys() == {others[0]}
    assert integrations.last_writes(api.client(BOSS)).keys() == {others[1]}
    teams = [leads, group(api, name="Other")]
    group(api, who=FOREIGNER)
    assert _told(groups.last_writes(client)) == _told(
        {uuid: groups.last_write(client, uuid) for uuid in teams}
    )


def _told(writes: Mapping[str, LastWrite | None]) -> dict[str, str]:
    return {uuid: str(write) for uuid, write in writes.items()}


def test_the_last_writes_come_in_pages(api: Api, integration: Any) -> None:
    made = [integration, *(api.create(title=str(number)) for number in range(4))]
    seen: list[str] = []
    token = None
    for size in (2, 2, 1):
        answer = api.send(path=f"{INTEGRATIONS}/last-writes", query={"pageSize": 2, "pageToken": token}).body
        assert len(answer["results"]) == size
        seen += [row["uuid"] for row in answer["results"]]
        token = answer["nextPageToken"]
    assert token is None
    assert seen == sorted(view["integrationUuid"] for view in made)
    refused = api.send(path=f"{INTEGRATIONS}/last-writes", query={"pageToken": "eA=="})
    assert refused.refusal == (400, "invalid_request")


def test_a_snapshot_asks_once_for_all(on_sqlite: Api) -> None:
    made = [on_sqlite.create(title=str(number))["integrationUuid"] for number in range(30)]
    teams = [group(on_sqlite, name=str(number)) for number in range(30)]
    statements: list[str] = []
    event.listen(
        on_sqlite.database._engine, "before_cursor_execute", lambda *given: statements.append(given[2])
    )
    snapshot = LiveSnapshot(on_sqlite.client())
    for noun, uuids in (("integrations", made), ("groups", teams)):
        said = [snapshot.last_write(noun, uuid) for uuid in uuids]
        assert all(words.startswith(f"{CREATOR} at ") for words in said)
    assert len([text for text in statements if "FROM last_writes" in text]) == 2
    assert snapshot.last_write("groups", str(uuid4())) == ""


LOOKS = (*audit.LOOKS, "refused")


@pytest.mark.parametrize("action", LOOKS)
def test_a_look_is_no_write(local: Api, integration: Any, action: str) -> None:
    uuid = integration["integrationUuid"]
    with local.database.write() as connection:
        audit.record(
            connection,
            local.vault,
            organization=integration["organizationUuid"],
            actor=MEMBER,
            action=action,
            object_=uuid,
            outcome="refused" if action == "refused" else "done",
        )
    assert local.send(path=f"{INTEGRATIONS}/{uuid}/last-write").body["action"] == "integration.create"
    assert integrations.last_writes(local.client())[uuid].action == "integration.create"


def test_what_nobody_is_known_to_have_written_has_none(local: Api, integration: Any) -> None:
    uuid, team = integration["integrationUuid"], group(local)
    with local.database.write() as connection:
        connection.execute(delete(t.last_writes))
    assert integrations.last_write(local.client(), uuid) is None
    assert groups.last_write(local.client(), team) is None
    assert not integrations.last_writes(local.client())
    assert not groups.last_writes(local.client())
    assert local.send(path=f"{GROUPS}/{team}/last-write").refusal == (404, "write_not_found")


def test_an_object_that_is_not_there_is_said_to_be_missing(local: Api) -> None:
    with pytest.raises(NotFound) as missing:
        integrations.last_write(local.client(), str(uuid4()))
    assert missing.value.code == "integration_not_found"
    with pytest.raises(NotFound) as missing:
        groups.last_write(local.client(), str(uuid4()))
    assert missing.value.code == "group_not_found"
