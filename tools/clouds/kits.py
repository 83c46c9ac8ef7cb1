"""What can be fetched: each kit in a folder of its own, whole or not there at all."""

import os
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from tools.engine.places import locked

FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "clouds"
_MINUTES = 15 * 60
_CEPH = ("radosgw", "ceph-mon", "ceph-osd", "ceph-common")


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

    def made(self) -> bool:
        """Whether it is there, whole."""
        return (self.folder / "made").is_file()

    def prepare(self) -> None:
        """Fetches it unless it is there; raises `Unavailable`."""
        if self.made():
            return
        with locked(FOLDER / f"{self.name}.lock"):
            if self.made():
                return
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            try:
                self.fetch()
            except Unavailable:
                shutil.rmtree(self.folder, ignore_errors=True)
                raise
            (self.folder / "made").touch()

    @abstractmethod
    def fetch(self) -> None:
        """Fills the folder; raises `Unavailable`."""

    def run(self, *command: str | Path, env: Mapping[str, str] | None = None) -> str:
        """A command's output; raises `Unavailable` with its last line."""
        try:
            done = subprocess.run(
                [str(word) for word in command],
                cwd=self.folder,
                env={**os.environ, **(env or {})},
                capture_output=True,
                text=True,
                timeout=_MINUTES,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"{command[0]} failed: {type(error).__name__}") from None
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
            raise Unavailable(f"{Path(command[0]).name} failed: {last[:200]}")
        return done.stdout


class LocalEmu(Kit):
    """AWS's STS, IAM and S3 with enforced policies, external ids and presigned URLs."""

    name, version = "localemu", "1.3.2"

    def fetch(self) -> None:
        python = next(_new_pythons(), None)
        if python is None:
            raise Unavailable("it needs Python 3.12 or newer")
        self.run(python, "-m", "venv", self.folder / "venv")
        pip = (self.folder / "venv" / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check")
        self.run(*pip, "install", f"localemu=={self.version}")


class Azurite(Kit):
    """Microsoft's own emulator of Blob Storage, which enforces SAS tokens."""

    name, version = "azurite", "3.37.0"

    def fetch(self) -> None:
        if not shutil.which("node") or not shutil.which("npm"):
            raise Unavailable("it needs node and npm")
        self.run(
            "npm", "install", "--no-audit", "--no-fund", "--prefix", self.folder, f"azurite@{self.version}"
        )


class Ceph(Kit):
    """Ceph's RADOS Gateway: a real S3 server, from Debian's packages, unpacked and not installed."""

    name, version = "ceph", "debian"

    def fetch(self) -> None:
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            raise Unavailable("its packages are Debian's")
        state = self.folder / "apt"
        (state / "lists" / "partial").mkdir(parents=True)
        (state / "cache" / "archives" / "partial").mkdir(parents=True)
        options = (
            "-o",
            f"Dir::State::Lists={state}/lists",
            "-o",
            f"Dir::Cache={state}/cache",
            "-o",
            "APT::Sandbox::User=root",
        )
        env = {"DEBIAN_FRONTEND": "noninteractive"}
        self.run("apt-get", *options, "-q", "update", env=env)
        wanted = ("--download-only", "--no-install-recommends", "-y", "install", *_CEPH)
        self.run("apt-get", *options, "-q", *wanted, env=env)
        packages = sorted((state / "cache" / "archives").glob("*.deb"))
        if not packages:
            raise Unavailable("apt-get fetched nothing")
        for package in packages:
            self.run("dpkg-deb", "-x", package, self.folder / "root")
        shutil.rmtree(state)


def _new_pythons() -> Iterator[str]:
    """Pythons of 3.12 or newer: this one, on the PATH, beside this one as pyenv keeps them."""
    if sys.version_info >= (3, 12):
        yield sys.executable
    names = [f"python3.{minor}" for minor in (13, 12, 14)]
    beside = Path(sys.base_prefix).parent
    found = [shutil.which(name) for name in names]
    found += [str(path) for name in names for path in sorted(beside.glob(f"3.*/bin/{name}"))]
    for python in filter(None, found):
        done = subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True, check=False)
        if done.returncode == 0:
            yield python


KITS: dict[str, Kit] = {kit.name: kit for kit in (LocalEmu(), Azurite(), Ceph())}
