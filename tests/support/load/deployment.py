"""The API served by a process of its own, which can be killed and started again at its address."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pulumi_encord_integrations.server import initialization
from pulumi_encord_integrations.server.store import organizations
from pulumi_encord_integrations.server.store.database import Database
from tests.support import postgres
from tests.support.api import public
from tests.support.command import COMMAND, environment
from tests.support.served import free_port

ADMIN = "ada@example.com"


@dataclass
class Deployment:
    """One database, its people's keys, and the process that serves it."""

    folder: Path
    database: Database
    named: Sequence[str]
    """Options of `serve` that name the database."""
    server: postgres.Server | None = None
    """Of PostgreSQL."""
    keys: dict[str, Ed25519PrivateKey] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    exit_code: int | None = None
    """Of the last server that was asked to end."""
    peak: int = 0
    """Bytes of memory that the server had at most."""
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> Path:
        """What the present server has said."""
        return self.folder / "serve.log"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fill(self, people: Sequence[str]) -> None:
        """Makes the organization with these people and a key of each."""
        vault = initialization.open_served(self.database, create=True)
        self.keys = {who: Ed25519PrivateKey.generate() for who in (ADMIN, *people)}
        initialization.make_organization(self.database, vault, "Acme", ADMIN, public(self.keys[ADMIN]))
        with self.database.write() as connection:
            acme = organizations.first(connection)
            assert acme
            for who in people:
                organizations.add_user(connection, acme.uuid, who, "MEMBER")
                organizations.add_key(connection, acme.uuid, who, public(self.keys[who]))

    def start(self) -> None:
        command = [COMMAND, "serve", "--port", str(self.port), *self.named]
        log = self._log()
        self._process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment(self.folder, ENCORD_PRIVATE_NETWORKS="127.0.0.0/8"),
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        os.close(log)
        deadline = time.monotonic() + 60
        while b"listening on" not in self.log.read_bytes():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def kill(self) -> None:
        """Ends the server at once, if it has not ended."""
        self._signal(signal.SIGKILL)

    def end(self) -> None:
        """Asks the server to end; answers when it has."""
        self.exit_code = self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> int | None:
        if self._process is None:
            return None
        self.measure()
        self._process.send_signal(number)
        code = self._process.wait(30)
        self._process = None
        assert "Traceback" not in self.log.read_text()
        return code

    def _log(self) -> int:
        """A new log, which no amount of errors fills up as a pipe is."""
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def measure(self) -> None:
        """Looks how much memory the server has had at most, where the machine tells."""
        if self._process is None:
            return
        with suppress(OSError):
            status = Path(f"/proc/{self._process.pid}/status").read_text()
            self.peak = max(self.peak, int(status.partition("VmHWM:")[2].split()[0]) * 1024)
