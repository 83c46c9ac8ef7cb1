"""A rotation while another machine, with its own copy of the key file, rotates or serves."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.server.errors import Conflict, DatabaseUnusable
from pulumi_encord_integrations.server.services import rotation
from pulumi_encord_integrations.server.store import encryption
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.postgresql import PostgresqlDatabase
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from pulumi_encord_integrations.server.vault import Vault, read_keyring
from tests.support import postgres
from tests.support.api import CREATOR, Api, application
from tests.support.backups import fill

WHOAMI = "/v2/public/user/current-organisation"
TOKEN = "/v2/public/user/bearer-token"


@pytest.fixture
def elsewhere(local: Api, tmp_path: Path) -> Iterator[Database]:
    """The same database on another machine."""
    file = tmp_path / "copied-key"
    shutil.copy(local.database.key_file, file)
    other: Database
    if local._address:
        other = PostgresqlDatabase(postgres.address_of(local._address), file)
    else:
        other = SqliteDatabase(local.path, key_file=file)
    with closing(other):
        other.prepare()
        yield other


def require_open(api: Api) -> None:
    """Each secret opens with the key file that completed."""
    vault = Vault(read_keyring(api.database.key_file))
    with api.database.write() as connection:
        rows = encryption.sealed_otherwise(connection, "", None, 100)
        assert rows
        assert encryption.reseal(connection, vault, vault.keyring.current, rows) == 0


def test_of_two_rotations_at_once_the_later_one_is_refused(local: Api, elsewhere: Database) -> None:
    fill(local)
    rotation.prepare(local.database)
    rotation.prepare(elsewhere)
    done = rotation.complete(local.database)
    before = elsewhere.key_file.read_bytes()
    with pytest.raises(DatabaseUnusable, match=f"is not the key of .*, which names {done.key_id}") as refusal:
        rotation.complete(elsewhere)
    assert "copy it from there" in refusal.value.hint
    assert elsewhere.key_file.read_bytes() == before
    require_open(local)


def test_a_rotation_that_another_one_overtook_seals_nothing_more(
    local: Api, elsewhere: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(local)
    rotation.prepare(local.database)
    shutil.copy(local.database.key_file, elsewhere.key_file)
    use = rotation._use

    def overtaken(*given: Any) -> None:
        use(*given)
        monkeypatch.setattr(rotation, "_use", use)
        for _ in range(2):
            rotation.prepare(local.database)
            rotation.complete(local.database)

    monkeypatch.setattr(rotation, "_use", overtaken)
    with pytest.raises(Conflict, match=r"another machine gave .* a newer key"):
        rotation.complete(elsewhere)
    assert len(read_keyring(elsewhere.key_file).keys) == 2
    require_open(local)


@pytest.fixture
def other_status(local: Api, elsewhere: Database) -> Callable[[str], int]:
    """How the server of the other machine answers a bearer token."""
    app = application(elsewhere.vault, elsewhere)

    def status(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        local.transport, local._http = in_process(app), {}
        return local.http().get(WHOAMI, headers=headers).status_code

    return status


def _issued(api: Api) -> str:
    answer = api.send(path=TOKEN, who=CREATOR)
    assert answer.status == 200, answer.body
    return str(answer.body["token"])


def test_a_bearer_token_holds_on_a_server_that_lacks_the_key_that_waits(
    local: Api, other_status: Callable[[str], int]
) -> None:
    rotation.prepare(local.database)
    assert other_status(_issued(local)) == 200


def test_a_bearer_token_of_a_prepared_server_holds_where_the_rotation_is_complete(
    local: Api, elsewhere: Database, other_status: Callable[[str], int]
) -> None:
    rotation.prepare(local.database)
    keys = local.database.key_file.read_bytes()
    shutil.copy(local.database.key_file, elsewhere.key_file)
    rotation.complete(elsewhere)
    assert local.database.key_file.read_bytes() == keys
    assert len(elsewhere.vault.keyring.keys) == 1
    assert other_status(_issued(local)) == 200
