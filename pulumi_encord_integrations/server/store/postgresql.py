"""The API's database on a PostgreSQL server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, exc

from pulumi_encord_integrations.model.databases import PostgresqlAddress
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store.database import BUSY_SECONDS, Database
from pulumi_encord_integrations.server.store.tables import metadata

_WRITERS = 7_236_109_284_410_553
"""The advisory lock that writers take one after another; advisory locks are each database's own."""
_READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
# libpq's own settings; the address may say otherwise.
_CONNECTING = {"connect_timeout": "5", "application_name": "encord-integrations", "tcp_user_timeout": "15000"}
# Of each transaction, since a pooler may give the session to another client after it.
# A server process that is gone must not hold the lock until the kernel notices.
_SETTINGS = ("SET LOCAL idle_in_transaction_session_timeout = '60s'", "SET LOCAL timezone = 'UTC'")
# Lock not available, too many connections, deadlock, serialization failure.
_BUSY = {"55P03", "53300", "40P01", "40001"}
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
        self._writing = {"isolation_level": "READ COMMITTED", "postgresql_readonly": read_only}
        self._settings = "; ".join((*_SETTINGS, f"SET LOCAL lock_timeout = '{round(busy_seconds * 1000)}ms'"))
        self._engine = create_engine(
            "postgresql+psycopg://",
            connect_args=_parameters(address),
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
            connection.exec_driver_sql(first)
            yield connection

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
        reason = next((means for words, means in _REASONS if words in text), (text.splitlines() or [""])[0])
        return DatabaseUnusable(f"cannot use {self.name}: {reason}", "Check the address and the server")


def _parameters(address: PostgresqlAddress) -> dict[str, Any]:
    """What psycopg connects with, as libpq reads the address."""
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise DatabaseUnusable(
            "PostgreSQL needs psycopg",
            "Install the extra: pip install 'pulumi-encord-integrations[server,postgresql]'",
        ) from None
    try:
        given = conninfo_to_dict(address.uri)
    # Its text quotes the address.
    except ProgrammingError:
        raise DatabaseUnusable(
            "the database's address has a parameter that libpq does not know",
            "Its parameters: https://www.postgresql.org/docs/current/libpq-connect.html",
        ) from None
    # PgBouncer may give each transaction another connection, where a statement prepared earlier is unknown.
    return {**_CONNECTING, **given, "prepare_threshold": None}
