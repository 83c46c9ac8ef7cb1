"""Every example goes up, previews empty, refreshes without drift, and is destroyed."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from pulumi_encord_integrations.organization.document import read
from tests.support.engine import REPOSITORY, Project, make_project, operations

EXAMPLES = sorted(path.parent.relative_to(REPOSITORY) for path in REPOSITORY.glob("examples/*/Pulumi.yaml"))


@pytest.fixture(params=[str(path) for path in EXAMPLES])
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """A copy of an example, with a state of its own, run by the tests' interpreter."""
    project = make_project(tmp_path / "project")
    ignored = shutil.ignore_patterns(".*", "Pulumi.*.yaml", "__pycache__")
    shutil.copytree(REPOSITORY / request.param, project.folder, dirs_exist_ok=True, ignore=ignored)
    manifest = project.folder / "Pulumi.yaml"
    declared = read(manifest.read_bytes())[0].plain
    declared["runtime"]["options"]["virtualenv"] = sys.prefix
    manifest.write_text(json.dumps(declared))
    project.new_stack()
    return project


def test_an_example_lives_its_whole_life(example: Project) -> None:
    created = operations(example.up())["created"]
    assert created > 2
    example.unchanged()
    assert operations(example.refresh()).keys() <= {"unchanged"}
    example.destroy()
    assert example.export() == []


@pytest.mark.parametrize("folder", EXAMPLES, ids=str)
def test_an_example_is_explained_in_ten_lines(folder: Path) -> None:
    lines = (REPOSITORY / folder / "README.md").read_text().splitlines()
    assert lines[0].startswith("# ")
    assert len([line for line in lines if line]) <= 10


def test_there_are_examples() -> None:
    assert EXAMPLES
