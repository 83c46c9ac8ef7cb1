"""The runtime options, which choose the interpreters of the program and of its provider process."""

import os
from collections.abc import Iterator
from pathlib import Path

from pulumi_encord_integrations.cli.checks import Line, Patient
from pulumi_encord_integrations.cli.checks.environments import (
    TOOLCHAINS,
    NoEnvironment,
    Runtime,
    python_of,
)

RUNTIME = "runtime: {name: python, options: {toolchain: pip, virtualenv: .venv}}"
_MAKE = {
    "pip": "make it: pulumi install, or set options.virtualenv in Pulumi.yaml to the one you use",
    "poetry": "make it: poetry install",
    "uv": "make it: uv sync",
}


def runtime(patient: Patient) -> Iterator[Line]:
    """The runtime and its options."""
    declared = patient.project.get("runtime")
    given = declared if isinstance(declared, dict) else {"name": declared}
    options = given.get("options")
    options = options if isinstance(options, dict) else {}
    toolchain = str(options.get("toolchain") or "").lower()
    if given.get("name") != "python":
        yield Line("FAIL", f"the runtime is {given.get('name')}, not python", f"write {RUNTIME}")
    elif toolchain and toolchain not in TOOLCHAINS:
        yield Line("FAIL", f"there is no toolchain {toolchain}", f"choose from {', '.join(TOOLCHAINS)}")
    else:
        main = patient.folder / str(patient.project.get("main") or "")
        program = main if main.is_dir() else main.parent
        yield _environments(
            patient, Runtime(patient.folder, program, toolchain, str(options.get("virtualenv") or ""))
        )


def _environments(patient: Patient, found: Runtime) -> Line:
    try:
        program, provider = found.of_program(), found.of_provider()
    except NoEnvironment as error:
        return Line("FAIL", str(error), error.cure)
    if program is None:
        return _ambient(patient)
    if python_of(program) is None:
        return Line("FAIL", _missing(found, program), _MAKE[found.toolchain])
    python = python_of(provider)
    patient.interpreter = str(python) if python else None
    if python and python.parent.resolve() == (program / python.parent.name).resolve():
        return Line("ok", f"python, toolchain {found.toolchain}, virtualenv {program}")
    return _apart(found, program, provider, python)


def _ambient(patient: Patient) -> Line:
    python = python_of(None)
    if python is None:
        return Line("FAIL", "no virtualenv is set, and there is no python3 on PATH", f"write {RUNTIME}")
    patient.interpreter = str(python)
    text = f"no virtualenv is set, so programs run in {python}"
    return Line("warn", text, f"name one in Pulumi.yaml: {RUNTIME}")


def _missing(found: Runtime, program: Path) -> str:
    what = "holds no Python" if program.exists() else "does not exist"
    named = (
        f"options.virtualenv is {found.virtualenv}" if found.virtualenv else f"toolchain {found.toolchain}"
    )
    return f"{named}, and {program} {what}"


def _apart(found: Runtime, program: Path, provider: Path | None, python: Path | None) -> Line:
    """Pulumi's launcher of the provider process does not find the program's environment."""
    if found.toolchain == "poetry":
        options = "{toolchain: poetry}"
    else:
        # Relative paths start at Pulumi.yaml for the program, and at the program for its provider process.
        alike = found.root.resolve() == found.program.resolve()
        where = os.path.relpath(program, found.root) if alike else program.resolve()
        options = f"{{toolchain: {found.toolchain}, virtualenv: {where}}}"
    text = f"programs run in {program}, but Pulumi starts the provider process from"
    cure = f"write in Pulumi.yaml: runtime: {{name: python, options: {options}}}"
    if python is None:
        return Line("FAIL", f"{text} {provider or 'PATH'}, where no Python is", cure)
    return Line("warn", f"{text} {python}", cure)
