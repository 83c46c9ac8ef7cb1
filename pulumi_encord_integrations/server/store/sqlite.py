"""The API's database in an SQLite file."""

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, exc

from pulumi_encord_integrations.model.private_files import FileNotPrivate, require_private_database
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store.database import BUSY_SECONDS, Database
from pulumi_encord_integrations.server.store.revision import (
    REVISION,
    beside,
    encryption_key_file,
    private_file,
)

_BEGIN = "sqlite_begin"
_ASK_REVISION = "SELECT version_num FROM alembic_version"
_PAGES = 4096
"""That are copied before others may write, or a signal may end the copying."""
_RESTARTS = 5
"""Of a copy, each for what others wrote meanwhile, before it makes them wait."""
_MIB = 1024 * 1024
LEAST_FREE = 64 * _MIB
"""Bytes of free disk below which the API is not ready for writes."""
_REASONS = (
    ("not a database", "{path} is not an SQLite database", ""),
    ("malformed", "{path} is damaged", "Restore it from a backup"),
    ("full", "the disk of {path} is full", "Free some space, or move the database to a larger disk"),
    ("disk I/O", "the disk of {path} took no write", "Check its space, its quota and its state"),
    (
        "readonly",
        "{path} takes no writes",
        "Check owner and mode of the file and its folder, and whether the disk is mounted read-only",
    ),
)
"""Words of SQLite, what they mean, what to do."""


def journal_mode(version: tuple[int, ...]) -> tuple[str, str]:
    """The journal mode and `synchronous` that lose no acknowledged write on this SQLite version.

    Before 3.51.3 (and its backports 3.44.6 and 3.50.7) a checkpoint racing a commit can corrupt a database in
    WAL mode: https://sqlite.org/wal.html#walresetbug
    """
    fixed = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return ("WAL", "FULL") if fixed else ("DELETE", "EXTRA")


class SqliteDatabase(Database):
    """An SQLite file, whose key lies beside it unless `key_file` is named."""

    remedy = "Check its file, folder and disk"

    def __init__(
        self,
        path: Path,
        *,
        create: bool = False,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
        key_file: Path | None = None,
    ) -> None:
        key_file = key_file or encryption_key_file(path)
        super().__init__(str(path), key_file, create=create, read_only=read_only)
        self.path = path
        self._busy_seconds = busy_seconds
        self._writing = threading.Lock()
        self._engine = self._new_engine()
        self._reading = self._engine.execution_options(**{_BEGIN: "BEGIN"})
        self._immediate = self._engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._reading.begin() as connection:
            self._require_current(connection)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        # SQLite polls for its lock, with pauses of up to 100 ms; threads of one process need not.
        if not self._writing.acquire(timeout=self._busy_seconds):
            raise exc.OperationalError(None, None, sqlite3.OperationalError("database is locked"))
        try:
            with self._immediate.begin() as connection:
                self._require_current(connection)
                yield connection
        finally:
            self._writing.release()

    def _require_current(self, connection: Connection) -> None:
        if not self._prepared:
            return
        # In every transaction: as a statement of the engine it would cost ten times as much.
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101  `connect` makes no other
        try:
            found = driver.execute(_ASK_REVISION).fetchone()
        except sqlite3.Error as error:
            raise exc.DBAPIError.instance(_ASK_REVISION, None, error, sqlite3.Error) from None
        if found != (REVISION,):
            raise self._superseded()

    def snapshot(self, file: Path) -> None:
        private_file(file)
        source = self._engine.raw_connection()
        target = sqlite3.connect(file, isolation_level=None)
        try:
            driver = source.driver_connection
            assert isinstance(driver, sqlite3.Connection)  # noqa: S101  `connect` makes no other
            # What a killed process leaves of the copy needs no journal, and a later copy must not find one.
            target.execute("PRAGMA journal_mode=MEMORY")
            _copy(driver, target)
            target.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise exc.DBAPIError.instance("backup", None, error, sqlite3.Error) from None
        finally:
            target.close()
            source.close()

    def _copy_file(self, connection: Connection) -> Path:
        return beside(self.path, f"before-{REVISION}.sqlite")

    def described(self) -> str:
        mode, synchronous = journal_mode(sqlite3.sqlite_version_info)
        return f"SQLite {sqlite3.sqlite_version}, journal mode {mode}, synchronous {synchronous}"

    def size(self) -> int:
        return self.path.stat().st_size

    def compact(self) -> None:
        # No transaction: SQLite refuses to vacuum in one.
        connection = self._engine.raw_connection()
        try:
            for statement in ("VACUUM", "ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"):
                connection.cursor().execute(statement)
        except sqlite3.DatabaseError as error:
            raise self._unusable(exc.DatabaseError(None, None, error)) from None
        finally:
            connection.close()

    def is_busy(self, error: Exception) -> bool:
        said = str(getattr(error, "orig", error))
        return "locked" in said or "busy" in said

    def _require(self) -> None:
        # Path's own raises for a name that is too long.
        if not self._create and not os.path.isfile(self.path):  # noqa: PTH113
            raise DatabaseUnusable(f"there is no database {self.path}", missing=True)
        self.require_private()

    def require_private(self) -> None:
        """Raises `DatabaseUnusable` if others may write the file, if it is there, or its folder."""
        try:
            require_private_database(self.path)
        except FileNotPrivate as error:
            raise DatabaseUnusable(error.message, error.hint) from None

    def _unusable(self, error: exc.DBAPIError) -> DatabaseUnusable:
        said = str(error.orig)
        if self.is_busy(error):
            return DatabaseUnusable(
                f"{self.path} is locked by another process",
                f"It was asked for {self._busy_seconds:.0f} s; try again later",
                busy=True,
            )
        reason, hint = next(
            (found for words, *found in _REASONS if words in said),
            ("cannot use {path}: " + said, "Check the file's owner, mode and folder"),
        )
        return DatabaseUnusable(reason.replace("{path}", str(self.path)), hint)

    def _require_space(self) -> None:
        # Path's own raises for a name that is too long.
        if not os.path.isfile(self.path):  # noqa: PTH113
            raise DatabaseUnusable(
                f"{self.path} is gone", "Restore it from a backup, then start the API anew"
            )
        free = shutil.disk_usage(self.path.parent).free
        if free < LEAST_FREE:
            raise DatabaseUnusable(
                f"the disk of {self.path} has {free // _MIB} MiB left, less than {LEAST_FREE // _MIB}",
                "Free some space, or move the database to a larger disk",
            )

    def _new_engine(self) -> Engine:
        mode = "rwc" if self._create else "rw"
        uri = f"{self.path.absolute().as_uri()}?mode={mode}"

        def connect() -> sqlite3.Connection:
            # SQLite would let others read what it makes. What cannot be made it says itself.
            with suppress(OSError):
                if self._create and not self.path.exists():
                    self.path.touch(mode=0o600)
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


class _TooManyWrites(Exception):
    """A copy began anew too often."""


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copies one state, if others let it without making them wait."""
    mode = source.execute("PRAGMA journal_mode").fetchone()[0]
    if mode != "wal":
        with suppress(_TooManyWrites):
            source.backup(target, pages=_PAGES, progress=_Progress())
            return
    # In a transaction a write of others does not make the copy begin anew. Without a journal that is written
    # ahead, the first writer waits for its end, and whoever comes after that writer waits too.
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_master").fetchone()
    source.backup(target, pages=_PAGES)


class _Progress:
    """Ends a copy that began anew too often."""

    def __init__(self) -> None:
        self._left: int | None = None
        self._restarts = 0

    def __call__(self, _status: int, left: int, _total: int) -> None:
        if self._left is not None and left > self._left:
            self._restarts += 1
            if self._restarts > _RESTARTS:
                raise _TooManyWrites
        self._left = left


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))
