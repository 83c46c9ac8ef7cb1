"""The database: connections, transactions, and the one place for what differs between databases."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, exc, inspect, select, text

from pulumi_encord_integrations.server.faults import DatabaseUnusable
from pulumi_encord_integrations.server.store.revision import REVISION

BUSY_SECONDS = 15.0
"""How long a transaction waits for another process's."""

_BEGIN = "sqlite_begin"


def journal_mode(version: tuple[int, ...]) -> tuple[str, str]:
    """The journal mode and `synchronous` that lose no acknowledged write on this SQLite version.

    Before 3.51.3 (and its backports 3.44.6 and 3.50.7) a checkpoint racing a commit can corrupt a database in
    WAL mode: https://sqlite.org/wal.html#walresetbug
    """
    fixed = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return ("WAL", "FULL") if fixed else ("DELETE", "EXTRA")


def is_busy(error: Exception) -> bool:
    """Whether a database error only means that another transaction took too long."""
    said = str(getattr(error, "orig", error))
    return "locked" in said or "busy" in said


def now() -> datetime:
    """The time in UTC, without a zone as databases keep it."""
    return datetime.now(UTC).replace(tzinfo=None)


class Database:
    """An SQLite file.

    `create` allows a file that does not exist or holds nothing yet; `read_only` refuses every write.
    Raises `DatabaseUnusable` from `prepare`.
    """

    def __init__(
        self,
        path: Path,
        *,
        create: bool = False,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._writing = threading.Lock()
        self._create = create
        self._read_only = read_only
        self._engine = self._new_engine()

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database."""
        with self._engine.connect().execution_options(**{_BEGIN: "BEGIN"}) as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its first moment, so that what it read stays true."""
        options = {_BEGIN: "BEGIN IMMEDIATE"}
        # SQLite polls for its lock, with pauses of up to 100 ms; threads of one process need not.
        if not self._writing.acquire(timeout=self._busy_seconds):
            raise exc.OperationalError(None, None, sqlite3.OperationalError("database is locked"))
        try:
            with self._engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
        finally:
            self._writing.release()

    def prepare(self) -> None:
        """Checks the schema and brings it to the newest revision."""
        if not self._create and not self.path.is_file():
            raise DatabaseUnusable(f"there is no database {self.path}", missing=True)
        try:
            with self.read() as connection:
                revision = _revision(connection)
                foreign = revision is None and bool(inspect(connection).get_table_names())
            if foreign:
                raise DatabaseUnusable(f"{self.path} is the database of another program")
            if revision is None and not self._create:
                raise DatabaseUnusable(f"{self.path} holds no database of this API", missing=True)
            if revision != REVISION:
                self._migrate(revision)
        except exc.DatabaseError as error:
            raise self._unusable(error) from None

    def _migrate(self, revision: str | None) -> None:
        from pulumi_encord_integrations.server.store import migrations

        if revision is not None and revision not in migrations.known():
            raise DatabaseUnusable(
                f"{self.path} was made by a newer version of pulumi-encord-integrations",
                "Upgrade the package: pip install -U pulumi-encord-integrations",
            )
        if self._read_only:
            raise DatabaseUnusable(
                f"{self.path} is of an older version", "The next pulumi up or serve migrates it"
            )
        with self.write() as connection:
            # Another process may have migrated while this one waited; Alembic looks again.
            migrations.upgrade(connection)

    def _unusable(self, error: exc.DatabaseError) -> DatabaseUnusable:
        said = str(error.orig)
        if is_busy(error):
            return DatabaseUnusable(
                f"{self.path} is locked by another process",
                f"It was asked for {self._busy_seconds:.0f} s; try again later",
            )
        if "not a database" in said:
            return DatabaseUnusable(f"{self.path} is not an SQLite database")
        return DatabaseUnusable(f"cannot use {self.path}: {said}", "Check the file's owner, mode and folder")

    def _new_engine(self) -> Engine:
        mode = "rwc" if self._create else "rw"
        uri = f"{self.path.absolute().as_uri()}?mode={mode}"

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(
                uri, uri=True, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
            )
            self._configure(connection)
            return connection

        engine = create_engine(
            "sqlite://", creator=connect, poolclass=QueuePool, pool_size=16, max_overflow=32
        )
        event.listen(engine, "begin", _begin)
        return engine

    def _configure(self, connection: sqlite3.Connection) -> None:
        if self._read_only:
            connection.execute("PRAGMA query_only=ON")
        else:
            mode, synchronous = journal_mode(sqlite3.sqlite_version_info)
            connection.execute(f"PRAGMA journal_mode={mode}")
            connection.execute(f"PRAGMA synchronous={synchronous}")
        for pragma in ("foreign_keys=ON", "trusted_schema=OFF", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: Any = connection.execute(select(text("version_num")).select_from(text("alembic_version"))).scalar()
    return None if found is None else str(found)
