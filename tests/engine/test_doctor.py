"""`doctor` beside the real engine: where it finds nothing wrong, `pulumi` works, and the other way round."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.command import COMMAND, Ran
from tests.support.engine import USER, Project, make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = make_project(tmp_path)
    del project.env["PULUMI_PYTHON_CMD"]
    project.declare("aws('prod')\n")
    project.new_stack()
    return project


def doctor(project: Project, *options: str) -> Ran:
    ran = subprocess.run(
        [COMMAND, "doctor", *options],
        cwd=project.folder,
        env=project.env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def test_a_project_that_works_is_found_well_before_and_after_its_first_up(project: Project) -> None:
    before = doctor(project)
    assert (before.code, before.err, "FAIL" in before.out) == (0, "", False), before.out
    project.up()
    after = doctor(project, "--all")
    assert after.code == 0, after.out
    assert f"{USER}, ADMIN of " in after.out


def test_a_virtual_environment_that_is_not_there_is_named_with_its_cure(project: Project) -> None:
    file = project.folder / "Pulumi.yaml"
    declared = json.loads(file.read_text())
    declared["runtime"]["options"]["virtualenv"] = "gone"
    file.write_text(json.dumps(declared))
    ran = doctor(project)
    (line,) = [line for line in ran.out.splitlines() if line.startswith("FAIL")]
    assert ran.code == 1
    assert "options.virtualenv is gone" in line
    assert "pulumi install" in line
    assert "gone" in project.fail("preview", "--stack", "dev")
