"""Rows of an older database after its migration."""

import json
from typing import Any

import pytest
from sqlalchemy import Connection, event, inspect, text, update

from pulumi_encord_integrations.server.store import declarations, idempotency, migrations, quotas
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.migrations.versions import v0006_bounds
from tests.support.api import Api

AT = "2026-01-01 00:00:0"
OLDER = "0005"
_ROWS = (
    f"INSERT INTO organizations VALUES ('o', 'Acme', 'k', '{AT}0')",
    *(
        f"INSERT INTO organization_users VALUES ('o', 'p{number}', 'MEMBER', '{AT}0', 'internal', NULL)"
        for number in range(3)
    ),
    (
        "INSERT INTO integrations VALUES ('i', 'o', 'AWS', 'T', '{}', NULL, 'x', 'p0@example.com',"
        f" '{AT}0', 1, false, NULL, NULL, NULL, NULL, NULL, NULL)"
    ),
    *(
        f"INSERT INTO registrations VALUES ('i', '{number}', 'u', 'VIDEO', '[]', NULL, NULL, '{{}}', 'p',"
        f" '{AT}0', '{AT}0')"
        for number in range(2)
    ),
    *(
        f"INSERT INTO answers VALUES ('r{number}', 200, '[{number}]', '{AT}{9 - number}')"
        for number in range(5)
    ),
    *(
        f"INSERT INTO creates VALUES ('o', 'n{number}', 'i{number}', '{AT}{9 - number}')"
        for number in range(5)
    ),
)


def _empty(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        return
    for table in (*reversed(t.metadata.sorted_tables), "alembic_version"):
        connection.execute(text(f'DROP TABLE "{table}"'))


@pytest.fixture
def older(local: Api) -> Database:
    """A database of the version before, with some rows."""
    database = local.database
    with database.write() as connection:
        _empty(connection)
        migrations.upgrade(connection, OLDER)
        for row in _ROWS:
            connection.exec_driver_sql(row)
        connection.execute(update(t.organizations).values(encryption_key_id=local.vault.key_id))
    # As if nobody had opened it: whoever has refuses another revision.
    database._prepared = False
    return database


@pytest.mark.parametrize("at_once", [2, 8])
def test_answers_and_creates_are_known_after_it_and_numbered_by_age(
    older: Database, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(v0006_bounds, "_SOME", at_once)
    older.prepare()
    with older.write() as connection:
        assert [json.loads(str(idempotency.find(connection, f"r{number}"))) for number in range(5)] == [
            [number] for number in range(5)
        ]
        assert declarations.created_before(connection, "o", "n3") == "i3"
        assert _in_order(connection, t.answers.c.request) == ["r4", "r3", "r2", "r1", "r0"]
        assert _in_order(connection, t.creates.c.nonce) == ["n4", "n3", "n2", "n1", "n0"]
        assert not idempotency.claim(connection, "r0")
        assert idempotency.claim(connection, "r5")


def test_a_few_answers_are_in_memory_at_once(older: Database) -> None:
    with older.write() as connection:
        for number in range(100):
            connection.exec_driver_sql(f"INSERT INTO answers VALUES ('s{number}', 200, '[]', '{AT}0')")
    sizes: list[int] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if statement.startswith("INSERT INTO answers"):
            sizes.append(len(given))

    event.listen(older._engine, "before_cursor_execute", note)
    older.prepare()
    assert len(sizes) > 100 / 10
    with older.read() as connection:
        assert len(connection.scalars(t.answers.select()).all()) == 105


def _in_order(connection: Connection, column: Any) -> list[str]:
    return list(connection.scalars(column.table.select().with_only_columns(column).order_by("number")))


def test_what_there_is_is_counted(older: Database) -> None:
    older.prepare()
    with older.read() as connection:
        assert [quotas.used(connection, kind, "o") for kind in ("users", "registrations")] == [3, 2]


def _schema(database: Database) -> list[Any]:
    with database.read() as connection:
        about = inspect(connection)
        return sorted(
            (
                table,
                str(about.get_pk_constraint(table)),
                sorted(str(index["name"]) for index in about.get_indexes(table)),
                sorted(column["name"] for column in about.get_columns(table)),
            )
            for table in about.get_table_names()
        )


def test_the_schema_is_that_of_a_new_database(local: Api) -> None:
    new = _schema(local.database)
    with local.database.write() as connection:
        _empty(connection)
        migrations.upgrade(connection)
    assert _schema(local.database) == new
