"""A key file of another database writes, migrates and verifies nothing."""

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client import audit
from pulumi_encord_integrations.client.settings import Settings
from pulumi_encord_integrations.model.audit import AuditFilters
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.services import audit_verification, rotation
from pulumi_encord_integrations.server.store import matching_key
from pulumi_encord_integrations.server.vault import KEY_BYTES, Vault
from tests.support.api import CREATOR, Api
from tests.support.audit import alter, organization_of
from tests.support.command import run
from tests.support.older_schema import back_to_0004


def _another(file: Path) -> None:
    file.write_bytes(secrets.token_hex(KEY_BYTES).encode())


def _without_pinned_keys(file: Path) -> None:
    file.write_bytes(file.read_bytes().splitlines()[0])


def _is_whole(api: Api) -> bool:
    again = api.restarted()
    return audit_verification.stretches(again.database, organization_of(again, CREATOR))[-1].valid


def test_a_database_is_not_migrated_with_another_key(local: Api) -> None:
    local.create()
    with local.database.write() as connection:
        back_to_0004(connection.exec_driver_sql)
    file = local.database.key_file
    own = file.read_bytes()
    _another(file)
    database = local._opened(create=False)
    with pytest.raises(DatabaseUnusable, match=f"{file} is not the key of "):
        database.prepare()
    assert database.revision() == "0004"
    file.write_bytes(own)
    assert _is_whole(local)


@pytest.mark.parametrize("spoil", [_another, _without_pinned_keys])
def test_a_database_is_served_with_its_whole_key_file_alone(
    local: Api, spoil: Callable[[Path], None]
) -> None:
    local.create()
    rotation.prepare(local.database)
    rotation.complete(local.database)
    file = local.database.key_file
    own = file.read_bytes()
    spoil(file)
    with pytest.raises(DatabaseUnusable, match=rf"{file} (is not the key|does not hold the audit key) of "):
        local.restarted()
    file.write_bytes(own)
    assert _is_whole(local)


@pytest.mark.parametrize(
    "verb",
    [("maintain",), ("recover-admin", CREATOR, "--new-key", "new", "--yes"), ("audit", "--verify")],
    ids=lambda verb: verb[0],
)
def test_no_verb_writes_or_verifies_with_another_key(on_sqlite: Api, verb: tuple[str, ...]) -> None:
    on_sqlite.create()
    file, rows = on_sqlite.database.key_file, len(on_sqlite.rows("audit"))
    own = file.read_bytes()
    _another(file)
    ran = run(on_sqlite.path.parent, *verb, "--database", str(on_sqlite.path))
    assert (ran.code, ran.out) == (2, "")
    assert f"{file} is not the key of {on_sqlite.path}" in ran.err
    assert len(on_sqlite.rows("audit")) == rows
    file.write_bytes(own)
    assert _is_whole(on_sqlite)


def test_a_trail_that_was_tampered_with_at_its_end_is_still_served_and_found(local: Api) -> None:
    for _ in range(4):
        local.create()
    organization = organization_of(local, CREATOR)
    alter(local, organization, 5, actor="operator", mac="0" * 64)
    again = local.restarted()
    assert again.send().status == 200
    problem = audit_verification.stretches(again.database, organization)[-1].problem
    assert problem is not None
    assert (problem.sequence, problem.kind) == (5, "changed")


def test_what_retention_left_is_enough_to_know_the_key_by(
    local: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching_key, "_LOOKED_AT", 2)
    for _ in range(8):
        local.create()
    local.restarted()
    with local.database.read() as connection, pytest.raises(DatabaseUnusable, match="is not the key"):
        matching_key.require_matching_key(connection, Vault(b"k" * KEY_BYTES), "key", "database")


def test_an_embedded_key_that_is_registered_leaves_an_entry(tmp_path: Path) -> None:
    path = tmp_path / "encord.sqlite"
    client = embedded.connect(Settings("embedded", database=path, user="ada@example.com"), create=True)
    assert [entry.action for entry in audit.entries(client, AuditFilters())] == ["organization.create"]
    client.close()
    (tmp_path / "encord.sqlite.ada@example.com.key").unlink()
    client = embedded.connect(Settings("embedded", database=path, user="ada@example.com"), create=True)
    newest = next(iter(audit.entries(client, AuditFilters())))
    assert (newest.action, newest.actor, newest.object != "") == ("key.add", "ada@example.com", True)
    assert newest.detail["fingerprint"].startswith("SHA256:")
    assert all(one.valid for one in audit.verified(client))
    client.close()
