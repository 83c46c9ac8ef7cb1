"""The audit trail as the API tells it: to whom, by which filters, in which pages, and what changed."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, insert, update

from pulumi_encord_integrations.client import audit as client_audit
from pulumi_encord_integrations.model.audit import AuditFilters, decoded_stack, encoded_stack
from pulumi_encord_integrations.server.store import audit_queries
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now
from tests.contract.test_permissions import _trusted
from tests.support.api import BOSS, CREATOR, FOREIGNER, INTEGRATIONS, MEMBER, OUTSIDER, Api
from tests.support.audit import aged, entries, organization_of
from tests.support.people import USERS, granted, group, patch, post

__all__ = ["_trusted"]
AUDIT = "/v2/public/organisation/audit"
KEYS = {"accessKeyId": "ACMEKEY", "secretAccessKey": "canary-1"}
MINIO = {
    "provider": "S3_COMPATIBLE",
    "title": "MinIO",
    "preset": "MINIO",
    "endpoint": "https://minio.example.com",
    "buckets": [{"name": "acme-training"}],
    **KEYS,
}


def _newest(api: Api, who: str = CREATOR, **query: Any) -> dict[str, Any]:
    return dict(entries(api, who, **query)[0])


def test_an_entry_tells_who_did_what_with_what_and_from_where(api: Api) -> None:
    uuid = api.create(title="prod-images")["integrationUuid"]
    entry = _newest(api)
    assert set(entry) == {
        "sequence",
        "at",
        "actor",
        "kind",
        "key",
        "keyName",
        "stack",
        "action",
        "object",
        "title",
        "outcome",
        "trace",
        "detail",
        "mac",
    }
    assert (entry["actor"], entry["kind"], entry["action"]) == (CREATOR, "person", "integration.create")
    assert (entry["object"], entry["title"], entry["outcome"]) == (uuid, "prod-images", "done")
    at = datetime.fromisoformat(entry["at"])
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    (key,) = [row for row in api.rows("user_keys") if row.public_key == api.public_key(CREATOR)]
    assert entry["key"] == key.uuid
    assert entry["detail"]["changes"]["title"] == [None, "prod-images"]


def test_a_key_is_told_by_its_name(local: Api) -> None:
    with local.database.write() as connection:
        mine = t.user_keys.c.public_key == local.public_key(CREATOR)
        connection.execute(update(t.user_keys).where(mine).values(name="laptop"))
    local.create()
    assert _newest(local)["keyName"] == "laptop"


def test_what_the_operator_did_is_told_as_such(local: Api) -> None:
    oldest = entries(local, CREATOR)[-1]
    assert (oldest["sequence"], oldest["kind"], oldest["key"], oldest["keyName"]) == (1, "operator", "", None)


class TestFilters:
    @pytest.fixture
    def busy(self, local: Api) -> tuple[str, str]:
        """Two integrations, and what several people did with them."""
        one, other = (local.create(title=name)["integrationUuid"] for name in ("one", "other"))
        patch(local, one, {MEMBER: "user"})
        group(local, MEMBER)
        post(local, f"{INTEGRATIONS}/{other}/join", who=BOSS)
        local.send(who=MEMBER, method="PATCH", path=f"{INTEGRATIONS}/{one}", body={"title": "mine"})
        return one, other

    def _actions(self, api: Api, **query: Any) -> list[str]:
        return [entry["action"] for entry in entries(api, CREATOR, **query)]

    def test_each_filter(self, local: Api, busy: tuple[str, str]) -> None:
        one, other = busy
        refusal = "PATCH cloud-integrations/{uuid}"
        assert self._actions(local, integration=one) == [refusal, "members.change", "integration.create"]
        assert self._actions(local, object=other) == ["members.join", "integration.create"]
        assert self._actions(local, actor=BOSS) == ["members.join"]
        assert self._actions(local, actor=BOSS.upper()) == ["members.join"]
        assert self._actions(local, action="group.") == ["group.add-users", "group.create"]
        assert self._actions(local, action="members.c") == ["members.change"]
        assert self._actions(local, action="%") == []
        assert self._actions(local, outcome="refused") == [refusal]
        assert self._actions(local, outcome="done", integration=one) == [
            "members.change",
            "integration.create",
        ]
        key = entries(local, CREATOR, actor=BOSS)[0]["key"]
        assert self._actions(local, key=key) == ["members.join"]
        assert self._actions(local, stack="nowhere/none") == []
        assert self._actions(local, actor=BOSS, action="group.") == []

    def test_times(self, local: Api, busy: tuple[str, str]) -> None:
        every = entries(local, CREATOR)
        newest, third = every[0], every[3]
        assert entries(local, CREATOR, since=third["at"]) == every[:4]
        assert entries(local, CREATOR, until=third["at"]) == every[4:]
        assert entries(local, CREATOR, since=third["at"], until=newest["at"]) == every[1:4]
        zoned = datetime.fromisoformat(third["at"]).astimezone().isoformat()
        assert entries(local, CREATOR, since=zoned) == every[:4]

    def test_the_oldest_behind_a_sequence_come_first(self, local: Api, busy: tuple[str, str]) -> None:
        every = entries(local, CREATOR)[::-1]
        assert entries(local, CREATOR, afterSequence=0) == every
        assert entries(local, CREATOR, afterSequence=3) == every[3:]
        assert entries(local, CREATOR, afterSequence=99) == []
        assert entries(local, CREATOR, afterSequence=0, actor=BOSS) == entries(local, CREATOR, actor=BOSS)

    @pytest.mark.parametrize(
        "query",
        [
            {"since": "yesterday"},
            {"since": "2026-01-31T00:00:00"},
            {"since": "2026-02-31T00:00:00Z"},
            {"until": "0001-01-01T00:00:00+23:59"},
            {"until": "0.5"},
            {"integration": "one"},
            {"outcome": "maybe"},
            {"pageSize": 1001},
            {"pageSize": 0},
            {"afterSequence": -1},
            {"pageToken": "eA=="},
            {"object": "x" * 321},
        ],
        ids=str,
    )
    def test_a_wrong_one_is_refused(self, local: Api, query: dict[str, Any]) -> None:
        assert local.send(path=AUDIT, query=query).refusal == (400, "invalid_request")

    def test_two_objects_are_refused(self, local: Api, busy: tuple[str, str]) -> None:
        one, other = busy
        answer = local.send(path=AUDIT, query={"integration": one, "object": other})
        assert answer.refusal == (400, "invalid_request")

    @pytest.mark.parametrize("query", [{}, {"afterSequence": 0}, {"actor": CREATOR}, {"one": True}], ids=str)
    def test_pages_are_the_whole(
        self, local: Api, busy: tuple[str, str], query: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        query = {"integration": busy[0]} if "one" in query else query
        whole = entries(local, CREATOR, **query)
        monkeypatch.setattr(audit_queries, "_LOOKED_AT", 3)
        for size in (1, 2, 3):
            assert self._paged(local, size, query) == whole

    def _paged(self, api: Api, size: int, query: dict[str, Any]) -> list[Any]:
        found: list[Any] = []
        token: str | None = None
        for _ in range(50):
            answer = api.send(path=AUDIT, query={**query, "pageSize": size, "pageToken": token}).body
            assert len(answer["results"]) <= size
            found += answer["results"]
            token = answer["nextPageToken"]
            if token is None:
                return found
        raise AssertionError("the pages have no end")

    def test_a_token_of_the_other_direction_is_refused(self, local: Api, busy: tuple[str, str]) -> None:
        token = local.send(path=AUDIT, query={"pageSize": 1}).body["nextPageToken"]
        answer = local.send(path=AUDIT, query={"pageToken": token, "afterSequence": 0})
        assert answer.refusal == (400, "invalid_request")

    def test_a_page_looks_at_a_bounded_number_of_entries(
        self, local: Api, busy: tuple[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit_queries, "_LOOKED_AT", 3)
        answer = local.send(path=AUDIT, query={"actor": "nobody@example.com"}).body
        assert answer["results"] == []
        assert answer["nextPageToken"]
        aged(local, upto=100)
        recent = {"since": (datetime.now(UTC) - timedelta(days=7)).isoformat()}
        assert local.send(path=AUDIT, query=recent).body == {"results": [], "nextPageToken": None}


class TestReaders:
    def test_admins_of_the_organization_read_everything_and_others_nothing(
        self, local: Api, integration: Any
    ) -> None:
        for path in ("", "/head", "/verification"):
            for who in (CREATOR, BOSS):
                assert local.send(who=who, path=AUDIT + path).status == 200
            for who in (MEMBER, OUTSIDER):
                refused = local.send(who=who, path=AUDIT + path)
                assert refused.refusal == (403, "not_an_organization_admin")

    def test_an_auditor_reads_everything(self, local: Api) -> None:
        local.create()
        local.send(method="PATCH", path=f"{USERS}/{OUTSIDER}", body={"auditor": True})
        assert entries(local, OUTSIDER) == entries(local, CREATOR)
        for path in ("/head", "/verification"):
            assert local.send(who=OUTSIDER, path=AUDIT + path).status == 200

    def test_an_integrations_admin_reads_what_is_about_it(self, local: Api) -> None:
        uuid, other = local.create()["integrationUuid"], local.create()["integrationUuid"]
        granted(local, uuid, {MEMBER: "admin", OUTSIDER: "user"})
        mine = entries(local, MEMBER, integration=uuid)
        assert {entry["object"] for entry in mine} == {uuid}
        assert mine == entries(local, CREATOR, integration=uuid)
        for who, about in ((MEMBER, other), (OUTSIDER, uuid), (OUTSIDER, other)):
            assert local.send(who=who, path=AUDIT, query={"integration": about}).status == 403
        gone = local.send(who=MEMBER, path=AUDIT, query={"integration": str(uuid4())})
        assert gone.refusal == (404, "integration_not_found")

    def test_an_organization_reads_its_own(self, local: Api, integration: Any) -> None:
        uuid = integration["integrationUuid"]
        local.create(who=FOREIGNER)
        assert {entry["actor"] for entry in entries(local, FOREIGNER)} == {FOREIGNER, "operator"}
        assert entries(local, FOREIGNER, integration=uuid) == []
        theirs = {entry["mac"] for entry in entries(local, FOREIGNER)}
        assert not theirs & {entry["mac"] for entry in entries(local, CREATOR)}

    def test_what_was_deleted_is_still_told_to_admins_of_the_organization(self, local: Api) -> None:
        uuid = local.create()["integrationUuid"]
        local.send(method="DELETE", path=f"{INTEGRATIONS}/{uuid}")
        assert [entry["action"] for entry in entries(local, BOSS, integration=uuid)] == [
            "integration.deleted",
            "integration.create",
        ]


class TestStack:
    @pytest.mark.parametrize(
        ("project", "stack", "header"),
        [
            ("acme", "prod", "acme/prod"),
            ("acme data", "pröd", "acme%20data/pr%C3%B6d"),
            ("a", "", ""),
            ("", "b", ""),
        ],
    )
    def test_a_header_names_a_stack(self, project: str, stack: str, header: str) -> None:
        assert encoded_stack(project, stack) == header
        assert decoded_stack(header) == (f"{project}/{stack}" if header else "")

    @pytest.mark.parametrize(
        "header", ["a/b%0Ac", "a/b%1B[31m%00", "%ff/%c3", "x" * 100_000, "%F0%9F%98%80" * 9_000]
    )
    def test_a_hostile_one_is_bounded_and_printable(self, header: str) -> None:
        decoded = decoded_stack(header)
        assert decoded.isprintable()
        assert len(decoded) <= 2049

    def test_a_client_sends_it_and_the_trail_tells_it(self, api: Api) -> None:
        client = api.client(stack=encoded_stack("acme data", "pröd"))
        client.call("POST", "organisation/groups", body={"name": "Team"})
        assert _newest(api)["stack"] == "acme data/pröd"
        assert [entry["stack"] for entry in entries(api, CREATOR, stack="acme data/pröd")] == [
            "acme data/pröd"
        ]

    def test_probes_and_signings_tell_key_and_stack(self, local: Api, integration: Any) -> None:
        path = f"{INTEGRATIONS}/{integration['integrationUuid']}"
        for noun, body in (("access-check", {}), ("signed-urls", {"objectUrls": ["video_file.mp4"]})):
            request = local.request(method="POST", path=f"{path}/{noun}", body=body)
            request.headers["X-Encord-Stack"] = "acme/prod"
            assert local.send(request).status == 200
        added = entries(local, CREATOR)[:2]
        assert [entry["action"] for entry in added] == ["urls.sign", "integration.access-check"]
        assert {(bool(entry["key"]), entry["stack"]) for entry in added} == {(True, "acme/prod")}


def test_a_client_reads_pages_until_they_end(local: Api) -> None:
    for number in range(5):
        local.create(title=str(number))
    client = local.client()
    every = list(client_audit.entries(client, AuditFilters()))
    assert list(client_audit.entries(client, AuditFilters(), size=2)) == every
    assert list(client_audit.entries(client, AuditFilters(), after_sequence=0, size=2)) == every[::-1]
    since = every[2].at.replace(tzinfo=None)
    assert list(client_audit.entries(client, AuditFilters(since=since))) == every[:3]


MANY = 100_000
PLANS: dict[str, Any] = {
    "newest": {},
    "actor": {"actor": OUTSIDER},
    "action": {"action": "group."},
    "refused": {"outcome": "refused"},
    "since": {"since": now() - timedelta(days=7)},
    "object": {"object": "object-7"},
}


def _heard(asked: list[tuple[str, Any]], *given: Any) -> None:
    asked.append(given[2:4])


def test_no_question_reads_or_sorts_the_whole_trail(on_sqlite: Api) -> None:
    organization = organization_of(on_sqlite, CREATOR)
    row = {"organization": organization, "actor": MEMBER, "action": "a", "trace": "", "detail": "{}"}
    with on_sqlite.database.write() as connection:
        made = [
            {**row, "at": now(), "object": f"object-{number % 100}", "sequence": number, "mac": ""}
            for number in range(2, MANY)
        ]
        connection.execute(insert(t.audit), made)
    for name, filters in PLANS.items():
        asked: list[tuple[str, Any]] = []
        with on_sqlite.database.read() as connection:
            event.listen(connection, "before_cursor_execute", partial(_heard, asked))
            audit_queries.newest_first(connection, organization, AuditFilters(**filters), 100, None)
            for statement, parameters in tuple(asked):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps = [step.detail for step in plan]
                assert all("audit_in_order" in step or "audit_by_object" in step for step in steps), (
                    name,
                    steps,
                )
                assert not [step for step in steps if "TEMP B-TREE" in step or step.startswith("SCAN")]
