"""Programs of the documentation that make something in AWS, as they stand there."""

import re
from pathlib import Path

import pytest

from tests.engine.test_docs import COMPONENTS, PAGES, PROGRAM
from tests.support.clouds.account import Account

PROGRAMS = [
    pytest.param(program, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, program in enumerate(PROGRAM.findall(page.read_text()), 1)
    if COMPONENTS in program
]


def test_there_are_programs_to_try() -> None:
    assert len(PROGRAMS) >= 2


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_the_documentation_goes_up_and_leaves_nothing_to_do(
    account: Account, program: str
) -> None:
    for name, made in re.findall(r'"name": "([\w-]+)"(, "create": True)?', program):
        if not made:
            account.bucket_named(name, "videos/a.mp4")
    Path(account.project.folder, "__main__.py").write_text(program)
    account.project.up()
    account.project.unchanged()
    account.project.destroy()
