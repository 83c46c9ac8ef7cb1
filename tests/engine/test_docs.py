"""Every program that the documentation shows goes up and leaves nothing to do; every link leads somewhere."""

import re
import shutil
from pathlib import Path

import pytest

from pulumi_encord_integrations.organization.loader import load
from tests.support.engine import REPOSITORY, Project
from tests.support.types import CANARY, sas_token

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
COMPONENTS = "pulumi_encord_integrations.components"
PROGRAM = re.compile(r"```python\n(.*?)```", re.DOTALL)
PROGRAMS = [
    pytest.param(program, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, program in enumerate(PROGRAM.findall(page.read_text()), 1)
    # Those that make something in a cloud run in tests/clouds/test_docs_on_clouds.py.
    if COMPONENTS not in program
]
FILE = re.compile(r"```yaml\n((?:users|service_accounts|groups|integrations):.*?)```", re.DOTALL)
FILES = [file for page in PAGES for file in FILE.findall(page.read_text())]


def give_secrets(project: Project, file: Path) -> None:
    """Sets what an `encord.yaml` wants of the stack's configuration."""
    fields = {ref.config: name for one in load(file).integrations for name, ref in one.secrets.items()}
    values = {key: sas_token(CANARY) if name == "sas_token" else CANARY for key, name in fields.items()}
    project.succeed("config", "set-all", *(f"--secret={key}={value}" for key, value in values.items()))


def test_there_are_programs_to_try() -> None:
    assert len(PROGRAMS) >= 4
    assert len(FILES) >= 4


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_the_documentation_goes_up_and_leaves_nothing_to_do(
    project: Project, program: str
) -> None:
    (project.folder / "__main__.py").write_text(program)
    if "declare_organization" in program:
        give_secrets(project, Path(shutil.copy(REPOSITORY / "encord.yaml", project.folder)))
    project.up()
    project.unchanged()


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_the_documentation_has_no_problem(file: str, tmp_path: Path) -> None:
    shown = tmp_path / "encord.yaml"
    shown.write_text(file)
    assert load(shown).integrations


def anchors(page: Path) -> set[str]:
    """What a link into a page may name: its headings, as they are shown on GitHub."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_link_to_a_file_or_a_heading_leads_somewhere(page: Path) -> None:
    for file, _, heading in re.findall(r"\]\((?!https?:)([^)#]*)(#([^)]+))?\)", page.read_text()):
        target = page.parent / file if file else page
        assert target.exists(), file
        assert not heading or heading in anchors(target), heading
