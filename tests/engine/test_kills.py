"""The provider process or the CLI dies at the worst moments; one more `up` must put all right."""

import json
import sqlite3
from contextlib import closing
from itertools import product
from typing import Any

import pytest
from httpx2 import Request

from pulumi_encord_integrations.client.client import Client
from tests.support.engine import UP, Project, names
from tests.support.fault_injection.injections import KILL_POINTS
from tests.support.size import one_each, sample
from tests.support.types import CASES

PROCESSES = ("provider", "cli")
TYPES = tuple(CASES)
STACK_URL = "cloud-integrations"


def rotated(*points: str, start: int, more: int = 0) -> "pytest.MarkDecorator":
    """Each point with each process, and types of integration in turn as the one that is killed at it."""
    rows = [*product(points, PROCESSES), *(more * [(points[-1], "provider")])]
    table = [(point, process, TYPES[(start + n) % len(TYPES)]) for n, (point, process) in enumerate(rows)]
    KILLED.extend((point, kind) for point, _, kind in table)
    chosen = one_each(table, lambda row: row[0])
    return pytest.mark.parametrize(("point", "process", "kind"), chosen)


KILLED: list[tuple[str, str]] = []
CREATES = rotated("after-commit", "after-answer", start=0, more=2)
REPLACEMENTS = rotated("after-commit", "after-answer", "before-delete", start=4)
TAKEN_BACK = rotated("before-delete", start=0)
FORCED = rotated("after-commit", "before-delete", start=2)
DESTROYED = [("AZURE", True), ("OTC", False)]


def up_with_a_kill(project: Project, point: str, process: str, kind: str, *options: str) -> None:
    """An `up` of all types that dies at one of them, and what its user does next."""
    fault = {"ENCORD_TEST_FAULT": f"kill:{point}:{process}:{kind}"}
    # A CLI that dies while it writes its state for another resource may leave an empty `.attrs` beside it,
    # which Pulumi cannot read: tests/support/kill_schedule removes it.
    one_by_one = ["--parallel", "1"] if process == "cli" else []
    killed = project.run(*UP, *options, *one_by_one, "--stack", "dev", env=fault)
    assert killed.code != 0, killed.text
    assert (project.folder / f"{point}-{process}").exists()
    if process == "cli":
        project.succeed("cancel", "--yes", "--stack", "dev")


def made(project: Project, kind: str, but: str = "") -> str:
    """uuid of the one object of a type, but for the one that was there before."""
    (found,) = (v.uuid for v in project.living().values() if v.provider == kind and v.uuid != but)
    return found


def assert_one_object_each_and_none_after_destroy(project: Project) -> None:
    state = project.state()
    assert state.keys() == names("prod")
    assert {uuid: f"prod-{view.provider}" for uuid, view in project.living().items()} == {
        uuid: name for name, uuid in state.items()
    }
    project.destroy()
    assert not project.living()


def test_every_type_is_killed_at_every_point() -> None:
    killed = {*KILLED, *(("before-delete", kind) for kind, _ in DESTROYED)}
    assert killed == set(product(KILL_POINTS, TYPES))


@CREATES
def test_a_create_whose_answer_was_lost_is_found_again(
    project: Project, point: str, process: str, kind: str
) -> None:
    project.declare('every("prod")')
    up_with_a_kill(project, point, process, kind)
    lost = made(project, kind)
    assert f"prod-{kind}" not in project.state()
    project.up()
    assert project.state()[f"prod-{kind}"] == lost
    assert_one_object_each_and_none_after_destroy(project)


@REPLACEMENTS
def test_a_killed_replacement_is_completed(project: Project, point: str, process: str, kind: str) -> None:
    project.declare('every("prod")')
    project.up()
    old = project.state()
    project.declare('every("prod", strict_client_only=True)')
    up_with_a_kill(project, point, process, kind)
    new = made(project, kind, but=old[f"prod-{kind}"])
    project.up()
    assert project.state()[f"prod-{kind}"] == new
    assert not project.living().keys() & set(old.values())
    assert_one_object_each_and_none_after_destroy(project)


@TAKEN_BACK
def test_a_killed_replacement_is_taken_back(project: Project, point: str, process: str, kind: str) -> None:
    project.declare('every("prod")')
    project.up()
    project.declare('every("prod", strict_client_only=True)')
    up_with_a_kill(project, point, process, kind)
    project.declare('every("prod")')
    project.up()
    assert_one_object_each_and_none_after_destroy(project)


@FORCED
def test_a_killed_forced_replacement_loses_nothing(
    project: Project, point: str, process: str, kind: str
) -> None:
    project.declare('every("prod")')
    project.up()
    before = project.state()
    up_with_a_kill(project, point, process, kind, *project.replace("prod"))
    project.up()
    assert project.state() == before
    assert_one_object_each_and_none_after_destroy(project)


@pytest.mark.parametrize(("kind", "forced"), sample(DESTROYED, 1))
def test_a_destroy_right_after_a_killed_replacement_leaves_none(
    project: Project, kind: str, forced: bool
) -> None:
    project.declare('every("prod")')
    project.up()
    project.declare(f'every("prod", strict_client_only={not forced})')
    options = project.replace("prod") if forced else []
    up_with_a_kill(project, "before-delete", "cli", kind, *options)
    project.destroy()
    assert not project.living()
    assert not project.export()


def test_without_the_ownership_key_every_lost_answer_would_leave_an_orphan(project: Project) -> None:
    project.declare('every("prod")')
    project.up()
    project.forget()
    project.up(fault="no-key")
    project.destroy()
    # And what no stack declares, no stack deletes.
    assert sorted(view.provider for view in project.living().values()) == sorted([*CASES, *CASES])


@pytest.fixture
def first_request(project: Project) -> dict[str, Any]:
    """The create of an integration that has been destroyed since, as it went over the wire."""
    project.declare('aws("prod")')
    project.up(fault="record")
    (request,) = (project.folder / "requests.jsonl").read_text().splitlines()
    project.destroy()
    decoded: dict[str, Any] = json.loads(request)
    return decoded


def send_again(client: Client, request: dict[str, Any]) -> int:
    headers = [(name, value) for name, value in request["headers"]]
    content = request["content"].encode()
    return client._http.send(Request("POST", request["url"], headers=headers, content=content)).status_code


def sign_anew(client: Client, request: dict[str, Any]) -> int:
    fresh = client._request("POST", STACK_URL, None, json.loads(request["content"]))
    return client._http.send(fresh).status_code


def forget(project: Project, table: str) -> None:
    with closing(sqlite3.connect(project.folder / project.config["database"])) as database, database:
        database.execute(f"DELETE FROM {table}")


def test_a_late_duplicate_of_the_create_resurrects_nothing(
    project: Project, first_request: dict[str, Any]
) -> None:
    client = project.api()
    assert json.loads(first_request["content"])["nonce"]
    assert send_again(client, first_request) == 200
    assert sign_anew(client, first_request) == 409
    forget(project, "answers")
    assert send_again(client, first_request) == 409
    assert not project.living()


def test_without_the_memory_of_nonces_a_duplicate_would_resurrect_it(
    project: Project, first_request: dict[str, Any]
) -> None:
    forget(project, "creates")
    assert sign_anew(project.api(), first_request) == 200
    assert project.living()
