"""What the operator removes from a database that kept it long enough, and the space that comes back."""

import json
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import update

from pulumi_encord_integrations.cli.commands.maintain import maintain
from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.model.limits import Retention
from pulumi_encord_integrations.server.errors import Conflict, DatabaseUnusable
from pulumi_encord_integrations.server.services import audit_verification, maintenance
from pulumi_encord_integrations.server.store import retention
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.support.api import CREATOR, INTEGRATIONS, MEMBER, Api
from tests.support.audit import aged, alter, organization_of
from tests.support.command import Ran, run
from tests.support.older_schema import back_to_0004
from tests.support.people import group, patch, post

MANY = 3_000


def _aged(api: Api, days: int = 400) -> None:
    """Makes everything that was recorded old."""
    aged(api, days)
    moment = now() - timedelta(days=days)
    with api.database.write() as connection:
        connection.execute(update(t.registration_batches).values(created_at=moment))


def _maintain(api: Api, *arguments: str, **environment: str) -> Ran:
    return run(api.path.parent, "maintain", "--database", str(api.path), *arguments, **environment)


def _register(api: Api, uuid: str, batch: str) -> None:
    body = {"videos": [{"objectUrl": "s3://acme-training/1.mp4"}], "batch": batch}
    assert post(api, f"{INTEGRATIONS}/{uuid}/registrations", body).status == 200


def _verified(api: Api, who: str = CREATOR) -> bool:
    """Whether the whole trail of somebody's organization is as it was written."""
    found = audit_verification.stretches(api.database, organization_of(api, who))
    return all(one.valid for one in found)


def test_what_is_old_goes_but_for_the_newest_entry_and_the_last_writes_of_what_lives(local: Api) -> None:
    uuid, gone, team = local.create()["integrationUuid"], local.create()["integrationUuid"], group(local)
    patch(local, uuid, {MEMBER: "user"})
    patch(local, uuid, {MEMBER: "admin"})
    _register(local, uuid, "a" * 64)
    local.send(method="DELETE", path=f"{INTEGRATIONS}/{gone}")
    last = local.send(path=f"{INTEGRATIONS}/{uuid}/last-write").body
    _aged(local)
    kept = Retention(audit_days=365, batch_days=90)
    expected = maintenance.expired(local.database, kept)
    assert maintenance.expire(local.database, kept) == expected == maintenance.Removed(audit=7, batches=1)
    left = sorted(row.action for row in local.rows("audit"))
    assert left == ["integration.deleted", "maintain", "maintain", "organization.create"]
    assert {row.object for row in local.rows("last_writes")} - {uuid, team} == _organizations(local)
    assert local.rows("registration_batches") == []
    assert local.send(path=f"{INTEGRATIONS}/{uuid}/last-write").body["action"] == last["action"]
    assert maintenance.expired(local.database, kept) == maintenance.Removed()
    assert _verified(local)


def test_with_a_clock_by_which_even_the_newest_entry_is_old_nothing_goes(local: Api) -> None:
    for _ in range(3):
        local.create()
    aged(local, upto=10)
    rows = len(local.rows("audit"))
    with pytest.raises(Conflict, match=r"even the newest entry .* nothing was removed") as refused:
        maintenance.expire(local.database, Retention(365))
    assert refused.value.hint.startswith("Check the clock")
    assert len(local.rows("audit")) == rows
    # As the hint says, where the clock is right.
    assert maintenance.expire(local.database, Retention()).audit == 0
    assert maintenance.expire(local.database, Retention(365)).audit == rows


def test_an_entry_of_the_future_behind_which_old_ones_stay_is_named(on_sqlite: Api) -> None:
    for _ in range(4):
        on_sqlite.create()
    aged(on_sqlite, upto=4)
    aged(on_sqlite, days=-500, upto=2)
    aged(on_sqlite, upto=1)
    for arguments in (("--dry-run",), ()):
        ran = _maintain(on_sqlite, *arguments, ENCORD_AUDIT_DAYS="365")
        assert ran.code == 0, ran.err
        assert "UTC, in the future: 2 old rows behind it stay until then" in ran.err
        assert ran.err.count("entry 2 is dated ") == 1
    assert _verified(on_sqlite)


def _organizations(api: Api) -> set[str]:
    return {row.uuid for row in api.rows("organizations")}


def test_only_a_beginning_of_the_trail_goes(local: Api) -> None:
    for _ in range(6):
        local.create()
    aged(local, upto=3)
    organization = organization_of(local, CREATOR)
    # As if the clock had been wrong for a while: what is behind a newer entry stays.
    aged(local, days=1, upto=2)
    aged(local, days=400, upto=1)
    assert maintenance.expire(local.database, Retention(365)).audit == 1
    assert min(row.sequence for row in local.rows("audit") if row.organization == organization) == 2
    assert _verified(local)


def test_what_is_not_old_stays_and_so_does_what_has_no_end(local: Api) -> None:
    uuid = local.create()["integrationUuid"]
    _register(local, uuid, "a" * 64)
    rows = len(local.rows("audit"))
    assert maintenance.expired(local.database, Retention(1, 1)) == maintenance.Removed()
    _aged(local)
    assert maintenance.expired(local.database, Retention(None, None)) == maintenance.Removed()
    assert (len(local.rows("audit")), len(local.rows("registration_batches"))) == (rows, 1)


def test_it_goes_some_at_a_time_and_the_rest_can_be_verified_at_each_moment(
    local: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    uuid = local.create()["integrationUuid"]
    for role in ("user", "admin"):
        patch(local, uuid, {f"group:{group(local)}": role})
    _aged(local)
    rows = len(local.rows("audit"))
    for left in (rows - 2, rows - 4):
        with pytest.raises(_Killed):
            maintenance.expire(local.database, Retention(1), _KilledCounter())
        assert (len(local.rows("audit")), len(local.rows("audit_checkpoints"))) == (left, 1)
        assert _verified(local)
    assert maintenance.expire(local.database, Retention(1)).audit == rows - 6
    assert _verified(local)


class _Killed(Exception):
    """Stands for a kill between two transactions."""


class _KilledCounter(Counter[str]):
    def __setitem__(self, key: str, value: int) -> None:
        raise _Killed


def test_a_broken_trail_is_kept_as_evidence_unless_the_operator_says_otherwise(
    local: Api,
) -> None:
    for _ in range(4):
        local.create()
    _aged(local)
    alter(local, organization_of(local, CREATOR), 2, actor=MEMBER)
    rows = len(local.rows("audit"))
    with pytest.raises(Conflict, match="entry 2 is not as it was written; nothing of it was removed"):
        maintenance.expire(local.database, Retention(365))
    assert len(local.rows("audit")) == rows
    assert maintenance.expire(local.database, Retention(365), broken=True).audit == 4
    maintained = json.loads(next(row for row in local.rows("audit") if row.action == "maintain").detail)
    assert maintained["brokenAt"] == 2
    assert _verified(local)


def test_space_comes_back_and_it_is_audited(on_sqlite: Api) -> None:
    uuid = on_sqlite.create()["integrationUuid"]
    videos = [{"objectUrl": f"s3://acme-training/{number}.mp4"} for number in range(MANY)]
    post(on_sqlite, f"{INTEGRATIONS}/{uuid}/registrations", {"videos": videos})
    on_sqlite.send(method="DELETE", path=f"{INTEGRATIONS}/{uuid}/registrations")
    _aged(on_sqlite)
    before = on_sqlite.path.stat().st_size
    ran = _maintain(on_sqlite, "--json", ENCORD_AUDIT_DAYS="365")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["bytesBefore"] == before
    assert told["bytesAfter"] == on_sqlite.path.stat().st_size < before / 2
    assert (told["dryRun"], told["removed"]) == (False, {"audit": 3, "batches": 0})
    assert "rows of the audit trail: 3 older than 365 days removed (ENCORD_AUDIT_DAYS)" in ran.err
    rows = [row for row in on_sqlite.rows("audit") if row.action == "maintain"]
    details = [json.loads(row.detail) for row in rows]
    assert sum(detail["removed"]["audit"] for detail in details) == 3
    assert {(detail["auditDays"], detail["batchDays"]) for detail in details} == {(365, 90)}
    assert {row.actor for row in rows} == {"operator"}


def test_a_dry_run_changes_nothing(on_sqlite: Api) -> None:
    on_sqlite.create()
    _aged(on_sqlite)
    before = on_sqlite.path.read_bytes()
    ran = _maintain(on_sqlite, "--dry-run", ENCORD_BATCH_DAYS="7")
    assert ran.code == 0, ran.err
    assert "rows of the audit trail: kept for ever; ENCORD_AUDIT_DAYS sets how many days" in ran.err
    assert "registered batches: 0 older than 7 days would be removed" in ran.err
    assert on_sqlite.path.read_bytes() == before


def test_a_dry_run_migrates_nothing(on_sqlite: Api) -> None:
    on_sqlite.create()
    with on_sqlite.database.write() as connection:
        back_to_0004(connection.exec_driver_sql)
    before = on_sqlite.path.read_bytes()
    ran = _maintain(on_sqlite, "--dry-run")
    assert (ran.code, ran.out) == (2, "")
    assert f"{on_sqlite.path} is of an older version" in ran.err
    assert "migrates it" in ran.err
    assert on_sqlite.path.read_bytes() == before
    assert _maintain(on_sqlite).code == 0


def test_what_is_removed_is_told_also_where_its_space_does_not_come_back(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: SqliteDatabase) -> None:
        raise DatabaseUnusable("the disk is full", "Free some space")

    on_sqlite.create()
    _aged(on_sqlite)
    monkeypatch.setattr(SqliteDatabase, "compact", full)
    monkeypatch.setenv("ENCORD_AUDIT_DAYS", "1")
    with pytest.raises(ConfigurationError, match="the disk is full"):
        maintain(database=str(on_sqlite.path))
    assert "rows of the audit trail: 1 older than 1 day removed" in capsys.readouterr().err


def test_the_api_serves_on(local: Api) -> None:
    uuid = local.create()["integrationUuid"]
    local.database.compact()
    assert local.send(path=f"{INTEGRATIONS}/{uuid}").status == 200
    assert local.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body={"title": "New"}).status == 200
    assert local.database.size() > 0


def test_a_database_that_is_busy_is_told(on_sqlite: Api) -> None:
    other = SqliteDatabase(on_sqlite.path, busy_seconds=0.05)
    with on_sqlite.database.write(), pytest.raises(DatabaseUnusable, match="locked by another process"):
        other.compact()
    other.close()
