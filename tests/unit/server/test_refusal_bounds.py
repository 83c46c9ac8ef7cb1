"""A loop of refused writes leaves some entries a minute, and one that counts the rest."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.server.refusal_bounds import A_MINUTE, RefusalBounds
from pulumi_encord_integrations.server.store import organizations
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.organizations import Caller
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from pulumi_encord_integrations.server.vault import KEY_BYTES, Vault

VAULT = Vault(b"k" * KEY_BYTES)
ADA = Caller("acme", "Acme", "ada@example.com", "MEMBER", credential="key-1")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database(tmp_path: Path) -> SqliteDatabase:
    tmp_path.chmod(0o700)
    made = SqliteDatabase(tmp_path / "encord.sqlite", create=True)
    made.prepare()
    with made.write() as connection:
        organizations.create(connection, "Acme", VAULT.key_id)
    return made


def rows(database: SqliteDatabase) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(t.audit.select()))


def test_the_keys_of_one_identity_share_what_is_left_and_others_do_not() -> None:
    bounds = RefusalBounds(Clock())
    other_key, mia = replace(ADA, credential="key-2"), replace(ADA, email="mia@example.com")
    admitted = [bounds.admits(one) for _ in range(A_MINUTE) for one in (ADA, other_key)]
    assert admitted.count(True) == A_MINUTE
    assert bounds.admits(mia)


def test_the_rest_is_counted_in_one_entry_once_the_minute_is_over(database: SqliteDatabase) -> None:
    clock = Clock()
    bounds = RefusalBounds(clock)
    for _ in range(A_MINUTE + 12_000):
        bounds.admits(ADA)
    bounds.write(database, VAULT)
    assert rows(database) == []
    clock.now += 60
    for _ in range(2):
        bounds.write(database, VAULT)
    (entry,) = rows(database)
    assert (entry.actor, entry.key, entry.outcome) == ("ada@example.com", "key-1", "refused")
    assert (entry.action, json.loads(entry.detail)["count"]) == ("requests.refused", 12_000)
    assert bounds.admits(ADA)


def test_what_is_counted_is_not_lost_where_the_server_ends(database: SqliteDatabase) -> None:
    bounds = RefusalBounds(Clock())
    for _ in range(A_MINUTE + 1):
        bounds.admits(ADA)
    bounds.write(database, VAULT, ending=True)
    assert [json.loads(entry.detail)["count"] for entry in rows(database)] == [1]


def test_who_is_within_the_bound_leaves_no_such_entry(database: SqliteDatabase) -> None:
    bounds = RefusalBounds(Clock())
    bounds.admits(ADA)
    bounds.write(database, VAULT, ending=True)
    assert rows(database) == []
