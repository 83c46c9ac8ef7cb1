"""A backup that is not whole, or not what it says, is not restored."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.services import backup, restoration
from pulumi_encord_integrations.server.services.backup import DATABASE, KEY, MANIFEST
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.contract.conftest import POSTGRESQL, SQLITE
from tests.support.api import Api
from tests.support.backups import Place, fill, new_place


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with new_place(request.param, tmp_path / "restored") as opened:
        yield opened


def _damaged(folder: Path) -> None:
    file = folder / DATABASE
    content = bytearray(file.read_bytes())
    content[5000] ^= 1
    file.write_bytes(content)


def _told(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / MANIFEST
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))

    return change


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_damaged, "its SHA-256 differs"),
        (_told(rows={}), "is not what the manifest says"),
        (_told(auditHeads={}), "is not what the manifest says"),
        (_told(formatVersion=2), "a backup of the format 2"),
        (_told(formatVersion=None), "a backup of the format None"),
        (_told(revision="9999"), "was made by a newer version"),
        (_told(keyId="0123456789abcdef"), "is not the key of this backup"),
        (_told(more=1), "is no manifest"),
        (lambda folder: (folder / MANIFEST).write_text("[]"), "is no manifest"),
        (lambda folder: (folder / MANIFEST).write_text("{"), "is no manifest"),
        (lambda folder: (folder / MANIFEST).unlink(), "cannot read the backup"),
        (lambda folder: (folder / DATABASE).unlink(), "cannot read the backup"),
        (lambda folder: (folder / KEY).unlink(), "holds no encryption key"),
        (lambda folder: (folder / KEY).write_text("hello"), "holds no encryption key"),
        (lambda folder: (folder / KEY).chmod(0o644), "is open to others"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_and_nothing_is_made(
    on_sqlite: Api, place: Place, tmp_path: Path, damage: Callable[[Path], None], said: str
) -> None:
    fill(on_sqlite)
    backup.take(on_sqlite.database, tmp_path / "b", with_key=True)
    damage(tmp_path / "b")
    with pytest.raises(DatabaseUnusable, match=said):
        restoration.restore(tmp_path / "b", place())
    assert {file.name for file in (tmp_path / "restored").iterdir()} <= {"key", "new.sqlite.encryption-key"}
    if not isinstance(place(), SqliteDatabase):
        assert place().revision() is None
