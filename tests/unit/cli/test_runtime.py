"""Which Python `doctor` finds for a program and its provider process, by the options of Pulumi.yaml."""

import os
from pathlib import Path

import pytest

from pulumi_encord_integrations.cli.checks import Line, Patient
from pulumi_encord_integrations.cli.checks.runtime import runtime


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one environment and the project `net`; uv, poetry and python3 are on PATH."""
    for name in ("PULUMI_PYTHON_CMD", "UV_PROJECT_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    for name in ("uv", "python3"):
        program(tmp_path / "tools" / name)
    program(tmp_path / "tools" / "poetry", f"[ -d {tmp_path}/poetry-env ] && echo {tmp_path}/poetry-env")
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}:/usr/bin:/bin")
    (tmp_path / "net" / "src").mkdir(parents=True)
    environment(tmp_path / ".venv")
    return tmp_path


def program(path: Path, script: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def environment(folder: Path) -> str:
    return str(program(folder / "bin" / "python"))


def examined(folder: Path, declared: object, **more: object) -> tuple[Line, str | None]:
    """What the check says, and the interpreter of the provider process."""
    patient = Patient(folder, project={"runtime": declared, **more})
    (line,) = runtime(patient)
    return line, patient.interpreter


def options(**given: str) -> dict[str, object]:
    return {"name": "python", "options": given}


def test_a_virtual_environment_is_found_from_the_projects_folder(workspace: Path) -> None:
    python = environment(workspace / "net" / "env")
    line, found = examined(workspace / "net", options(virtualenv="env"))
    assert (line.status, found) == ("ok", python)


@pytest.mark.parametrize(
    ("declared", "status", "said"),
    [
        (options(virtualenv="env"), "FAIL", "options.virtualenv is env, and"),
        (options(toolchain="uv"), "FAIL", "toolchain uv, and"),
        (options(toolchain="poetry"), "FAIL", "poetry has made no environment"),
        (options(toolchain="pipenv"), "FAIL", "there is no toolchain pipenv"),
        ("python", "warn", "no virtualenv is set"),
        ("nodejs", "FAIL", "the runtime is nodejs"),
        (None, "FAIL", "the runtime is None"),
    ],
)
def test_runtime_options_that_trip_people_are_told_with_a_cure(
    workspace: Path, declared: object, status: str, said: str
) -> None:
    line, _ = examined(workspace / "net", declared)
    assert (line.status, said in line.text, bool(line.cure)) == (status, True, True)


@pytest.mark.parametrize("named", ["uv", "UV", ""])
def test_a_uv_workspace_whose_environment_is_named_is_fine(workspace: Path, named: str) -> None:
    (workspace / "uv.lock").touch()
    line, found = examined(workspace / "net", options(toolchain=named, virtualenv="../.venv"))
    assert (line.status, line.text) == ("ok", f"python, toolchain uv, virtualenv {workspace}/net/../.venv")
    assert found
    assert Path(found).resolve() == workspace / ".venv" / "bin" / "python"


@pytest.mark.parametrize("beside", ["uv.lock", "pyproject.toml"])
def test_a_uv_workspace_that_pulumis_launcher_does_not_find_names_the_option(
    workspace: Path, beside: str
) -> None:
    (workspace / beside).touch()
    line, _ = examined(workspace / "net", options(toolchain="uv"))
    assert line.status == "FAIL"
    assert f"programs run in {workspace}/.venv, but Pulumi starts the provider process from" in line.text
    assert line.text.endswith(f"{workspace}/net/.venv, where no Python is")
    assert line.cure.endswith("options: {toolchain: uv, virtualenv: ../.venv}}")


def test_a_uv_project_of_its_own_is_fine(workspace: Path) -> None:
    (workspace / "net" / "uv.lock").touch()
    python = environment(workspace / "net" / ".venv")
    line, found = examined(workspace / "net", options(toolchain="uv"))
    assert (line.status, found) == ("ok", python)


def test_a_lock_file_alone_chooses_the_program_but_not_the_provider_process(workspace: Path) -> None:
    (workspace / "uv.lock").touch()
    line, found = examined(workspace / "net", "python")
    assert (line.status, found) == ("warn", str(workspace / "tools" / "python3"))
    assert line.cure.endswith("options: {toolchain: uv, virtualenv: ../.venv}}")


def test_an_activated_environment_serves_both(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (workspace / "uv.lock").touch()
    program(workspace / ".venv" / "bin" / "python3")
    monkeypatch.setenv("PATH", f"{workspace}/.venv/bin:{workspace}/tools")
    assert examined(workspace / "net", "python")[0].status == "ok"


@pytest.mark.parametrize("named", ["elsewhere", "ABSOLUTE"])
def test_uvs_own_variable_moves_the_environment(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    (workspace / "uv.lock").touch()
    folder = workspace / "away" if named == "ABSOLUTE" else workspace / named
    environment(folder)
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", str(folder) if named == "ABSOLUTE" else named)
    line, _ = examined(workspace / "net", options(toolchain="uv"))
    assert f"programs run in {folder}, but" in line.text
    assert line.cure.endswith(f"virtualenv: {os.path.relpath(folder, workspace / 'net')}}}}}")


def test_poetrys_environment_is_asked_of_poetry(workspace: Path) -> None:
    python = environment(workspace / "poetry-env")
    line, found = examined(workspace / "net", options(toolchain="poetry"))
    assert (line.status, found) == ("ok", python)


def test_a_poetry_lock_alone_asks_for_the_toolchain_to_be_named(workspace: Path) -> None:
    environment(workspace / "poetry-env")
    (workspace / "net" / "poetry.lock").touch()
    line, _ = examined(workspace / "net", "python")
    assert (line.status, line.cure.endswith("options: {toolchain: poetry}}")) == ("warn", True)


@pytest.mark.parametrize("toolchain", ["uv", "poetry"])
def test_a_toolchain_that_is_not_on_path_fails(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, toolchain: str
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    line, _ = examined(workspace / "net", options(toolchain=toolchain, virtualenv="../.venv"))
    assert (line.status, line.cure) == ("FAIL", f"install {toolchain}")


def test_a_program_in_a_folder_of_its_own_needs_an_absolute_path(workspace: Path) -> None:
    environment(workspace / "net" / "env")
    line, _ = examined(workspace / "net", options(toolchain="pip", virtualenv="env"), main="src/")
    assert line.status == "FAIL"
    assert line.text.endswith(f"{workspace}/net/src/env, where no Python is")
    given = options(toolchain="pip", virtualenv=line.cure.rpartition(": ")[2].rstrip("}"))
    assert examined(workspace / "net", given, main="src/")[0].status == "ok"
