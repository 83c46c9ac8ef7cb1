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

COMMAND = str(Path(sys.prefix, "bin", "encord-integrations"))
ESCAPE = "\x1b"
ADA = "ada@example.com"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder), **more}


def run(folder: Path, *arguments: str, **more: str) -> Ran:
    ran = subprocess.run(
        [COMMAND, *arguments],
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def key_file(folder: Path, key: Ed25519PrivateKey | None = None) -> str:
    """A file with the private key, or with one that nobody knows."""
    path = folder / "user.key"
    key = key or Ed25519PrivateKey.generate()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return str(path)


def found(folder: Path, *, database: str = "served.sqlite", key: str = "ada.key") -> Ran:
    """What `init-server` did in a folder."""
    named = ("--organization", "Acme", "--admin", ADA)
    return run(folder, "init-server", "--database", database, *named, "--new-key", key)


@contextmanager
def serving(folder: Path, *arguments: str, **more: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The address and the process of `serve` on a free port, which the block's end kills."""
    command = [COMMAND, "serve", "--port", "0", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=environment(folder, **more), stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr
            line = process.stderr.readline()
            address = re.search(r"http://\S+:\d+", line)
            assert address, line + process.stderr.read()
            yield address[0], process
        finally:
            process.kill()
