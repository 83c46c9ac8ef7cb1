"""The command as people run it: a process of its own in a folder and environment of its own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support import warm

COMMAND = str(Path(sys.prefix, "bin", "encord-integrations"))
ESCAPE = "\x1b"
ADA = "ada@example.com"
HEAVY = ("pulumi", "fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic", "boto3", "google", "azure")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


_SCRUBBED = (
    (
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        "00000000-0000-4000-8000-000000000000",
    ),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "2026-01-02T03:04:05Z"),
    (r"20[12]\d-\d\d-\d\d", "2026-01-02"),
    (r"\d\d:\d\d:\d\d", "03:04:05"),
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"\b\d+ s (ahead of|behind)", "0 s ahead of"),
    (re.escape(sys.prefix), "PREFIX"),
    (r"PREFIX/bin/python[\d.]*", "PREFIX/bin/python"),
    (r"\b3\.\d+\.\d+\b(?!\.)", "3.X.Y"),
    (r'("?credential.?fingerprint"?:? +"?)[^\s"]+', r"\1FINGERPRINT"),
)


def scrubbed(ran: Ran, folder: Path) -> str:
    """What a run printed, without what differs from run to run."""
    text = f"{ran.out}--- stderr\n{ran.err}--- exit {ran.code}\n".replace(str(folder), "FOLDER")
    for pattern, replacement in _SCRUBBED:
        text = re.sub(pattern, replacement, text, flags=re.IGNORECASE if "finger" in pattern else 0)
    return text


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder)} | more


def run(folder: Path, *arguments: str, **more: str) -> Ran:
    ran = subprocess.run(
        [warm.python(), "-u", COMMAND, *arguments],
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def loaded(folder: Path, *calls: list[str], **variables: str) -> set[str]:
    """The names of the heavy modules that these runs of the command load."""
    code = (
        f"import sys; from pulumi_encord_integrations.cli.app import run; code = sum(map(run, {calls!r}));"
        f"print(code, *sorted(sys.modules.keys() & set({HEAVY!r})), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        check=True,
    )
    ended, *names = ran.stderr.splitlines()[-1].split()
    assert ended == "0", ran.stderr
    return set(names)


def key_file(folder: Path, key: Ed25519PrivateKey | None = None) -> str:
    """A file with the private key, or with one that nobody knows."""
    path = folder / "user.key"
    key = key or Ed25519PrivateKey.generate()
    path.touch(0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return str(path)


def found(folder: Path, *, database: str = "served.sqlite", key: str = "ada.key") -> Ran:
    """What `init-server` did in a folder."""
    named = ("--organization", "Acme", "--admin", ADA)
    return run(folder, "init-server", "--database", database, *named, "--new-key", key)


@dataclass(frozen=True)
class Server:
    address: str
    line: str
    process: "subprocess.Popen[str]"

    def ended(self) -> tuple[int, str]:
        """The exit code, and what was said after the first line."""
        assert self.process.stderr
        return self.process.wait(60), self.process.stderr.read()


@contextmanager
def serving(folder: Path, *arguments: str, **more: str) -> Iterator[Server]:
    """`serve` on a free port, which the block's end kills."""
    command = [COMMAND, "serve", "--port", "0", "--database", "served.sqlite", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=environment(folder, **more), stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr
            line = process.stderr.readline()
            address = re.search(r"http://\S+:\d+", line)
            assert address, line + process.stderr.read()
            yield Server(address[0], line, process)
        finally:
            process.kill()
