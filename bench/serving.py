"""The API served as people serve it: a process of its own, on SQLite."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import nan
from pathlib import Path

from pulumi_encord_integrations.client.auth import Signer, read_key
from pulumi_encord_integrations.client.client import Client

COMMAND = str(Path(sys.prefix, "bin", "encord-integrations"))


@dataclass(frozen=True)
class Process:
    address: str
    key_file: Path
    pid: int

    def client(self) -> Client:
        return Client(self.address, Signer(read_key(self.key_file)))

    def environment(self) -> dict[str, str]:
        """What the command finds this API by."""
        return {**os.environ, "ENCORD_ENDPOINT": self.address, "ENCORD_SSH_KEY_FILE": str(self.key_file)}


@contextmanager
def serving(folder: Path) -> Iterator[Process]:
    """Serves a new organization until the block ends."""
    folder.mkdir(mode=0o700, parents=True)
    database, key = folder / "encord.sqlite", folder / "ada.key"
    founder = ("--organization", "bench", "--admin", "ada@example.com", "--new-key", str(key))
    subprocess.run(
        [COMMAND, "init-server", "--database", str(database), *founder], check=True, capture_output=True
    )
    process = subprocess.Popen(
        [COMMAND, "serve", "--database", str(database), "--port", "0"],
        # One key sends them all.
        env={**os.environ, "ENCORD_MAX_REQUESTS_PER_MINUTE": "10000000"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr
        said = process.stderr.readline()
        address = next(word.rstrip(",") for word in said.split() if word.startswith("http"))
        yield Process(address, key, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def peak_mib(pid: int | str) -> float:
    """The most memory that a living process has held, MiB; no number where the system has no /proc."""
    if not Path("/proc/self").exists():
        return nan
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmHWM")
