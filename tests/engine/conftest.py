from pathlib import Path

import pytest

from tests.support.engine import Project, make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with one stack, `dev`."""
    made = make_project(tmp_path / "project")
    made.new_stack()
    return made
