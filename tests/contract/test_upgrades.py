"""A newer version on an older database, and an older server beside a newer one."""

import re
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.client.settings import Settings
from pulumi_encord_integrations.server.errors import DatabaseUnusable, Overloaded
from pulumi_encord_integrations.server.services import backup, restoration
from pulumi_encord_integrations.server.store import database as store
from pulumi_encord_integrations.server.store import migrations
from pulumi_encord_integrations.server.store.backup import facts, opened, require_sound
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.revision import REVISION
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.support.api import AWS, INTEGRATIONS, MEMBER, Api
from tests.support.command import run, serving
from tests.support.older_schema import back_to_0004
from tests.support.people import GROUPS, patch, post


@pytest.fixture
def older(local: Api) -> Api:
    """An API whose database an older version left, with some rows."""
    uuid = local.create()["integrationUuid"]
    patch(local, uuid, {MEMBER: "user"})
    _age(local)
    return local


def _age(api: Api) -> None:
    with api.database.write() as connection:
        back_to_0004(connection.exec_driver_sql)
    api.database._prepared = False


def _copies(api: Api) -> list[Path]:
    return sorted(api.path.parent.glob(f"*.before-{REVISION}.sqlite"))


def test_a_copy_is_kept_before_it_is_migrated(older: Api) -> None:
    again = older.restarted()
    (copy,) = _copies(older)
    assert again.database.copy == copy
    assert again.database.migrated_from == "0004"
    assert copy.stat().st_mode & 0o777 == 0o600
    require_sound(copy)
    with opened(copy, read_only=True) as connection:
        before = facts(connection)
    assert (before.revision, before.rows["integrations"], before.rows["members"]) == ("0004", 1, 2)
    assert set(before.organizations.values()) == {"Acme", "Other"}
    assert again.send().status == 200


def test_what_was_kept_is_an_sqlite_database_of_the_older_version(older: Api, tmp_path: Path) -> None:
    older.restarted()
    (copy,) = _copies(older)
    with closing(SqliteDatabase(copy)) as database:
        assert database.revision() == "0004"
        database.keeps_copy = False
        manifest = backup.take(database, tmp_path / "b", with_key=False)
    assert manifest.revision == "0004"
    new = SqliteDatabase(tmp_path / "new.sqlite", create=True)
    with closing(new):
        restoration.restore(tmp_path / "b", new, older.database.key_file)
        new.prepare()


def test_one_of_this_version_is_not_copied(local: Api) -> None:
    assert local.restarted().database.copy is None
    assert _copies(local) == []


def test_the_copy_of_an_earlier_attempt_is_replaced(older: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade = migrations.upgrade

    def failing(*given: Any, **how: Any) -> None:
        if how:
            raise KeyboardInterrupt
        upgrade(*given)

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "upgrade", failing)
        with pytest.raises(KeyboardInterrupt):
            older.restarted()
    (copy,) = _copies(older)
    inode = copy.stat().st_ino
    assert older.restarted().database.copy == copy
    assert copy.stat().st_ino != inode
    assert [path.name for path in copy.parent.glob(".*")] == []


def test_without_room_for_the_copy_it_is_not_migrated(older: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_database: Database, file: Path) -> None:
        file.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(older.database), "snapshot", full)
    with pytest.raises(DatabaseUnusable, match=r"cannot keep a copy .*: No space left on device") as refusal:
        older.restarted()
    assert "serve --no-backup" in refusal.value.hint
    assert older.database.revision() == "0004"
    assert [path for path in older.path.parent.iterdir() if "before" in path.name] == []
    database = older._opened(create=False)
    database.keeps_copy = False
    database.prepare()
    assert database.revision() == REVISION


def test_several_that_start_at_once_migrate_and_copy_once(older: Api) -> None:
    def start(_: int) -> Database:
        return older.restarted().database

    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(start, range(4)))
    assert len([one for one in started if one.migrated_from]) == 1
    assert len([one for one in started if one.copy]) == 1
    assert {one.revision() for one in started} == {REVISION}


def _hasty(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for a lock for a moment only."""
    if isinstance(database, SqliteDatabase):
        database._busy_seconds = 0.05
        monkeypatch.setattr(database, "_engine", database._new_engine())
        database._immediate = database._engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
    else:
        database._settings = database._settings.replace("15000ms", "50ms")  # type: ignore[attr-defined]


def test_whoever_starts_waits_for_a_migration_that_takes_its_time(
    older: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = older._opened(create=False)
    asked = threading.Event()
    busy = waiting.is_busy

    def noted(error: Exception) -> bool:
        asked.set()
        return busy(error)

    monkeypatch.setattr(waiting, "is_busy", noted)
    _hasty(waiting, monkeypatch)
    with ThreadPoolExecutor(1) as pool:
        with older.database.write():
            started = pool.submit(waiting.prepare)
            assert asked.wait(60)
        started.result(60)
    assert waiting.revision() == REVISION


def test_nobody_waits_for_ever(older: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = older._opened(create=False)
    monkeypatch.setattr(store, "MIGRATING_SECONDS", 0.0)
    _hasty(waiting, monkeypatch)
    with older.database.write(), pytest.raises(DatabaseUnusable) as refusal:
        waiting.prepare()
    assert refusal.value.busy


def _newer(api: Api) -> None:
    """What a newer version leaves, whose schema this one does not know."""
    with api.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")


CALLS: tuple[Callable[[Api], Any], ...] = (
    lambda api: api.send(),
    lambda api: api.send(method="POST", body=AWS),
    lambda api: post(api, GROUPS, {"name": "Team"}),
    lambda api: api.send(path="/v2/public/user/current-organisation"),
)


@pytest.mark.parametrize("call", CALLS)
def test_a_server_of_the_older_version_refuses_once_a_newer_one_migrated(
    local: Api, call: Callable[[Api], Any]
) -> None:
    _newer(local)
    answer = call(local)
    assert answer.refusal == (503, "database_migrated")
    assert "Start this server anew" in answer.body["hint"]
    assert answer.headers["Retry-After"] == "1"


def test_a_write_that_waited_for_the_migration_is_refused_and_writes_nothing(local: Api) -> None:
    other = local._opened(create=False)
    with ThreadPoolExecutor(1) as pool:
        with other.write() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
            begun = pool.submit(local.send, method="POST", body=AWS)
            assert not begun.done()
        assert begun.result(60).refusal == (503, "database_migrated")
    with other.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM integrations").scalar() == 0


def test_a_server_of_the_older_version_is_not_ready(local: Api) -> None:
    _newer(local)
    with pytest.raises(DatabaseUnusable, match="another version of this API migrated the database"):
        local.database.probe()
    with pytest.raises(Overloaded), local.database.read():
        pass


def test_a_version_that_is_older_than_the_database_does_not_start(local: Api) -> None:
    _newer(local)
    with pytest.raises(DatabaseUnusable, match="was made by a newer version"):
        local.restarted()
    assert _copies(local) == []


def test_serve_says_where_the_copy_is_and_no_backup_keeps_none(on_sqlite: Api, tmp_path: Path) -> None:
    _age(on_sqlite)
    on_sqlite.database.close()
    named = ("--database", str(on_sqlite.path))
    with serving(tmp_path, *named) as server:
        server.process.terminate()
        _, said = server.ended()
    (copy,) = _copies(on_sqlite)
    assert f"migrated {on_sqlite.path} from 0004 to {REVISION}; as it was before: {copy}" in said
    copy.unlink()
    with closing(sqlite3.connect(on_sqlite.path, isolation_level=None)) as connection:
        back_to_0004(connection.execute)
    with serving(tmp_path, *named, "--no-backup") as server:
        server.process.terminate()
        _, said = server.ended()
    assert f"migrated {on_sqlite.path} from 0004 to {REVISION}\n" in said
    assert _copies(on_sqlite) == []


def test_an_embedded_api_says_it_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, repository: Path
) -> None:
    with ZipFile(min((repository / "tests" / "engine" / "fixtures").glob("deployed-*.zip"))) as deployed:
        deployed.extractall(tmp_path)
    tmp_path.chmod(0o700)
    for file in tmp_path.glob("encord.sqlite*"):
        file.chmod(0o600)
    (user,) = (file.name[len("encord.sqlite.") : -len(".key")] for file in tmp_path.glob("*@*.key"))
    file = tmp_path / "encord.sqlite"
    settings = Settings("embedded", database=file, user=user)
    for _ in range(2):
        with closing(embedded.connect(settings)) as client:
            assert list(integrations.search(client))
    assert [
        record.getMessage() for record in caplog.records if "as it was before" in record.getMessage()
    ] == [f"migrated {file} from 0005 to {REVISION}; as it was before: {file}.before-{REVISION}.sqlite"]


def test_without_its_key_nothing_is_migrated(older: Api) -> None:
    older.database.key_file.unlink()
    with closing(older._opened(create=False)) as database:
        with pytest.raises(DatabaseUnusable, match=r"the encryption key .* is missing"):
            database.prepare()
        assert database.revision() == "0004"


def test_an_operators_verb_says_it_too(on_sqlite: Api) -> None:
    _age(on_sqlite)
    ran = run(on_sqlite.path.parent, "maintain", "--database", str(on_sqlite.path))
    assert ran.code == 0, ran.err
    assert re.search(
        rf"migrated .* from 0004 to {REVISION}; as it was before: .*\.before-{REVISION}", ran.err
    )


def test_the_view_of_an_integration_survives(older: Api) -> None:
    again = older.restarted()
    (row,) = again.rows("integrations")
    assert again.send(path=f"{INTEGRATIONS}/{row.uuid}").body["title"] == AWS["title"]
