"""What `doctor` prints, word for word, and that it changes nothing."""

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from pulumi_encord_integrations.client.settings import Settings
from pulumi_encord_integrations.embedded import connect
from tests.support.api import CREATOR, NOBODY, Api, served
from tests.support.command import Ran, key_file, loaded, run, scrubbed

EMBEDDED = {"encord:endpoint": "embedded", "encord:user": CREATOR}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of a project, with a program `pulumi` beside it."""
    folder = tmp_path / "project"
    folder.mkdir()
    program = folder / "pulumi"
    program.write_text("#!/bin/sh\necho v3.259.0\n")
    program.chmod(0o755)
    declare(folder)
    return folder


def declare(folder: Path, virtualenv: str = sys.prefix, **config: str) -> None:
    runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": virtualenv}}
    text = json.dumps({"name": "toy", "runtime": runtime, "config": config})
    (folder / "Pulumi.yaml").write_text(text)


def doctor(folder: Path, *arguments: str, **variables: str) -> Ran:
    path = f"{folder}:/usr/bin:/bin"
    return run(folder, "doctor", *arguments, **{"PATH": path, "ENCORD_ENGINE_DIR": str(folder), **variables})


def acting(api: Api, folder: Path, address: str, who: str = CREATOR) -> dict[str, str]:
    key = Path(key_file(folder, api.keys[who]))
    key.chmod(0o600)
    return {"ENCORD_ENDPOINT": address, "ENCORD_SSH_KEY_FILE": str(key)}


def test_nothing_at_all_is_told_as_recorded(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    ran = run(tmp_path, "doctor", ENCORD_ENGINE_DIR=str(tmp_path / "none"))
    assert scrubbed(ran, tmp_path) == snapshot


def test_an_embedded_project_before_its_first_up_is_told_as_recorded(
    project: Path, snapshot: SnapshotAssertion
) -> None:
    declare(project, **EMBEDDED)
    assert scrubbed(doctor(project, "--all"), project) == snapshot
    assert {path.name for path in project.iterdir()} == {"Pulumi.yaml", "pulumi"}


def test_a_broken_virtual_environment_is_told_as_recorded(project: Path, snapshot: SnapshotAssertion) -> None:
    declare(project, virtualenv="gone", **EMBEDDED)
    assert scrubbed(doctor(project), project) == snapshot


@pytest.mark.parametrize("options", [[], ["--all"], ["--json"]], ids=str)
def test_a_served_api_is_told_as_recorded(
    on_sqlite: Api, project: Path, snapshot: SnapshotAssertion, options: list[str]
) -> None:
    with served(on_sqlite.app) as address:
        assert scrubbed(doctor(project, *options, **acting(on_sqlite, project, address)), project) == snapshot


def test_a_key_that_nobody_knows_is_told_as_recorded(
    on_sqlite: Api, project: Path, snapshot: SnapshotAssertion
) -> None:
    with served(on_sqlite.app) as address:
        assert scrubbed(doctor(project, **acting(on_sqlite, project, address, NOBODY)), project) == snapshot


def test_an_embedded_database_is_read_and_left_as_it_is(project: Path) -> None:
    path = project / "encord.sqlite"
    connect(Settings("embedded", database=path, user=CREATOR), create=True).close()
    declare(project, **EMBEDDED)
    before = path.read_bytes()
    ran = doctor(project, "--all")
    assert (ran.code, f"{CREATOR}, ADMIN of" in ran.out) == (0, True)
    assert path.read_bytes() == before


def test_a_newer_database_fails_with_its_cure(project: Path) -> None:
    path = project / "encord.sqlite"
    connect(Settings("embedded", database=path, user=CREATOR), create=True).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as found:
        found.execute("UPDATE alembic_version SET version_num = '9999'")
    declare(project, **EMBEDDED)
    (line,) = [line for line in doctor(project).out.splitlines() if line.startswith("FAIL")]
    assert "made by a newer version" in line
    assert "pip install -U" in line


def test_a_key_that_others_may_read_fails_with_its_cure(on_sqlite: Api, project: Path) -> None:
    with served(on_sqlite.app) as address:
        variables = acting(on_sqlite, project, address)
        Path(variables["ENCORD_SSH_KEY_FILE"]).chmod(0o644)
        google = Path(shutil.copy(variables["ENCORD_SSH_KEY_FILE"], project / "google.json"))
        ran = doctor(project, **variables, ENCORD_GCP_SERVICE_ACCOUNT_KEY_FILE=str(google))
    assert ran.code == 1
    failed = [line for line in ran.out.splitlines() if line.startswith("FAIL")]
    assert f"{google} is open to others (-rw-r--r--); chmod 600 {google}" in failed[0]
    assert "user.key is open to others (-rw-r--r--); chmod 600 " in failed[1]


def test_an_embedded_database_that_others_may_write_fails_with_its_cure(project: Path) -> None:
    path = project / "encord.sqlite"
    connect(Settings("embedded", database=path, user=CREATOR), create=True).close()
    path.chmod(0o666)
    declare(project, **EMBEDDED)
    (line,) = [line for line in doctor(project).out.splitlines() if line.startswith("FAIL")]
    assert f"encord.sqlite is open to others (-rw-rw-rw-); chmod 600 {path}" in line


def test_an_api_that_is_not_there_is_told_as_recorded(
    on_sqlite: Api, project: Path, snapshot: SnapshotAssertion
) -> None:
    variables = acting(on_sqlite, project, "http://127.0.0.1:1")
    assert scrubbed(doctor(project, **variables), project) == snapshot


def test_a_setting_names_the_file_of_the_stack_that_it_came_from(project: Path) -> None:
    declare(project, **EMBEDDED)
    (project / "Pulumi.live.yaml").write_text('config: {"encord:user": mia@example.com}')
    out = doctor(project, "--stack", "live", "--all").out
    assert "mia@example.com, from encord:user in Pulumi.live.yaml" in out
    assert "embedded, from encord:endpoint in Pulumi.yaml" in out


def test_a_doctor_of_a_served_api_loads_neither_pulumi_nor_a_server(on_sqlite: Api, project: Path) -> None:
    with served(on_sqlite.app) as address:
        variables = acting(on_sqlite, project, address)
        assert loaded(project, ["doctor"], PATH=f"{project}:/usr/bin:/bin", **variables) == set()
