"""A PostgreSQL server of a test process: Debian's, in a folder of its own, on a Unix socket alone."""

import atexit
import ctypes
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from pulumi_encord_integrations.model.databases import PostgresqlAddress
from pulumi_encord_integrations.server.store.postgresql import PostgresqlDatabase

_numbers = count()
_USER = "encord"
_QUIET = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "shared_buffers=16MB",
)


def programs() -> Path | None:
    """The folder of initdb and postgres; None if the machine has no PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


def address_of(text: str) -> PostgresqlAddress:
    """An address, read."""
    found = PostgresqlAddress.read(text)
    assert found is not None
    return found


_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_COLUMNS = """
    SELECT relname, string_agg(quote_ident(attname), ', ' ORDER BY attnum)
    FROM pg_class
    JOIN pg_attribute ON attrelid = pg_class.oid
    JOIN pg_namespace ON relnamespace = pg_namespace.oid
    WHERE nspname = 'public' AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    GROUP BY relname
"""


def _described(connection: "psycopg.Connection[Any]") -> list[tuple[str, str]]:
    """Tables with their columns, and the revision."""
    found = connection.execute(_COLUMNS).fetchall()
    if any(table == "alembic_version" for table, _ in found):
        found += connection.execute("SELECT 'alembic_version', version_num FROM alembic_version")
    return sorted((str(table), str(rest)) for table, rest in found)


def _dumped(connection: "psycopg.Connection[Any]") -> tuple[dict[str, bytes], str]:
    """The rows of every table but the revision's, by table and columns, and what sets the sequences."""
    rows = {}
    for table, columns in connection.execute(_COLUMNS).fetchall():
        if table != "alembic_version":
            with connection.cursor().copy(f'COPY "{table}" ({columns}) TO STDOUT'.encode()) as copied:
                rows[f'"{table}" ({columns})'] = b"".join(map(bytes, copied))
    sequences = "SELECT sequencename, start_value, last_value FROM pg_sequences WHERE schemaname = 'public'"
    numbers = [
        f"SELECT setval('{name}', {last or start}, {last is not None})"
        for name, start, last in connection.execute(sequences)
    ]
    return rows, "; ".join(numbers)


def _restore(connection: "psycopg.Connection[Any]", rows: Mapping[str, bytes], sequences: str) -> None:
    """Replaces all rows. For this few, DELETE is faster than TRUNCATE, which creates new files."""
    tables = [table.partition(" ")[0] for table in rows]
    statements = [
        # A connection that was ended may still be writing.
        f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE",
        # A replica checks no foreign keys, so the order of the tables does not matter.
        "SET LOCAL session_replication_role = replica",
        *(f"DELETE FROM {table}" for table in tables),
        sequences,
    ]
    connection.execute("; ".join(statements).encode())
    for table, copied in rows.items():
        if copied:
            with connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
                copy.write(copied)


class Server:
    """A running server with a migrated database to copy from."""

    def __init__(self, bin_folder: Path) -> None:
        _remove_abandoned()
        self.folder = Path(tempfile.mkdtemp(prefix=f"encord-pg-{os.getpid()}-"))
        self._bin = bin_folder
        self.options: tuple[str, ...] = ("listen_addresses=",)
        """Settings that the next `start` takes."""
        self.port = 5432
        self._as = _user()
        if self._as:
            shutil.chown(self.folder, self._as)
        # The locale C orders by bytes, as SQLite does.
        kind = ("-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._run("initdb", "-D", str(self.folder / "data"), *kind)
        atexit.register(self.stop)
        self.start()
        template = PostgresqlDatabase(
            address_of(self.new("template", template="template0")), self.folder / "key", create=True
        )
        template.prepare()
        # A database that anyone is connected to cannot be copied.
        template.close()
        self._clean: list[str] = []
        with psycopg.connect(self.address("template"), autocommit=True) as connection:
            self._schema = _described(connection)
        self._filled = ""
        self._dump: tuple[dict[str, bytes], str] = ({}, "")

    def start(self) -> None:
        """Starts it, again after a `halt`; returns when it answers."""
        options = [word for setting in (*_QUIET, *self.options) for word in ("-c", setting)]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    self._bin / "postgres",
                    "-D",
                    self.folder / "data",
                    "-k",
                    self.folder,
                    *options,
                ],
                user=self._as,
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=log,
                # The server must end with the tests, however these end.
                preexec_fn=_end_with_parent,  # noqa: PLW1509  it calls one C function, which is loaded
            )
        self._wait()

    def new(self, name: str = "", template: str = "template") -> str:
        """The address of a new database, a copy of another one."""
        name = name or f"db_{next(_numbers)}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return self.address(name)

    def lend(self, fill: Callable[[str], None]) -> str:
        """The address of a database as `fill` leaves it; every call passes the same function."""
        if not self._filled:
            address = self.new()
            fill(address)
            with psycopg.connect(address) as connection:
                self._dump = _dumped(connection)
            self._filled = str(make_url(address).database)
        return self._clean.pop() if self._clean else self.new(template=self._filled)

    def take_back(self, address: str) -> None:
        """Refills a lent database and ends its connections; drops one whose schema has changed."""
        with psycopg.connect(address) as connection:
            connection.execute(_END_OTHERS)
            same = _described(connection) == self._schema
            if same:
                _restore(connection, *self._dump)
        if same:
            self._clean.append(address)
            return
        self.drop(address)

    def drop(self, address: str) -> None:
        """Removes a database, whoever is connected."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{make_url(address).database}" WITH (FORCE)'.encode())

    def address(self, database: str) -> str:
        port = "" if self.port == 5432 else f"&port={self.port}"
        return f"postgresql://{_USER}@/{database}?host={self.folder}{port}"

    def own(self, file: Path) -> None:
        """Gives a file to the user that the server runs as, who alone may read it."""
        file.chmod(0o600)
        if self._as:
            shutil.chown(file, self._as)

    def halt(self) -> None:
        """Ends the server without waiting for whoever is connected."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def crash(self) -> None:
        """Ends the server at once, which recovers when it is started."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)

    def stop(self) -> None:
        """Ends the server and takes its folder away."""
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self) -> None:
        for _ in range(600):
            try:
                psycopg.connect(self.address("postgres")).close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return
        raise TimeoutError((self.folder / "log").read_text())

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        done = subprocess.run(
            command, user=self._as, cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@cache
def server() -> Server | None:
    """The one of this process, started when first asked for; None if the machine has no PostgreSQL."""
    found = programs()
    return Server(found) if found else None


def _user() -> str | None:
    """Whom the server runs as: it refuses to run as root."""
    if os.geteuid():
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _remove_abandoned() -> None:
    """Takes away the folders of test processes that were killed: only what names a process that is gone."""
    for folder in Path(tempfile.gettempdir()).glob("encord-pg-*"):
        owner = re.fullmatch(r"encord-pg-(\d+)-\w+", folder.name)
        if owner and not Path("/proc", owner[1]).exists() and Path("/proc/self").exists():
            shutil.rmtree(folder, ignore_errors=True)


_LIBC = ctypes.CDLL(None)


def _end_with_parent() -> None:
    if sys.platform == "linux":
        _LIBC.prctl(1, signal.SIGINT)
