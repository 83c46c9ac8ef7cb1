"""Every example goes up, previews empty, refreshes without drift, and is destroyed."""

import re
from pathlib import Path

import pytest

from pulumi_encord_integrations.model.integration_registry import integration_types
from tests.support.engine import REPOSITORY, Project, make_project, operations
from tests.support.examples import EXAMPLES, IN_CLOUDS, commands, place
from tests.support.types import CANARY, sas_token

SECRETS = {"sasToken": sas_token(CANARY), "secretAccessKey": CANARY}
"""What a reader types where an example's README asks for it."""


@pytest.fixture(params=[str(path) for path in EXAMPLES if path not in IN_CLOUDS])
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """A copy of an example, with a state of its own, run by the tests' warm interpreter."""
    project = make_project(tmp_path / "project")
    place(Path(request.param), project)
    for command in commands(project.folder, "config set"):
        project.succeed(*command, SECRETS[command[-1]])
    return project


def test_an_example_lives_its_whole_life(example: Project) -> None:
    said = example.up()
    assert operations(said)["created"] > 2
    assert CANARY not in said
    example.unchanged()
    assert operations(example.refresh()).keys() <= {"unchanged"}
    example.destroy()
    assert example.export() == []


@pytest.mark.parametrize("folder", EXAMPLES, ids=str)
def test_an_example_is_explained_in_ten_lines(folder: Path) -> None:
    lines = (REPOSITORY / folder / "README.md").read_text().splitlines()
    assert lines[0].startswith("# ")
    assert len([line for line in lines if line]) <= 10


@pytest.mark.parametrize("folder", EXAMPLES, ids=str)
def test_an_output_that_the_explanation_names_is_exported(folder: Path) -> None:
    program = (REPOSITORY / folder / "__main__.py").read_text()
    exported = set(re.findall(r'pulumi\.export\(\s*"(\w+)"', program))
    assert exported
    assert {name for *_, name in commands(REPOSITORY / folder, "stack output")} <= exported


def test_every_type_has_an_example() -> None:
    programs = "".join((REPOSITORY / folder / "__main__.py").read_text() for folder in EXAMPLES)
    shown = set(re.findall(r"= (\w+?)(?:Encord)?Integration\(", programs))
    assert {kind.resource.removesuffix("Integration") for kind in integration_types()} <= shown
