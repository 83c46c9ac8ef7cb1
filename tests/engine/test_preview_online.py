"""Previews ask the API: where it cannot be asked they fail with one line, and nothing is changed."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pulumi_encord_integrations.server.keys import new_key
from tests.support.engine import UP, Project, changed, operations
from tests.support.failing_api import failing_api
from tests.support.served import Served, served
from tests.support.types import CASES

MORE = 20 - len(CASES)
PROGRAM = f'every("prod", title=TITLE)\nfor n in range({MORE}): aws(f"more-{{n}}", title=TITLE)\n'
TWENTY = f'TITLE = "Data"\n{PROGRAM}'
RENAMED = f'TITLE = "Renamed"\n{PROGRAM}'
WITHOUT = "et encord:offlinePreview to true to preview without the API"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served") / "served.sqlite") as running:
        yield running


@pytest.fixture
def deployed(project: Project, api: Served) -> Project:
    """Twenty integrations on a served API, and a program that renames all of them."""
    project.configure(endpoint=api.endpoint, database=None, user=None)
    project.env["ENCORD_SSH_KEY"] = api.key.decode()
    project.declare(TWENTY)
    project.up("--parallel", "16")
    project.declare(RENAMED)
    return project


def state(project: Project) -> bytes:
    (path,) = (project.folder / "state" / ".pulumi" / "stacks").glob("*/dev.json")
    return path.read_bytes()


def errors(text: str) -> list[str]:
    """The errors of a run's diagnostics."""
    return re.findall(r"^ +error: (.*)$", text.partition("\nDiagnostics:")[2], re.MULTILINE)


def targets(project: Project) -> list[str]:
    """Options that leave the stack's identity out, and with it whoever is asked first otherwise."""
    return [word for n in range(MORE) for word in ("--target", project.urn(f"more-{n}"))]


def one_line(project: Project, *options: str, up: bool = False) -> str:
    """The only error of a run that fails and changes nothing."""
    before = project.state() if up else state(project)
    found = errors(project.fail(*(UP if up else ("preview",)), *options, "--stack", "dev"))
    assert len(found) == 1, found
    assert (project.state() if up else state(project)) == before
    return found[0]


FAILING = [
    ("down", "cannot reach http://.* Check the address in encord:endpoint and .*, or s" + WITHOUT),
    ("black hole", "http://.* did not answer in time. S" + WITHOUT),
    ("slow", "http://.* did not answer in time. S" + WITHOUT),
    ("busy", r"http://.* is busy \(503\). S" + WITHOUT),
    ("failing", "http://.* answered 500 in a form that is not this API's. Check the address"),
    ("another service", "http://.* answered 200 in a form that is not this API's. Check the address"),
    ("no HTTP", "cannot reach http://.*Server disconnected.*, or s" + WITHOUT),
]


@pytest.mark.parametrize(("how", "words"), FAILING, ids=[how for how, _ in FAILING])
def test_a_preview_that_cannot_ask_says_so_in_one_line(deployed: Project, how: str, words: str) -> None:
    with failing_api(how) as address:
        deployed.configure(endpoint=address)
        begun = time.monotonic()
        assert re.fullmatch(f"Refusal: {words}.*", one_line(deployed))
        assert time.monotonic() - begun < 16
        if how != "slow":
            assert re.fullmatch(f"Refusal: {words}.*", one_line(deployed, *targets(deployed)))


def unknown_key(_api: Served) -> bytes:
    return new_key()


def foreign_key(api: Served) -> bytes:
    return api.new_organization(f"eve-{time.monotonic_ns()}@example.com")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (unknown_key, "Refusal: this key is not known here. Is it registered with the API at this endpoint."),
        (foreign_key, "Refusal: this stack belongs to the organization .*, but the settings lead to .*"),
    ],
    ids=["unknown", "another organization's"],
)
def test_a_key_that_is_not_this_organization_s_fails_the_preview_in_one_line(
    deployed: Project, api: Served, key: Callable[[Served], bytes], words: str
) -> None:
    living = api.living()
    deployed.env["ENCORD_SSH_KEY"] = key(api).decode()
    assert re.fullmatch(words, one_line(deployed))
    assert re.fullmatch(words, one_line(deployed, *targets(deployed)))
    assert re.fullmatch(words, one_line(deployed, up=True))
    assert api.living() == living


def test_a_pipeline_without_credentials_learns_how_to_preview_without_the_api(deployed: Project) -> None:
    del deployed.env["ENCORD_SSH_KEY"]
    said = "no credentials are set. Set ENCORD_SSH_KEY_FILE to the file of your private Ed25519 key, or s"
    assert one_line(deployed) == f"Refusal: {said}{WITHOUT}"
    deployed.env["ENCORD_OFFLINE_PREVIEW"] = "true"
    assert operations(deployed.preview()) == {"to update": 20}


def test_a_refresh_while_the_api_is_down_says_why_once_and_waits_once(deployed: Project) -> None:
    before = deployed.state()
    with failing_api("down") as address:
        deployed.configure(endpoint=address)
        begun = time.monotonic()
        found = errors(deployed.fail(*UP, "--refresh", "--stack", "dev"))
        assert time.monotonic() - begun < 16
    assert sum("cannot reach" in each for each in found) == 1
    short = "Refusal: not asked: the API failed before, as another error of this run says"
    assert {each for each in found if "cannot reach" not in each} <= {short, "update failed"}
    assert deployed.state() == before


def test_every_way_of_running_pulumi_goes_on_working(deployed: Project, api: Served) -> None:
    assert changed(deployed.preview("--target", deployed.urn("more-0"))) == {"title"}
    assert operations(deployed.up("--target", deployed.urn("more-0"))) == {"updated": 1}
    assert operations(deployed.up("--exclude", deployed.urn("more-1"))) == {"updated": 18}
    assert operations(deployed.preview("--refresh")) == {"to update": 1}
    assert operations(deployed.up("--refresh")) == {"updated": 1}
    assert set(operations(deployed.refresh())) == {"unchanged"}
    assert set(operations(deployed.refresh("--run-program"))) == {"unchanged"}
    deployed.unchanged()
    assert set(deployed.state().values()) <= api.living()


def test_a_saved_plan_is_what_up_does_at_first_and_after_a_change(project: Project) -> None:
    for program, done in ((TWENTY, "created"), (RENAMED, "updated")):
        project.declare(program)
        project.preview("--save-plan", "plan.json")
        outcome = operations(project.succeed(*UP, "--plan", "plan.json", "--stack", "dev"))
        assert outcome[done] >= 20
        project.unchanged()


def test_a_resource_that_moves_to_another_stack_stays_what_it_is(project: Project) -> None:
    project.new_stack("other")
    project.declare('aws("stays"); aws("moves")')
    project.up()
    before = project.state()
    project.succeed("state", "move", "--yes", "--source", "dev", "--dest", "other", project.urn("moves"))
    assert project.state() == {"stays": before["stays"]}
    project.declare('aws("stays") if pulumi.get_stack() == "dev" else aws("moves")')
    project.unchanged()
    told = json.loads(project.succeed("preview", "--json", "--stack", "other"))["changeSummary"]
    assert "delete" not in told
    assert "replace" not in told
    project.up(stack="other")
    assert {**project.state(), **project.state("other")} == before
    assert project.living().keys() == set(before.values())
    project.unchanged("other")


def test_a_preview_makes_no_file(project: Project, tmp_path: Path) -> None:
    project.declare(TWENTY)
    project.configure(database=None)
    project.preview()
    files = {path.name for path in project.folder.iterdir()}
    assert not [name for name in files if "encord" in name]
    database = tmp_path / "elsewhere" / "encord.sqlite"
    project.configure(database=str(database))
    assert "note:" not in project.preview()
    assert not database.parent.exists()
