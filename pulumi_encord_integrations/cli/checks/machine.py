"""The machine: Python, Pulumi, the project, and what the provider process finds."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from pulumi_encord_integrations.cli.checks import Line, Patient, Status
from pulumi_encord_integrations.cli.configuration import read_project
from pulumi_encord_integrations.client.settings import project_folder
from pulumi_encord_integrations.embedded import NEEDED

OLDEST_PYTHON = (3, 11)
OLDEST_PULUMI = (3, 259)
"""Of the program `pulumi`."""
OLDEST_SDK = (3, 268)
"""Of the Python package `pulumi`."""
_SECONDS = 60
_PACKAGE = "pulumi-encord-integrations"
_PROBE = f"""
import importlib.util, json
from importlib.metadata import version
import pulumi, pulumi_encord_integrations.resources.providers
wanted = {NEEDED!r}
print(json.dumps({{
    "package": version("{_PACKAGE}"),
    "pulumi": version("pulumi"),
    "lacking": [name for name in wanted if importlib.util.find_spec(name) is None],
}}))
"""


def python(_patient: Patient) -> Iterator[Line]:
    """Which Python runs this command."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        yield Line("FAIL", f"{found} is too old", f"install Python {_dotted(OLDEST_PYTHON)} or newer")
    else:
        yield Line("ok", f"{found}, {sys.executable}")


def pulumi(_patient: Patient) -> Iterator[Line]:
    """The program `pulumi` on PATH."""
    path = shutil.which("pulumi")
    if path is None:
        yield _not_on_path()
        return
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    said = _run([path, "version"], Path.cwd(), environment)
    if (found := _version(said)) is None:
        yield Line("FAIL", f"{path} does not tell its version", "install Pulumi anew")
    elif not _supported(found, OLDEST_PULUMI):
        # An older one may do: nothing here was tried with it.
        status: Status = "warn" if found[0] == OLDEST_PULUMI[0] else "FAIL"
        cure = f"install Pulumi {_dotted(OLDEST_PULUMI)} or newer, below 4"
        yield Line(status, f"{said} is not what this package is tested with", cure)
    else:
        yield Line("ok", f"{said}, {path}")


def _not_on_path() -> Line:
    found = next((path for path in _elsewhere() if os.access(path, os.X_OK)), None)
    if found is None:
        return Line("FAIL", "not found on PATH", "install it: https://www.pulumi.com/docs/install/")
    return Line("FAIL", f"not on PATH, but here: {found}", f'export PATH="{found.parent}:$PATH"')


def _elsewhere() -> Iterator[Path]:
    """Where `pulumi` lies besides PATH: its installer's folder, and what `make` keeps in a checkout."""
    for home in filter(None, (os.environ.get("PULUMI_HOME"), "~/.pulumi")):
        # Path.expanduser raises for somebody who has no home.
        yield Path(os.path.expanduser(home), "bin", "pulumi")  # noqa: PTH111
    here = Path.cwd()
    checkouts = (Path(__file__).resolve().parents[3], here, *here.parents)
    named = os.environ.get("ENCORD_ENGINE_DIR")
    for kept in [Path(named)] if named else [folder / ".cache" / "engine" for folder in checkouts]:
        yield from sorted((*kept.glob("*/pulumi"), *kept.glob("*/bin/pulumi")))


def project(patient: Patient) -> Iterator[Line]:
    """The project's file."""
    patient.folder = project_folder(patient.folder)
    found = read_project(patient.folder)
    if found is None:
        text = f"none in {patient.folder} or above"
        yield Line("FAIL", text, "go to the project's folder, or begin one: pulumi new python")
    else:
        patient.project = found
        yield Line("ok", str(patient.folder / "Pulumi.yaml"))


def provider_process(patient: Patient) -> Iterator[Line]:
    """Whether the provider process would find this package and Pulumi's SDK, and which."""
    if patient.interpreter is None:
        yield Line("skipped", "because its interpreter is not known")
        return
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    said = _run([patient.interpreter, "-c", _PROBE], patient.folder, environment)
    install = f"install it there: {patient.interpreter} -m pip install '{_PACKAGE}[server]'"
    try:
        found = json.loads(said.splitlines()[-1])
    except (ValueError, IndexError):
        text = f"{patient.interpreter} cannot import {_PACKAGE.replace('-', '_')}"
        yield Line("FAIL", f"{text}: {said.splitlines()[-1]}" if said else text, install)
        return
    patient.lacking = found["lacking"]
    yield _judged(found["package"], found["pulumi"], patient.interpreter)


def _judged(package: str, sdk: str, interpreter: str) -> Line:
    text = f"{_PACKAGE} {package}, pulumi {sdk}"
    upgrade = f"{interpreter} -m pip install -U"
    if not _supported(_version(sdk), OLDEST_SDK):
        cure = f"{upgrade} 'pulumi>={_dotted(OLDEST_SDK)},<4'"
        return Line("FAIL", f"{text}: that pulumi is not supported", cure)
    if package != (ours := version(_PACKAGE)):
        return Line("warn", f"{text}, but this command is {ours}", f"{upgrade} {_PACKAGE}=={ours}")
    return Line("ok", text)


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """What a program said: its result, or in place of none its last words."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {_SECONDS} s"
    except OSError as error:
        return str(error.strerror)
    return (done.stdout if done.returncode == 0 else done.stderr).strip()


def _version(text: str) -> tuple[int, int] | None:
    found = re.match(r"v?(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def _supported(found: tuple[int, int] | None, oldest: tuple[int, int]) -> bool:
    return found is not None and found >= oldest and found[0] == oldest[0]


def _dotted(numbers: tuple[int, int]) -> str:
    return ".".join(map(str, numbers))
