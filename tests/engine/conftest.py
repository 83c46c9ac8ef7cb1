import json
import shutil
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

import pytest

from tests.support.engine import PROJECT, Project, make_project


@pytest.fixture(scope="session")
def initialized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of one stack, `dev`, to copy: each `pulumi stack init` takes half a second."""
    made = make_project(tmp_path_factory.mktemp("initialized") / "project")
    made.new_stack()
    return made.folder


@pytest.fixture
def new_project(tmp_path: Path, initialized: Path) -> Callable[[str], Project]:
    """Makes projects in folders of that name, each with one stack, `dev`, which is the selected one."""
    return lambda name: _selected(make_project(tmp_path / name), initialized)


@pytest.fixture
def project(new_project: Callable[[str], Project]) -> Project:
    """One such project."""
    return new_project("project")


def _selected(made: Project, initialized: Path) -> Project:
    shutil.copy(initialized / "Pulumi.dev.yaml", made.folder)
    shutil.copytree(initialized / "state", made.folder / "state", dirs_exist_ok=True)
    workspaces = made.folder / "home" / "workspaces"
    workspaces.mkdir(parents=True)
    selected = {"stacks": {made.env["PULUMI_BACKEND_URL"]: f"organization/{PROJECT}/dev"}}
    name = sha1(str(made.folder / "Pulumi.yaml").encode(), usedforsecurity=False).hexdigest()
    (workspaces / f"{PROJECT}-{name}-workspace.json").write_text(json.dumps(selected))
    return made
