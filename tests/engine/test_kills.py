"""The provider process or the CLI dies at the worst moments; one more `up` must put all right."""

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from httpx2 import Request

from pulumi_encord_integrations.client.client import Client
from tests.support.engine import UP, Project

VICTIMS = pytest.mark.parametrize("victim", ["provider", "cli"])
STACK_URL = "cloud-integrations"


def up_with_a_kill(project: Project, point: str, victim: str, *options: str) -> None:
    """An `up` that dies, and what its user does next."""
    harm = {"ENCORD_TEST_HARM": f"kill:{point}:{victim}"}
    killed = project.run(*UP, *options, "--stack", "dev", env=harm)
    assert killed.code != 0, killed.text
    assert (project.folder / f"{point}-{victim}").exists()
    if victim == "cli":
        project.succeed("cancel", "--yes", "--stack", "dev")


def assert_one_object_and_none_after_destroy(project: Project) -> None:
    assert project.living().keys() == set(project.state().values())
    assert len(project.living()) == 1
    project.destroy()
    assert not project.living()


@VICTIMS
@pytest.mark.parametrize("point", ["after-commit", "after-answer"])
def test_a_create_whose_answer_was_lost_is_found_again(project: Project, point: str, victim: str) -> None:
    project.declare('aws("prod")')
    up_with_a_kill(project, point, victim)
    (made,) = project.living()
    assert "prod" not in project.state()
    project.up()
    assert project.state() == {"prod": made}
    assert_one_object_and_none_after_destroy(project)


@VICTIMS
@pytest.mark.parametrize("point", ["after-commit", "after-answer", "before-delete"])
def test_a_killed_replacement_is_completed(project: Project, point: str, victim: str) -> None:
    project.declare('aws("prod")')
    project.up()
    (old,) = project.living()
    project.declare('aws("prod", strict_client_only=True)')
    up_with_a_kill(project, point, victim)
    (new,) = project.living().keys() - {old}
    project.up()
    assert project.state() == {"prod": new}
    assert_one_object_and_none_after_destroy(project)


@VICTIMS
def test_a_killed_replacement_is_taken_back(project: Project, victim: str) -> None:
    project.declare('aws("prod")')
    project.up()
    project.declare('aws("prod", strict_client_only=True)')
    up_with_a_kill(project, "before-delete", victim)
    project.declare('aws("prod")')
    project.up()
    assert_one_object_and_none_after_destroy(project)


@VICTIMS
@pytest.mark.parametrize("point", ["after-commit", "before-delete"])
def test_a_killed_forced_replacement_loses_nothing(project: Project, point: str, victim: str) -> None:
    project.declare('aws("prod")')
    project.up()
    made = project.state()
    up_with_a_kill(project, point, victim, "--target-replace", project.urn("prod"))
    project.up()
    assert project.state() == made
    assert_one_object_and_none_after_destroy(project)


@pytest.mark.parametrize("forced", [True, False], ids=["forced", "by an input"])
def test_a_destroy_right_after_a_killed_replacement_leaves_none(project: Project, forced: bool) -> None:
    project.declare('aws("prod")')
    project.up()
    project.declare(f'aws("prod", strict_client_only={not forced})')
    options = ("--target-replace", project.urn("prod")) if forced else ()
    up_with_a_kill(project, "before-delete", "cli", *options)
    project.destroy()
    assert not project.living()
    assert not project.export()


def test_without_the_ownership_key_a_lost_answer_would_leave_an_orphan(project: Project) -> None:
    project.declare('aws("prod")')
    up_with_a_kill(project, "after-commit", "provider")
    project.up(harm="no-key")
    project.destroy()
    assert len(project.living()) == 1


@pytest.fixture
def first_request(project: Project) -> dict[str, Any]:
    """The create of an integration that has been destroyed since, as it went over the wire."""
    project.declare('aws("prod")')
    project.up(harm="record")
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
