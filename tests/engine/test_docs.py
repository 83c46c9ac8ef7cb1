"""Every program that the documentation shows goes up, and leaves nothing to do."""

import re
import shutil
from pathlib import Path

import pytest

from tests.support.engine import REPOSITORY, Project

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
PROGRAM = re.compile(r"```python\n(.*?)```", re.DOTALL)
PROGRAMS = [
    pytest.param(program, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, program in enumerate(PROGRAM.findall(page.read_text()), 1)
]


def test_there_are_programs_to_try() -> None:
    assert len(PROGRAMS) >= 4


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_the_documentation_goes_up_and_leaves_nothing_to_do(
    project: Project, program: str
) -> None:
    shutil.copy(REPOSITORY / "encord.yaml", project.folder)
    Path(project.folder / "__main__.py").write_text(program)
    project.up()
    project.unchanged()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists()]
