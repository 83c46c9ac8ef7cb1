"""The API's database on a PostgreSQL server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url

from pulumi_encord_integrations.server.faults import DatabaseUnusable
from pulumi_encord_integrations.server.store.database import BUSY_SECONDS, Database

SCHEMES = ("postgresql://", "postgres://")

_WRITERS = 7_236_109_284_410_553
"""The advisory lock that writers take one after another; advisory locks are each database's own."""
_READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
# libpq's own settings; the address may say otherwise.
_CONNECTING = {"connect_timeout": "5", "application_name": "encord-integrations", "tcp_user_timeout": "15000"}
# A server process that is gone must not hold the lock until the kernel notices.
_SESSION = ("SET idle_in_transaction_session_timeout = '60s'", "SET timezone = 'UTC'")
# Lock not available, too many connections, deadlock, serialization failure.
_BUSY = {"55P03", "53300", "40P01", "40001"}
_FULL = ("too many clients", "too many connections", "remaining connection slots")
_FORM = "It must look like postgresql://user@host/database"
_REASONS = (
    ("password authentication failed", "the password is wrong, or the user is unknown"),
    ("no password supplied", "it wants a password: PGPASSWORD, ~/.pgpass or the address"),
    ("does not exist", "there is no such database or user"),
)


class PostgresqlDatabase(Database):
    """A database on a PostgreSQL server, by its address `postgresql://user@host/database`."""

    def __init__(
        self,
        address: str,
        key_file: Path,
        *,
        create: bool = False,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        url = _url(address)
        super().__init__(_name(url), key_file, create=create, read_only=read_only)
        self.address = address
        self._writing = {"isolation_level": "READ COMMITTED", "postgresql_readonly": read_only}
        self._engine = _new_engine(url, busy_seconds)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._transaction(_READING) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._transaction(self._writing) as connection:
            # Each later statement sees all that was committed before this lock was given.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")
            yield connection

    @contextmanager
    def _transaction(self, options: Mapping[str, Any]) -> Iterator[Connection]:
        with self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def described(self) -> str:
        with self.read() as connection:
            version = str(connection.exec_driver_sql("SHOW server_version").scalar()).split()[0]
            synchronous = connection.exec_driver_sql("SHOW synchronous_commit").scalar()
        return f"PostgreSQL {version}, synchronous_commit={synchronous}"

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

    def _unusable(self, error: exc.DatabaseError) -> DatabaseUnusable:
        if self.is_busy(error):
            return DatabaseUnusable(f"{self.name} is busy", "Try again later")
        text = str(error.orig)
        reason = next((means for words, means in _REASONS if words in text), (text.splitlines() or [""])[0])
        return DatabaseUnusable(f"cannot use {self.name}: {reason}", "Check the address and the server")


def is_address(place: str) -> bool:
    """Whether a setting names a PostgreSQL database rather than a file."""
    return place.startswith(SCHEMES)


def _url(address: str) -> URL:
    try:
        url = make_url(address)
    # The error quotes the address, and a port that is no number is a ValueError.
    except (exc.ArgumentError, ValueError):
        raise DatabaseUnusable("the database's address is malformed", _FORM) from None
    if not url.database:
        raise DatabaseUnusable(f"{_name(url)} names no database", _FORM)
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise DatabaseUnusable(
            "PostgreSQL needs psycopg",
            "Install the extra: pip install 'pulumi-encord-integrations[server,postgresql]'",
        ) from None
    return url.set(drivername="postgresql+psycopg")


def _name(url: URL) -> str:
    """The address without any password."""
    query = {name: value for name, value in url.query.items() if "password" not in name}
    return URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database, query
    ).render_as_string()


def _new_engine(url: URL, busy_seconds: float) -> Engine:
    connecting = {name: value for name, value in _CONNECTING.items() if name not in url.query}
    engine = create_engine(
        url,
        connect_args=connecting,
        pool_pre_ping=True,
        pool_size=16,
        max_overflow=24,
        pool_timeout=busy_seconds,
    )
    session = "; ".join((*_SESSION, f"SET lock_timeout = '{round(busy_seconds * 1000)}ms'"))

    def configure(connection: Any, _record: object) -> None:
        connection.execute(session)
        connection.commit()

    event.listen(engine, "connect", configure)
    return engine
