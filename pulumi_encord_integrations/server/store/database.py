"""The database: what is the same on SQLite and PostgreSQL; sqlite.py and postgresql.py hold what differs."""

import time
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    Row,
    String,
    Table,
    exc,
    insert,
    inspect,
    select,
    update,
)

from pulumi_encord_integrations.server.errors import DatabaseUnusable, Overloaded
from pulumi_encord_integrations.server.store import tables
from pulumi_encord_integrations.server.store.clock import now
from pulumi_encord_integrations.server.store.revision import REVISION, sync_folder
from pulumi_encord_integrations.server.vault import Vault

Record = Row[Any]
"""A row of a table, or of a question to several."""
DatabaseError = exc.DBAPIError
"""What a database driver raises."""
PoolTimeout = exc.TimeoutError
"""All connections are in use."""
ConstraintError = exc.IntegrityError
ValueRefused = exc.DataError
"""A text or number is not one that the database can keep."""
__all__ = [
    "Connection",
    "ConstraintError",
    "Database",
    "DatabaseError",
    "PoolTimeout",
    "Record",
    "ValueRefused",
    "now",
]
BUSY_SECONDS = 15.0
"""How long a transaction waits for another process's."""
MIGRATING_SECONDS = 600.0
"""How long a start waits for another process that migrates the database."""

_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table."""


class Database(ABC):
    """One deployment's database; `name` is for messages, `key_file` holds its encryption key.

    `create` allows a database that holds nothing yet; `read_only` refuses every write.
    Raises `DatabaseUnusable` from `prepare`.
    """

    remedy: str
    """What to do when it fails."""
    _engine: Engine

    def __init__(self, name: str, key_file: Path, *, create: bool, read_only: bool) -> None:
        self.name = name
        self.key_file = key_file
        self._create = create
        self._read_only = read_only
        self.migrated_from: str | None = None
        """The revision that `prepare` found and migrated."""
        self.keeps_copy = True
        """Whether `prepare` keeps a copy before it migrates."""
        self.copy: Path | None = None
        """The copy that it kept."""
        self.caveat = ""
        """What whoever serves it should know of the connection to it."""
        self._prepared = False
        self._vault: Vault | None = None

    @property
    def vault(self) -> Vault:
        """What its encryption key opens; raises `DatabaseUnusable`."""
        if self._vault is None:
            self._vault = Vault.read(self.key_file)
        return self._vault

    def require_matching_key(self) -> None:
        """Raises `DatabaseUnusable` unless its key file is the one that it was written with."""
        try:
            with self.read() as connection:
                self._require_matching_key(connection)
        except exc.DatabaseError as error:
            raise self._unusable(error) from None

    def _require_matching_key(self, connection: Connection) -> None:
        from pulumi_encord_integrations.server.store.matching_key import require_matching_key

        # One without organizations needs no key yet.
        if connection.execute(select(tables.organizations.c.uuid).limit(1)).first():
            require_matching_key(connection, self.vault, self.key_file, self.name)

    @abstractmethod
    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state of the database."""

    @abstractmethod
    def write(self) -> AbstractContextManager[Connection]:
        """A transaction that holds the write lock from its first moment, so that what it read stays true."""

    @abstractmethod
    def snapshot(self, file: Path) -> None:
        """Copies it, as it is in one moment, into a new SQLite file that only its owner may read.

        Others go on meanwhile. Raises OSError, `DatabaseError`.
        """

    @abstractmethod
    def _copy_file(self, connection: Connection) -> Path:
        """Where the copy lies that is kept before a migration."""

    @abstractmethod
    def described(self) -> str:
        """Its kind, its version and how it keeps its writes, of a prepared database."""

    @abstractmethod
    def is_busy(self, error: Exception) -> bool:
        """Whether an error only means that others used the database for too long, or all of it."""

    def is_away(self, error: Exception) -> bool:
        """Whether an error means that the database's server is away, or went away."""
        return False

    @abstractmethod
    def _require(self) -> None:
        """Raises `DatabaseUnusable` if there is no such database and none may be made."""

    @abstractmethod
    def _unusable(self, error: exc.DBAPIError) -> DatabaseUnusable:
        """The refusal that a database error means when starting."""

    def refusal_of(self, error: exc.DBAPIError | exc.TimeoutError) -> DatabaseUnusable:
        """What an error of the driver, or of the pool of connections, means for whoever runs a command."""
        if isinstance(error, exc.TimeoutError):
            return DatabaseUnusable(
                f"all connections to {self.name} are in use", "Try again later", busy=True
            )
        return self._unusable(error)

    def probe(self) -> None:
        """Writes a row to see that it can; raises `DatabaseUnusable`, which says what to do."""
        self._require_key()
        self._require_space()
        beat = tables.health
        try:
            with self.write() as connection:
                if not connection.execute(update(beat).where(beat.c.id == 1).values(at=now())).rowcount:
                    connection.execute(insert(beat).values(id=1, at=now()))
        except Overloaded as error:
            raise DatabaseUnusable(error.message, error.hint) from None
        except (exc.DatabaseError, exc.TimeoutError) as error:
            raise self.refusal_of(error) from None

    def _require_key(self) -> None:
        try:
            self.key_file.read_bytes()
        except OSError as error:
            raise DatabaseUnusable(
                f"cannot read the encryption key {self.key_file}: {error.strerror}",
                "Restore it from a backup, or check its owner and mode",
            ) from None

    @abstractmethod
    def _require_space(self) -> None:
        """Raises `DatabaseUnusable` if there is hardly room for more writes, as far as this machine knows."""

    @abstractmethod
    def size(self) -> int:
        """The bytes that it takes."""

    @abstractmethod
    def compact(self) -> None:
        """Gives back the space of what was deleted, and counts for the planner; raises `DatabaseUnusable`."""

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()

    def prepare(self) -> None:
        """Checks the schema and brings it to the newest revision."""
        self._prepared = False
        try:
            revision = self.revision()
            if revision is None and not self._create:
                raise DatabaseUnusable(f"{self.name} holds no database of this API", missing=True)
            if revision is None:
                self._make()
            elif revision != REVISION:
                self._migrate(revision)
        except exc.DatabaseError as error:
            raise self._unusable(error) from None
        self._prepared = True

    def revision(self) -> str | None:
        """Its revision, None if it is empty; raises `DatabaseUnusable` if it is not one of ours."""
        self._require()
        try:
            with self.read() as connection:
                revision = _revision(connection)
                foreign = revision is None and bool(inspect(connection).get_table_names())
        except exc.DatabaseError as error:
            raise self._unusable(error) from None
        if foreign:
            raise DatabaseUnusable(f"{self.name} is the database of another program")
        return revision

    def _superseded(self) -> Overloaded:
        return Overloaded(
            "database_migrated",
            "another version of this API migrated the database; this server must not use it any more",
            "Start this server anew, with the version of pulumi-encord-integrations that migrated it",
        )

    def _make(self) -> None:
        with self.write() as connection:
            # Another process may have made it while this one waited.
            if _revision(connection) is None:
                tables.metadata.create_all(connection, checkfirst=False)
                _version.create(connection, checkfirst=False)
                connection.execute(insert(_version).values(version_num=REVISION))

    def _migrate(self, revision: str) -> None:
        self.require_known(revision)
        if self._read_only:
            raise DatabaseUnusable(
                f"{self.name} is of an older version",
                "The next pulumi up or serve migrates it, and so does an operator's verb that writes",
                unready=True,
            )
        waiting = time.monotonic() + MIGRATING_SECONDS
        while True:
            try:
                return self._upgrade()
            except exc.DatabaseError as error:
                # Another process that migrates holds the lock for longer than any write.
                if not self.is_busy(error) or time.monotonic() > waiting:
                    raise

    def require_known(self, revision: str) -> None:
        """Raises `DatabaseUnusable` for a revision of a newer version."""
        from pulumi_encord_integrations.server.store import migrations

        if revision not in migrations.known():
            raise DatabaseUnusable(
                f"{self.name} was made by a newer version of pulumi-encord-integrations",
                "Upgrade the package: pip install -U pulumi-encord-integrations",
            )

    def _upgrade(self) -> None:
        from pulumi_encord_integrations.server.store import migrations

        with self.write() as connection:
            # Another process may have migrated while this one waited.
            found = _revision(connection)
            if found == REVISION:
                return
            self._require_matching_key(connection)
            if self.keeps_copy:
                self.copy = self._keep_copy(self._copy_file(connection))
            migrations.upgrade(connection, audit_key=lambda: self.vault.audit_key)
        self.migrated_from = found

    def _keep_copy(self, file: Path) -> Path:
        draft = file.with_name(f".{file.name}.draft")
        try:
            draft.unlink(missing_ok=True)
            self.snapshot(draft)
            draft.replace(file)
            sync_folder(file.parent)
        except (OSError, exc.DatabaseError) as error:
            reason = getattr(error, "strerror", None) or str(getattr(error, "orig", error)).partition("\n")[0]
            raise DatabaseUnusable(
                f"cannot keep a copy of {self.name} in {file.parent} before it is migrated: {reason}",
                "Make room there; or, with a backup of your own: encord-integrations serve --no-backup",
            ) from None
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        return file


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_version.name):
        return None
    found = connection.execute(select(_version.c.version_num)).scalar()
    return None if found is None else str(found)
