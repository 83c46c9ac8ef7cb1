"""Which encryption keys a backup needs, and which one a restore takes."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.services import backup, restoration, rotation
from pulumi_encord_integrations.server.store import backup as store
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from pulumi_encord_integrations.server.vault import read_keyring
from tests.contract.conftest import POSTGRESQL, SQLITE
from tests.support.api import Api
from tests.support.backups import Place, fill, new_place
from tests.support.command import run


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with new_place(request.param, tmp_path / "restored") as opened:
        yield opened


def _kept(api: Api, file: Path) -> Path:
    shutil.copy(api.database.key_file, file)
    return file


def test_a_backup_of_an_unfinished_rotation_needs_both_keys(
    on_sqlite: Api, place: Place, tmp_path: Path
) -> None:
    fill(on_sqlite)
    waiting = rotation.prepare(on_sqlite.database)
    rotation._use(on_sqlite.database, read_keyring(on_sqlite.database.key_file))
    manifest = backup.take(on_sqlite.database, tmp_path / "b", with_key=False)
    assert (manifest.key_id, set(manifest.key_ids)) == (waiting.key_id, {waiting.key_id, waiting.before})
    both = _kept(on_sqlite, tmp_path / "both")
    rotation.complete(on_sqlite.database)
    one = _kept(on_sqlite, tmp_path / "one")
    with pytest.raises(DatabaseUnusable, match=f"lacks {waiting.before}, which secrets") as refusal:
        restoration.restore(tmp_path / "b", place(), one)
    assert "--lose-secrets" in refusal.value.hint
    assert list((tmp_path / "restored").iterdir()) == []
    assert restoration.restore(tmp_path / "b", place(), both).unreadable == 0


def test_the_command_says_that_a_rotation_is_unfinished(on_sqlite: Api, tmp_path: Path) -> None:
    fill(on_sqlite)
    rotation.prepare(on_sqlite.database)
    named = ("--database", str(on_sqlite.path))
    assert "sealed with 2 keys" not in run(tmp_path, "backup", *named, "--to", "before").err
    rotation._use(on_sqlite.database, read_keyring(on_sqlite.database.key_file))
    assert "sealed with 2 keys" in run(tmp_path, "backup", *named, "--to", "b").err


def test_a_key_that_is_named_goes_before_the_one_that_lies_there(on_sqlite: Api, tmp_path: Path) -> None:
    fill(on_sqlite)
    kept = _kept(on_sqlite, tmp_path / "kept")
    backup.take(on_sqlite.database, tmp_path / "b", with_key=False)
    rotation.prepare(on_sqlite.database)
    rotation.complete(on_sqlite.database)
    lying = _kept(on_sqlite, tmp_path / "new.sqlite.encryption-key")
    asked = ("restore", "--from", str(tmp_path / "b"), "--database", "new.sqlite")
    assert f"{lying} is not the key of this backup" in run(tmp_path, *asked).err
    ran = run(tmp_path, *asked, "--encryption-key", str(kept))
    assert (ran.code, f"Move {lying} away" in ran.err) == (2, True)
    lying.rename(tmp_path / "away")
    ran = run(tmp_path, *asked, "--encryption-key", str(kept), "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["encryptionKey"] == str(lying)
    assert lying.read_bytes() == kept.read_bytes()


def test_a_key_that_is_named_and_missing_is_told(on_sqlite: Api, tmp_path: Path) -> None:
    backup.take(on_sqlite.database, tmp_path / "b", with_key=True)
    with closing(SqliteDatabase(tmp_path / "new.sqlite", create=True)) as database:
        with pytest.raises(DatabaseUnusable, match=r"cannot read the encryption key .*nowhere"):
            restoration.restore(tmp_path / "b", database, tmp_path / "nowhere")
        assert restoration.restore(tmp_path / "b", database).made_key


def test_a_key_file_that_lost_its_lines_is_refused_before_anything_is_made(
    on_sqlite: Api, place: Place, tmp_path: Path
) -> None:
    fill(on_sqlite)
    rotation.prepare(on_sqlite.database)
    rotation.complete(on_sqlite.database)
    backup.take(on_sqlite.database, tmp_path / "b", with_key=False)
    whole = _kept(on_sqlite, tmp_path / "whole")
    first = _kept(on_sqlite, tmp_path / "first")
    first.write_bytes(whole.read_bytes().splitlines()[0])
    with pytest.raises(DatabaseUnusable, match=f"{first} "):
        restoration.restore(tmp_path / "b", place(), first)
    assert list((tmp_path / "restored").iterdir()) == []
    assert restoration.restore(tmp_path / "b", place(), whole).made_key


def test_the_verbs_use_the_key_that_is_named_of_a_file(on_sqlite: Api, tmp_path: Path) -> None:
    fill(on_sqlite)
    kept, beside = tmp_path / "kept", on_sqlite.database.key_file
    shutil.copy(beside, kept)
    (tmp_path / "foreign").write_text("ab" * 32)
    (tmp_path / "foreign").chmod(0o600)
    before = beside.read_bytes()
    named = ("--database", str(on_sqlite.path), "--encryption-key")
    for verb in (("rotate-encryption-key", "--yes"), ("backup", "--to", "b", "--with-key")):
        ran = run(tmp_path, *verb, *named, "foreign")
        assert (ran.code, "is not the key of" in ran.err) == (2, True), ran.err
    assert beside.read_bytes() == before
    assert run(tmp_path, "rotate-encryption-key", "--yes", *named, "kept").code == 0
    assert beside.read_bytes() == before
    assert len(kept.read_bytes()) > len(before)


def test_a_backup_is_verified_with_the_key_that_is_named(on_sqlite: Api, tmp_path: Path) -> None:
    fill(on_sqlite)
    backup.take(on_sqlite.database, tmp_path / "b", with_key=False)
    kept = _kept(on_sqlite, tmp_path / "kept")
    copy = str(tmp_path / "b" / backup.DATABASE)
    verify = ("audit", "--verify", "--database", copy)
    assert run(tmp_path, *verify).code == 2
    ran = run(tmp_path, *verify, "--encryption-key", str(kept))
    assert ran.code == 0, ran.err


def test_backups_of_one_name_at_once_leave_each_other_alone(on_sqlite: Api, tmp_path: Path) -> None:
    fill(on_sqlite)

    def take(_: int) -> str:
        with closing(SqliteDatabase(on_sqlite.path, read_only=True)) as database:
            try:
                return backup.take(database, tmp_path / "b", with_key=False).sha256
            except DatabaseUnusable as error:
                return error.message

    with ThreadPoolExecutor(4) as threads:
        told = list(threads.map(take, range(8)))
    refused = {f"{tmp_path / 'b'} exists", f"another backup makes {tmp_path / '.b.unfinished-backup'}"}
    (taken,) = set(told) - refused
    assert told.count(taken) == 1
    assert backup.read(tmp_path / "b").sha256 == taken
    assert [path.name for path in tmp_path.iterdir() if "unfinished" in path.name] == []


@pytest.mark.parametrize("content", [b"not a database" * 1000, b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(DatabaseUnusable, match="is damaged: "):
        store.require_sound(tmp_path / "x")
