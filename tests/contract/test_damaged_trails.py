"""Whatever somebody stores in the columns of a trail is found, and fails neither readers nor operators."""

import sqlite3
import zlib
from contextlib import closing
from typing import Any

import pytest

from pulumi_encord_integrations.model.limits import Retention
from pulumi_encord_integrations.server.services import audit_verification, maintenance
from pulumi_encord_integrations.server.store import tables as t
from tests.support.api import CREATOR, Api
from tests.support.audit import aged, organization_of
from tests.support.command import run
from tests.support.older_schema import back_to_0006

DEEP = b"[" * 100_000
VALUES = {
    "a text": "'abc'",
    "bytes": "x'ff00'",
    "no UTF-8": "CAST(x'ff' AS TEXT)",
    "a fraction": "2.5",
    "a huge number": "9e999",
    "a negative number": "-9e999",
    "a zero byte": "'a' || char(0)",
    "deep JSON": f"'{DEEP.decode()}'",
    "deep JSON in zlib": f"x'{zlib.compress(DEEP).hex()}'",
}
COLUMNS = [column.name for column in t.audit.c if column.name not in {"number", "organization"}]
CHECKPOINT = [column.name for column in t.audit_checkpoints.c if column.name != "organization"]
PATH = "/v2/public/organisation/audit"


def _store(api: Api, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(api.path)) as connection:
        assert connection.execute(statement, values).rowcount == 1
        connection.commit()


def _problem(api: Api, organization: str) -> Any:
    return audit_verification.stretches(api.database, organization)[-1].problem


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("at", [2, 4])
def test_any_value_in_any_column_is_found(on_sqlite: Api, column: str, value: str, at: int) -> None:
    organization = organization_of(on_sqlite, CREATOR)
    for _ in range(3):
        on_sqlite.create()
    where = "WHERE sequence = ? AND organization = ?"
    _store(on_sqlite, f"UPDATE audit SET {column} = {VALUES[value]} {where}", at, organization)
    problem = _problem(on_sqlite, organization)
    assert problem is not None
    if column != "sequence":
        assert (problem.sequence, problem.kind) == (at, "changed")
    for path in (PATH, f"{PATH}/verification", f"{PATH}/head"):
        assert on_sqlite.send(path=path).status == 200
    assert on_sqlite.send(path=PATH, query={"afterSequence": 1}).status == 200
    again = on_sqlite.restarted()
    again.create()
    maintenance.expired(again.database, Retention(1))
    maintenance.expire(again.database, Retention(1), broken=True)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("column", CHECKPOINT)
def test_any_value_in_a_checkpoint_is_found(on_sqlite: Api, column: str, value: str) -> None:
    organization = organization_of(on_sqlite, CREATOR)
    for _ in range(3):
        on_sqlite.create()
    aged(on_sqlite, upto=2)
    assert maintenance.expire(on_sqlite.database, Retention(365)).audit == 2
    change = f"UPDATE audit_checkpoints SET {column} = {VALUES[value]} WHERE organization = ?"
    _store(on_sqlite, change, organization)
    problem = _problem(on_sqlite, organization)
    assert problem is not None
    assert problem.kind == "changed"
    on_sqlite.restarted()


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("column", ["actor", "sequence", "mac"])
def test_the_operator_is_told_where_it_is(on_sqlite: Api, column: str, value: str) -> None:
    for _ in range(3):
        on_sqlite.create()
    _store(on_sqlite, f"UPDATE audit SET {column} = {VALUES[value]} WHERE sequence = 2")
    ran = run(on_sqlite.path.parent, "audit", "--verify", "--database", str(on_sqlite.path))
    assert (ran.code, "the audit trail of Acme is broken at entry" in ran.err) == (1, True), ran.err


def test_a_long_detail_that_is_damaged_does_not_stop_a_migration(on_sqlite: Api) -> None:
    on_sqlite.create()
    with on_sqlite.database.write() as connection:
        back_to_0006(connection.exec_driver_sql)
        damaged = "UPDATE audit SET long_detail = x'00' WHERE action = 'integration.create'"
        connection.exec_driver_sql(damaged)
    on_sqlite.database._prepared = False
    again = on_sqlite.restarted()
    assert _problem(again, organization_of(again, CREATOR)) is None
    (row,) = (row for row in again.rows("audit") if row.action == "integration.create")
    assert row.detail == '{"unreadable": true}'
