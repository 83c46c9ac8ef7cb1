"""A whole database in an SQLite file, and back: rows are copied as they are, whatever their revision."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    MetaData,
    NullPool,
    Table,
    create_engine,
    event,
    exc,
    func,
    insert,
    inspect,
    select,
    text,
)

from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store import migrations
from pulumi_encord_integrations.server.store.revision import private_file

_VERSION = "alembic_version"
_ASK_REVISION = "SELECT version_num FROM alembic_version"
_SOME = 1_000
"""Rows in memory at once."""
_AUTOINCREMENT = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
_COUNTERS = ("creates", "answers", "audit")
"""Tables that number their rows."""


@dataclass(frozen=True)
class Facts:
    """What tells a database from every other one."""

    revision: str
    sealing_key_ids: Sequence[str]
    """Of the encryption keys that seal now, one but for databases that nobody serves."""
    key_ids: Sequence[str]
    """Of those, and of all that sealed a secret which is there."""
    organizations: Mapping[str, str]
    """Names by uuid."""
    rows: Mapping[str, int]
    """By table."""
    audit_heads: Mapping[str, str]
    """SEQUENCE:MAC of the newest entry of the audit trail by organization, where entries are chained."""


def write_file(source: Connection, file: Path) -> None:
    """Copies the database of a transaction that sees one state into a new SQLite file."""
    private_file(file)
    with opened(file) as target:
        copy(source, target)


@contextmanager
def opened(file: Path, *, read_only: bool = False) -> Iterator[Connection]:
    """A transaction on an SQLite file."""

    def connect() -> sqlite3.Connection:
        mode = "ro" if read_only else "rw"
        return sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    with engine.begin() as connection:
        yield connection


def clone(source: Path, file: Path) -> None:
    """Copies an SQLite file that nobody writes into a new one."""
    private_file(file)
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as read,
        closing(sqlite3.connect(file)) as write,
    ):
        read.backup(write)


def names(connection: Connection) -> list[str]:
    """The tables that there are."""
    return inspect(connection).get_table_names()


def copy(source: Connection, target: Connection) -> None:
    """Fills an empty database with all rows of another one, and brings it to the same revision."""
    migrations.upgrade(target, _revision(source))
    into = {table.name: table for table in _tables(target)}
    for table in _tables(source):
        # An extension of PostgreSQL may keep tables of its own.
        if table.name in into:
            _copy_rows(source, target, table, into[table.name])
    _set_counters(target, _counters(source, into))


def _copy_rows(source: Connection, target: Connection, table: Table, into: Table) -> None:
    found = source.execution_options(yield_per=_SOME).execute(select(*table.c))
    for rows in found.mappings().partitions(_SOME):
        target.execute(insert(into), [dict(row) for row in rows])


def facts(connection: Connection) -> Facts:
    """What there is to know of a database."""
    tables = {table.name: table for table in _tables(connection)}
    organizations = tables["organizations"].c
    named = connection.execute(select(organizations.uuid, organizations.name)).all()
    sealing = set(connection.scalars(select(organizations.encryption_key_id)))
    sealed = set(connection.scalars(select(tables["integration_secrets"].c.key_id).distinct()))
    return Facts(
        revision=_revision(connection),
        sealing_key_ids=sorted(sealing),
        key_ids=sorted(sealing | sealed),
        organizations={row.uuid: row.name for row in sorted(named)},
        rows={
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in sorted(tables.items())
        },
        audit_heads=_heads(connection, tables["audit"]),
    )


def require_sound(file: Path) -> None:
    """Raises `DatabaseUnusable` if an SQLite file is damaged."""
    try:
        with opened(file, read_only=True) as connection:
            said = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
            stray = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    except exc.DBAPIError as error:
        said, stray = str(error.orig), None
    if said != "ok" or stray is not None:
        found = said if said != "ok" else f"a row of {stray[0] if stray else ''} refers to nothing"
        raise DatabaseUnusable(f"{file} is damaged: {found}", "Take another backup, or use another one")


def _tables(connection: Connection) -> list[Table]:
    """All tables with rows, each after those that it refers to."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != _VERSION]


def _revision(connection: Connection) -> str:
    return str(connection.exec_driver_sql(_ASK_REVISION).scalar_one())


def _heads(connection: Connection, audit: Table) -> dict[str, str]:
    if "mac" not in audit.c:
        return {}
    c = audit.c
    newest = select(c.organization.label("of"), func.max(c.sequence).label("at")).group_by(c.organization)
    last = newest.subquery()
    query = select(c.organization, c.sequence, c.mac).join(
        last, (last.c.of == c.organization) & (last.c.at == c.sequence)
    )
    return {row.organization: f"{row.sequence}:{row.mac}" for row in connection.execute(query)}


def _counters(source: Connection, tables: Mapping[str, Table]) -> dict[str, int]:
    """The last number that each table gave, also where the row is gone."""
    given = {name: 0 for name in _COUNTERS if name in tables and "number" in tables[name].c}
    for name in given:
        newest = source.scalar(select(func.max(tables[name].c.number)))
        given[name] = max(newest or 0, _given(source, name))
    return given


def _given(source: Connection, table: str) -> int:
    if source.dialect.name == "sqlite":
        if table not in source.exec_driver_sql(_AUTOINCREMENT).scalars().all():
            return 0
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return int(source.execute(query, {"name": table}).scalar() or 0)
    query = text("SELECT pg_sequence_last_value(CAST(:name AS regclass))")
    return int(source.scalar(query, {"name": _sequence(source, table)}) or 0)


def _set_counters(target: Connection, given: Mapping[str, int]) -> None:
    for table, number in given.items():
        if number and target.dialect.name == "postgresql":
            target.execute(
                text("SELECT setval(CAST(:name AS regclass), :number)"),
                {"name": _sequence(target, table), "number": number},
            )
        elif number and table in target.exec_driver_sql(_AUTOINCREMENT).scalars().all():
            values: dict[str, Any] = {"name": table, "number": number}
            target.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
            target.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), values)


def _sequence(connection: Connection, table: str) -> str:
    query = text("SELECT pg_get_serial_sequence(:name, 'number')")
    return str(connection.execute(query, {"name": table}).scalar_one())
