"""The sequences of tests/contract through the real CLI, judged by what `pulumi preview --diff` prints."""

from collections import Counter
from random import Random

import pytest

from tests.support.engine import USER, Project
from tests.support.members import populate
from tests.support.previews.engine_real import PreviewingCli
from tests.support.previews.organization import prepare
from tests.support.previews.sequences import sequence
from tests.support.size import SEED, at_full_size
from tests.support.stateful.invariants import Remote

SEQUENCES = 15


@at_full_size
@pytest.mark.parametrize("number", range(SEQUENCES))
def test_a_preview_names_everybody_whose_access_changes(project: Project, number: int) -> None:
    populate(project, 0)
    path, client = project.folder / "encord.sqlite", project.api()
    remote, organization = Remote(path, client, USER), prepare(path, client)
    counted: Counter[str] = Counter()
    sequence(PreviewingCli(project), organization, remote, Random(f"{SEED} cli {number}"), counted)
    assert counted["deployed"]
