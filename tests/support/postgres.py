"""A PostgreSQL server of a test process: Debian's, in a folder of its own, on a Unix socket alone."""

import atexit
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path

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


class Server:
    """A running server with a migrated database to copy from."""

    def __init__(self, bin_folder: Path) -> None:
        _remove_abandoned()
        self.folder = Path(tempfile.mkdtemp(prefix=f"encord-pg-{os.getpid()}-"))
        self._bin = bin_folder
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
        self._schema = self._described(self.address("template"))

    def start(self) -> None:
        """Starts it, again after a `halt`; returns when it answers."""
        options = [word for setting in _QUIET for word in ("-c", setting)]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    self._bin / "postgres",
                    "-D",
                    self.folder / "data",
                    "-k",
                    self.folder,
                    "-c",
                    "listen_addresses=",
                    *options,
                ],
                user=self._as,
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=log,
                # The server must end with the tests, however these end.
                preexec_fn=_end_with_parent,  # noqa: PLW1509  this process has no locks that it could inherit
            )
        self._wait()

    def new(self, name: str = "", template: str = "template") -> str:
        """The address of a new database, a copy of another one."""
        name = name or f"db_{next(_numbers)}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return self.address(name)

    def lend(self) -> str:
        """The address of a migrated database that holds nothing."""
        return self._clean.pop() if self._clean else self.new()

    def take_back(self, address: str) -> None:
        """Empties a database for the next test, whoever is connected to it; drops one of another schema."""
        name = make_url(address).database
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(ends, [name])
            if self._described(address) != self._schema:
                connection.execute(f'DROP DATABASE "{name}"'.encode())
                return
        tables = ", ".join({table for table, _ in self._schema} - {"alembic_version"})
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"TRUNCATE {tables} RESTART IDENTITY".encode())
        self._clean.append(address)

    @staticmethod
    def _described(address: str) -> list[tuple[str, str]]:
        """Tables with their columns, and the revision."""
        columns = (
            "SELECT table_name, string_agg(column_name, ' ' ORDER BY column_name)"
            " FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1"
        )
        with psycopg.connect(address, autocommit=True) as connection:
            found = connection.execute(columns).fetchall()
            if any(table == "alembic_version" for table, _ in found):
                found += connection.execute("SELECT 'alembic_version', version_num FROM alembic_version")
        return sorted((str(table), str(rest)) for table, rest in found)

    def address(self, database: str) -> str:
        return f"postgresql://{_USER}@/{database}?host={self.folder}"

    def halt(self) -> None:
        """Ends the server without waiting for whoever is connected."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

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


def _end_with_parent() -> None:
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGINT)
