"""An API that acts and answers badly: `up` ends with clear errors, and once it is well one `up` repairs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.test_preview_online import errors
from tests.support.engine import UP, Project, operations
from tests.support.misbehaving import GARBAGE, NEVER, OTHER_VERSIONS, Misbehaving
from tests.support.served import Served, served
from tests.support.size import sized

COUNT = 5
"""One more than the provider has threads."""
FIVE = f'for n in range({COUNT}): aws(f"data-{{n}}", title=TITLE)\n'
ROUNDS = (("Data", "created"), ("Renamed", "updated"))
"""A title, and what an `up` that gives it to all does."""
MORE = "more properties"
ODD = [*GARBAGE, *(how for how in OTHER_VERSIONS if how != MORE)]
NOT_OURS = r"http://.* answered 200 in a form that is not this API's\. Check the address in encord:endpoint"
OTHER = "|".join(
    (
        r"http://.* answered with something else than expected\. Is it this API, and as new\?",
        r"the API answered an integration that cannot be read\. Is it newer\?",
        r'".*" \(.*\) has settings that this version cannot read\. Use a newer version of this package',
    )
)
SAID = {
    NEVER: "http://.* did not answer in time",
    **dict.fromkeys(GARBAGE, NOT_OURS),
    **dict.fromkeys(OTHER_VERSIONS, OTHER),
}


@pytest.fixture
def fronts() -> list[Misbehaving]:
    return []


@pytest.fixture
def api(tmp_path: Path, fronts: list[Misbehaving]) -> Iterator[Served]:
    def before(app: object) -> Misbehaving:
        fronts.append(Misbehaving(app))
        return fronts[-1]

    with served(tmp_path / "served.sqlite", before=before) as running:
        yield running


def failed(project: Project) -> set[str]:
    """The different errors of an `up` that fails."""
    outcome = project.fail(
        *UP, "--parallel", "16", "--stack", "dev", env={"ENCORD_TEST_FAULT": "hasty-client"}
    )
    return set(errors(outcome)) - {"update failed"}


@pytest.mark.parametrize("how", sized([NEVER], [NEVER, *ODD]))
def test_what_is_answered_badly_is_told_and_one_up_repairs_it(
    project: Project, api: Served, fronts: list[Misbehaving], how: str
) -> None:
    project.configure(endpoint=api.endpoint, database=None, user=None)
    project.env["ENCORD_SSH_KEY"] = api.key.decode()
    (front,) = fronts
    for title, done in sized(ROUNDS[:1], ROUNDS):
        project.declare(f'TITLE = "{title}"\n{FIVE}')
        before = project.state()
        front.how = how
        said = failed(project)
        assert said
        assert [one for one in said if not re.fullmatch(f"Refusal: ({SAID[how]})", one)] == []
        assert project.state() == before
        front.how = ""
        assert operations(project.up())[done] >= COUNT
        assert set(project.state().values()) == api.living()
        assert len(api.living()) == COUNT
    assert front.hanging > 1 or how != NEVER
    project.unchanged()


def test_the_answers_of_a_newer_api_are_understood(
    project: Project, api: Served, fronts: list[Misbehaving]
) -> None:
    project.configure(endpoint=api.endpoint, database=None, user=None)
    project.env["ENCORD_SSH_KEY"] = api.key.decode()
    fronts[0].how = MORE
    project.declare(f'TITLE = "Data"\n{FIVE}')
    project.up()
    project.unchanged()
