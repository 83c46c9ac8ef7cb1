"""Which Python runs a program, and which its provider process, found as Pulumi finds them.

The toolchain chooses the program's. What starts the provider process knows less: it reads the runtime options
alone, and looks from the folder of the program.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

TOOLCHAINS = ("pip", "poetry", "uv")
_LOCKS = {"uv": "uv.lock", "poetry": "poetry.lock"}
_SECONDS = 60


class NoEnvironment(Exception):
    """The toolchain has no environment; the message says why, `cure` what to do."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.cure = cure


@dataclass(frozen=True)
class Runtime:
    """What Pulumi.yaml says of the runtime."""

    root: Path
    """The folder of Pulumi.yaml."""
    program: Path
    """The folder of the program."""
    declared: str = ""
    """The toolchain, if it is named."""
    virtualenv: str = ""

    @property
    def toolchain(self) -> str:
        """The one that is named, else that of the nearest lock file, else pip."""
        found = (name for name, lock in _LOCKS.items() if _upwards(self.program, lock))
        return self.declared or next(found, "pip")

    def of_program(self) -> Path | None:
        """The environment of the program, None if it runs in whatever Python there is.

        Raises `NoEnvironment`.
        """
        if self.toolchain == "poetry":
            return _poetry(self.program)
        if self.toolchain == "uv" and shutil.which("uv") is None:
            raise NoEnvironment("the toolchain uv needs uv, which is not on PATH", "install uv")
        if self.virtualenv:
            return self.root / self.virtualenv
        return self._uv() if self.toolchain == "uv" else None

    def of_provider(self) -> Path | None:
        """The same for the provider process."""
        if self.virtualenv:
            return self.program / self.virtualenv
        if self.declared == "poetry":
            return _poetry(self.program)
        return self.program / ".venv" if self.declared == "uv" else None

    def _uv(self) -> Path:
        beside = _upwards(self.program, "uv.lock") or _upwards(self.program, "pyproject.toml") or self.program
        return beside / (os.environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")


def python_of(environment: Path | None) -> Path | None:
    """The interpreter of an environment, or the one on PATH; None if there is none."""
    if environment is None:
        named = os.environ.get("PULUMI_PYTHON_CMD")
        found = next(filter(None, map(shutil.which, [named] if named else ["python3", "python"])), None)
        return Path(found) if found else None
    scripts, program = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    path = environment / scripts / program
    return path if path.is_file() else None


def _upwards(folder: Path, name: str) -> Path | None:
    return next((above for above in (folder, *folder.parents) if (above / name).exists()), None)


def _poetry(folder: Path) -> Path:
    if shutil.which("poetry") is None:
        raise NoEnvironment("the toolchain poetry needs poetry, which is not on PATH", "install poetry")
    command = ["poetry", "env", "info", "--path"]
    try:
        said = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    if not said:
        raise NoEnvironment("poetry has made no environment for this project", "make it: poetry install")
    return Path(said)
