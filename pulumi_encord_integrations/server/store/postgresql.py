"""The API's database on a PostgreSQL server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, exc

from pulumi_encord_integrations.model.databases import PostgresqlAddress
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store.database import BUSY_SECONDS, Database
from pulumi_encord_integrations.server.store.postgresql_connection import connecting, tls_problem
from pulumi_encord_integrations.server.store.revision import REVISION
from pulumi_encord_integrations.server.store.tables import metadata

_WRITERS = 7_236_109_284_410_553
"""The advisory lock that writers take one after another; advisory locks are each database's own."""
_READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
# Of each transaction, since a pooler may give the session to another client after it.
# A server process that is gone must not hold the lock until the kernel notices.
_SETTINGS = ("SET LOCAL idle_in_transaction_session_timeout = '60s'", "SET LOCAL timezone = 'UTC'")
# Lock not available, too many connections, deadlock, serialization failure.
_BUSY = {"55P03", "53300", "40P01", "40001"}
_IS_CURRENT = f"SELECT 1 / count(*) FROM alembic_version WHERE version_num = '{REVISION}'"  # noqa: S608
_DIVISION_BY_ZERO = "22012"
_FULL = ("too many clients", "too many connections", "remaining connection slots")
_REASONS = (
    ("password authentication failed", "the password is wrong, or the user is unknown"),
    ("no password supplied", "it wants a password: PGPASSWORD, ~/.pgpass or the address"),
    ("does not exist", "there is no such database or user"),
    ("recovery", "it is a standby, which takes no writes"),
    ("read-only transaction", "it takes no writes"),
    ("permission denied", "the user may not write to its tables"),
    ("No space left on device", "its disk is full"),
)


class PostgresqlDatabase(Database):
    """A database on a PostgreSQL server, by its address `postgresql://user@host/database`.

    It keeps no state in a session, so PgBouncer may pool transactions.
    """

    remedy = "See the log of the PostgreSQL server"

    def __init__(
        self,
        address: PostgresqlAddress,
        key_file: Path,
        *,
        create: bool = False,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        super().__init__(str(address), key_file, create=create, read_only=read_only)
        parameters, self.caveat = connecting(address)
        self._writing = {"isolation_level": "READ COMMITTED", "postgresql_readonly": read_only}
        self._settings = "; ".join((*_SETTINGS, f"SET LOCAL lock_timeout = '{round(busy_seconds * 1000)}ms'"))
        self._engine = create_engine(
            "postgresql+psycopg://",
            connect_args=parameters,
            pool_pre_ping=True,
            pool_size=16,
            max_overflow=24,
            pool_timeout=busy_seconds,
        )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._transaction(_READING, self._settings) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        # Each later statement sees all that was committed before this lock was given.
        lock = f"SELECT pg_advisory_xact_lock({_WRITERS})"
        with self._transaction(self._writing, f"{self._settings}; {lock}") as connection:
            yield connection

    @contextmanager
    def _transaction(self, options: Mapping[str, Any], first: str) -> Iterator[Connection]:
        with self._engine.connect().execution_options(**options) as connection, connection.begin():
            self._enter(connection, first)
            yield connection

    def _enter(self, connection: Connection, first: str) -> None:
        """One round trip, which divides by zero if the schema is of another version by now."""
        # Each statement sees what was committed before it, so the last one what the lock was waited for.
        try:
            connection.exec_driver_sql(f"{first}; {_IS_CURRENT}" if self._prepared else first)
        except exc.DataError as error:
            if getattr(error.orig, "sqlstate", None) != _DIVISION_BY_ZERO:
                raise
            raise self._superseded() from None

    def snapshot(self, file: Path) -> None:
        from pulumi_encord_integrations.server.store import backup

        with self.read() as connection:
            backup.write_file(connection, file)

    def _copy_file(self, connection: Connection) -> Path:
        if not self.key_file.exists():
            raise DatabaseUnusable(
                f"{self.name} is of an older version, and the encryption key {self.key_file} is missing",
                "Name the file of the key: a copy from before the migration is kept beside it",
            )
        name = str(connection.exec_driver_sql("SELECT current_database()").scalar())
        # Databases of one name on several servers may share the folder.
        server = sha256(self.name.encode()).hexdigest()[:8]
        return self.key_file.with_name(f"{quote(name, safe='')}.{server}.before-{REVISION}.sqlite")

    def described(self) -> str:
        with self.read() as connection:
            version = str(connection.exec_driver_sql("SHOW server_version").scalar()).split()[0]
            synchronous = connection.exec_driver_sql("SHOW synchronous_commit").scalar()
        return f"PostgreSQL {version}, synchronous_commit={synchronous}"

    def size(self) -> int:
        with self.read() as connection:
            found = connection.exec_driver_sql("SELECT pg_database_size(current_database())")
            return int(found.scalar_one())

    def compact(self) -> None:
        # Space that others may take again; only a lock that stops everybody would give it to the disk.
        names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        autocommit = {"isolation_level": "AUTOCOMMIT", "postgresql_readonly": False}
        try:
            with self._engine.connect().execution_options(**autocommit) as connection:
                connection.exec_driver_sql(f"VACUUM (ANALYZE) {names}")
        except exc.DatabaseError as error:
            raise self._unusable(error) from None

    def is_busy(self, error: Exception) -> bool:
        said = getattr(error, "orig", error)
        full = any(words in str(said) for words in _FULL)
        return isinstance(error, exc.TimeoutError) or full or getattr(said, "sqlstate", None) in _BUSY

    def is_away(self, error: Exception) -> bool:
        if not isinstance(error, exc.DBAPIError):
            return False
        # A failure to connect carries no SQLSTATE.
        state = getattr(error.orig, "sqlstate", None)
        lost = state is None and isinstance(error, exc.OperationalError)
        return error.connection_invalidated or lost or str(state).startswith(("08", "57P"))

    def _require(self) -> None:
        try:
            with self.read() as connection:
                encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        except exc.DatabaseError as error:
            raise self._unusable(error) from None
        if encoding != "UTF8":
            raise DatabaseUnusable(f"{self.name} has the encoding {encoding}", "Make it with ENCODING 'UTF8'")

    def _require_space(self) -> None:
        """Only the server knows."""

    def _unusable(self, error: exc.DBAPIError) -> DatabaseUnusable:
        if self.is_busy(error):
            return DatabaseUnusable(f"{self.name} is busy", "Try again later", busy=True)
        text = str(error.orig)
        told = (text.splitlines() or [""])[0], "Check the address and the server"
        reason, hint = tls_problem(text) or next(
            ((means, told[1]) for words, means in _REASONS if words in text), told
        )
        return DatabaseUnusable(f"cannot use {self.name}: {reason}", hint)
