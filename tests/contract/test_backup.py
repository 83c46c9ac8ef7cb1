"""A backup, and what comes back from it: on the same kind of database, and on the other one."""

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.server import initialization
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.services import audit_verification, backup, restoration
from pulumi_encord_integrations.server.services.backup import DATABASE, KEY, MANIFEST
from pulumi_encord_integrations.server.store import backup as store
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.revision import REVISION
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.contract.conftest import POSTGRESQL, SQLITE
from tests.support.api import AWS, INTEGRATIONS, Api, application
from tests.support.backups import MINIO, Place, fill, new_place
from tests.support.command import run
from tests.support.older_schema import back_to_0004


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with new_place(request.param, tmp_path / "restored") as opened:
        yield opened


def rows(database: Database) -> dict[str, list[Any]]:
    """Everything but what a restore adds."""
    left_out = {"last_writes", "health"}
    with database.read() as connection:
        return {
            table.name: sorted(
                str(row)
                for row in connection.execute(select(*table.c))
                if getattr(row, "action", "") != "restore"
            )
            for table in t.metadata.sorted_tables
            if table.name not in left_out
        }


def serving(api: Api, database: Database) -> Api:
    """The same people, asking what was restored."""
    again = api.restarted()
    again.database = database
    again.vault = initialization.open_served(database)
    again.app = application(again.vault, database)
    again.transport, again._http = in_process(again.app), {}
    return again


def test_what_comes_back_is_what_there_was(local: Api, place: Place, tmp_path: Path) -> None:
    uuid = fill(local)
    before, view = rows(local.database), local.send(path=f"{INTEGRATIONS}/{uuid}").body
    manifest = backup.take(local.database, tmp_path / "b", with_key=True)
    restored = restoration.restore(tmp_path / "b", place())
    assert (restored.made_key, restored.unreadable) == (True, 0)
    assert restored.manifest == manifest
    again = serving(local, place())
    assert rows(again.database) == before
    assert again.send(path=f"{INTEGRATIONS}/{uuid}").body == view
    changed = {"accessKeyId": "ACMEKEY", "secretAccessKey": "another"}
    assert again.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body=changed).status == 200
    assert again.send(method="POST", body=AWS).status == 200
    for organization, _ in audit_verification.all_organizations(again.database):
        found = audit_verification.stretches(again.database, organization)
        assert [one.problem for one in found if not one.valid] == []


def test_a_request_of_before_is_answered_and_does_not_act_again(
    local: Api, place: Place, tmp_path: Path
) -> None:
    request: httpx2.Request = local.request(method="POST", body=AWS)
    first = local.send(request)
    backup.take(local.database, tmp_path / "b", with_key=True)
    restoration.restore(tmp_path / "b", place())
    again = serving(local, place())
    assert again.send(request).body == first.body
    assert len(again.rows("integrations")) == 1


def test_no_number_is_given_twice(local: Api, place: Place, tmp_path: Path) -> None:
    fill(local)
    with local.database.write() as connection:
        newest = max(row.number for row in local.rows("answers"))
        connection.execute(t.answers.delete().where(t.answers.c.number == newest))
    backup.take(local.database, tmp_path / "b", with_key=True)
    restoration.restore(tmp_path / "b", place())
    again = serving(local, place())
    again.send(method="POST", body=AWS)
    assert max(row.number for row in again.rows("answers")) == newest + 1


def test_a_restore_is_audited(local: Api, place: Place, tmp_path: Path) -> None:
    manifest = backup.take(local.database, tmp_path / "b", with_key=True)
    restoration.restore(tmp_path / "b", place())
    entries = [row for row in serving(local, place()).rows("audit") if row.action == "restore"]
    assert len(entries) == len(manifest.organizations)
    assert {row.actor for row in entries} == {"operator"}
    assert json.loads(entries[0].detail)["takenAt"] == manifest.taken_at.isoformat()


def test_the_manifest_says_what_is_in_it(local: Api, tmp_path: Path) -> None:
    fill(local)
    backup.take(local.database, tmp_path / "b", with_key=False)
    told = json.loads((tmp_path / "b" / MANIFEST).read_text())
    assert (told["formatVersion"], told["revision"], told["withKey"]) == (1, REVISION, False)
    assert told["keyId"] == local.vault.key_id
    assert set(told["organizations"].values()) == {"Acme", "Other"}
    assert told["rows"]["registrations"] == 30
    assert told["rows"].keys() == t.metadata.tables.keys()
    newest = max(local.rows("audit"), key=lambda row: row.sequence)
    assert told["auditHeads"][newest.organization] == f"{newest.sequence}:{newest.mac}"


def test_only_its_owner_may_read_it_and_no_key_is_in_it_unasked(local: Api, tmp_path: Path) -> None:
    fill(local)
    backup.take(local.database, tmp_path / "b", with_key=False)
    backup.take(local.database, tmp_path / "with", with_key=True)
    assert sorted(file.name for file in (tmp_path / "b").iterdir()) == [DATABASE, MANIFEST]
    assert sorted(file.name for file in (tmp_path / "with").iterdir()) == [DATABASE, KEY, MANIFEST]
    for folder in (tmp_path / "b", tmp_path / "with"):
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    key = local.database.key_file.read_bytes()
    for file in (tmp_path / "b").iterdir():
        content = file.read_bytes()
        assert key not in content
        assert bytes.fromhex(key.decode()) not in content
        assert b"canary-secret" not in content
    assert (tmp_path / "with" / KEY).read_bytes() == key


def test_it_is_of_one_moment_while_others_write(local: Api, tmp_path: Path) -> None:
    ended, failed = threading.Event(), list[Any]()

    def work() -> None:
        while not ended.is_set():
            answer = local.send(method="POST", body={**MINIO, "title": "x"})
            if answer.status != 200:
                failed.append(answer.body)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        taken = [backup.take(local.database, tmp_path / f"b{n}", with_key=True) for n in range(3)]
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert failed == []
    for number, manifest in enumerate(taken):
        restored = SqliteDatabase(tmp_path / f"r{number}.sqlite", create=True)
        restoration.restore(tmp_path / f"b{number}", restored)
        with closing(restored), restored.read() as connection:
            created = connection.execute(
                select(t.audit).where(t.audit.c.action == "integration.create")
            ).all()
            living = connection.execute(select(t.integrations.c.uuid)).scalars().all()
            sealed = connection.execute(select(t.integration_secrets.c.integration)).scalars().all()
        assert {row.object for row in created} == set(living) == set(sealed)
        assert manifest.rows["integrations"] == len(living)
    assert taken[0].rows["integrations"] <= taken[-1].rows["integrations"] <= len(local.rows("integrations"))


def test_a_journal_that_is_written_ahead_is_in_the_backup(on_sqlite: Api, tmp_path: Path) -> None:
    on_sqlite.database.close()
    with closing(sqlite3.connect(on_sqlite.path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("UPDATE organizations SET name = 'Ahead' WHERE name = 'Acme'")
        connection.commit()
        assert Path(f"{on_sqlite.path}-wal").stat().st_size > 0
        with closing(SqliteDatabase(on_sqlite.path, read_only=True)) as opened:
            manifest = backup.take(opened, tmp_path / "b", with_key=False)
    assert "Ahead" in manifest.organizations.values()
    assert sorted(file.name for file in (tmp_path / "b").iterdir()) == [DATABASE, MANIFEST]


def test_a_backup_that_is_stopped_leaves_nothing(
    local: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(_: Path) -> None:
        raise KeyboardInterrupt

    folder = tmp_path / "backups"
    folder.mkdir()
    monkeypatch.setattr(store, "require_sound", stopped)
    with pytest.raises(KeyboardInterrupt):
        backup.take(local.database, folder / "b", with_key=True)
    assert list(folder.iterdir()) == []


def test_what_a_killed_backup_left_is_no_backup_and_the_next_one_replaces_it(
    local: Api, tmp_path: Path
) -> None:
    left = tmp_path / ".b.unfinished-backup"
    left.mkdir()
    (left / DATABASE).write_text("half")
    with pytest.raises(DatabaseUnusable, match=r"cannot read the backup .*manifest\.json"):
        backup.read(left)
    backup.take(local.database, tmp_path / "b", with_key=False)
    assert not left.exists()
    assert backup.read(tmp_path / "b").rows["audit"]


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("nowhere")])
def test_a_folder_that_exists_is_left_alone(local: Api, tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "b")
    with pytest.raises(DatabaseUnusable, match="exists"):
        backup.take(local.database, tmp_path / "b", with_key=False)
    assert os.path.lexists(tmp_path / "b")


def test_a_key_of_another_database_is_not_put_in(local: Api, tmp_path: Path) -> None:
    local.database.key_file.write_text("ab" * 32)
    with pytest.raises(DatabaseUnusable, match="is not the key of"):
        backup.take(local.database, tmp_path / "b", with_key=True)
    assert not (tmp_path / "b").exists()


def test_a_key_that_is_kept_apart_is_named(local: Api, place: Place, tmp_path: Path) -> None:
    uuid = fill(local)
    backup.take(local.database, tmp_path / "b", with_key=False)
    with pytest.raises(DatabaseUnusable, match="the backup holds no encryption key") as refusal:
        restoration.restore(tmp_path / "b", place())
    assert "--encryption-key" in refusal.value.hint
    assert restoration.restore(tmp_path / "b", place(), local.database.key_file).made_key
    assert serving(local, place()).send(path=f"{INTEGRATIONS}/{uuid}").status == 200


def test_a_place_that_holds_something_is_refused_and_left_alone(
    local: Api, place: Place, tmp_path: Path
) -> None:
    fill(local)
    backup.take(local.database, tmp_path / "b", with_key=True)
    restoration.restore(tmp_path / "b", place())
    before = rows(place())
    with pytest.raises(DatabaseUnusable, match="is not empty"):
        restoration.restore(tmp_path / "b", place())
    assert rows(place()) == before


def test_a_restore_that_is_stopped_is_run_again(
    local: Api, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(local)
    backup.take(local.database, tmp_path / "b", with_key=True)
    (tmp_path / "restored" / ".new.sqlite.unfinished-restore").write_text("half")
    (tmp_path / "restored" / ".new.sqlite.unfinished-restore-journal").write_text("half")

    def stopped(*_: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(restoration, "_finish", stopped)
        with pytest.raises(KeyboardInterrupt):
            restoration.restore(tmp_path / "b", place())
    assert not restoration.restore(tmp_path / "b", place()).made_key
    assert rows(serving(local, place()).database) == rows(local.database)


def test_a_database_of_an_older_version_is_backed_up_as_it_is_and_restored_anew(
    local: Api, place: Place, tmp_path: Path
) -> None:
    uuid = fill(local)
    with local.database.write() as connection:
        back_to_0004(connection.exec_driver_sql)
    local.database._prepared = False
    manifest = backup.take(local.database, tmp_path / "b", with_key=True)
    assert (manifest.revision, manifest.audit_heads) == ("0004", {})
    assert local.database.revision() == "0004"
    restoration.restore(tmp_path / "b", place())
    again = serving(local, place())
    assert again.database.migrated_from is None
    assert again.send(path=f"{INTEGRATIONS}/{uuid}").status == 200
    for organization, _ in audit_verification.all_organizations(again.database):
        assert all(one.valid for one in audit_verification.stretches(again.database, organization))


def test_secrets_of_another_key_are_counted(local: Api, place: Place, tmp_path: Path) -> None:
    fill(local)
    with local.database.write() as connection:
        connection.exec_driver_sql("UPDATE integration_secrets SET key_id = 'another'")
    manifest = backup.take(local.database, tmp_path / "b", with_key=True)
    assert set(manifest.key_ids) == {local.vault.key_id, "another"}
    with pytest.raises(DatabaseUnusable, match="lacks another"):
        restoration.restore(tmp_path / "b", place())
    assert restoration.restore(tmp_path / "b", place(), lose_secrets=True).unreadable == 1


def test_the_commands_say_what_they_did(on_sqlite: Api, tmp_path: Path) -> None:
    fill(on_sqlite)
    folder, place = on_sqlite.path.parent, ("--database", str(on_sqlite.path))
    ran = run(folder, "backup", *place, "--to", "b", "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["folder"] == str(folder / "b")
    assert told["manifest"]["rows"]["integrations"] == 2
    assert f"The encryption key {on_sqlite.vault.key_id} is not in it" in ran.err
    assert 'head of the audit trail of "Acme": ' in ran.err
    assert run(folder, "backup", *place, "--to", "b").code == 2
    ran = run(folder, "backup", *place, "--to", "with", "--with-key")
    assert "whoever reads the folder can read all secrets" in ran.err
    ran = run(folder, "restore", "--from", "b", "--database", "new.sqlite")
    assert (ran.code, "--encryption-key FILE" in ran.err) == (2, True)
    ran = run(folder, "restore", "--from", "with", "--database", "new.sqlite", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["encryptionKey"] == str(folder / "new.sqlite.encryption-key")
    assert "restored" in ran.err
    assert run(folder, "restore", "--from", "with", "--database", "new.sqlite").code == 2
    assert run(folder, "restore", "--from", "nowhere", "--database", "x.sqlite").code == 2
    for arguments in (("backup", "--to", "c"), ("restore", "--from", "with")):
        ran = run(folder, *arguments, "--database", "postgresql://canary:canary@/x?host=/nowhere", "--json")
        assert ran.code == 2
        assert ":canary" not in ran.err


def test_with_postgresql_the_key_has_a_place_of_its_own(on_sqlite: Api) -> None:
    folder = on_sqlite.path.parent
    run(folder, "backup", "--database", str(on_sqlite.path), "--to", "b", "--with-key")
    ran = run(folder, "restore", "--from", "b", "--database", "postgresql:///x?host=/nowhere")
    assert "the file of the encryption key must be named" in ran.err
