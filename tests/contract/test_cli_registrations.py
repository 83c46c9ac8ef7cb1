"""`registrations` lists and takes back; `release` frees an object from its stack."""

import json
import os
import pty
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event
from syrupy.assertion import SnapshotAssertion

from pulumi_encord_integrations.cli.commands.registrations import Lists
from pulumi_encord_integrations.client import groups, integrations
from pulumi_encord_integrations.client import registrations as api_registrations
from pulumi_encord_integrations.model.groups import GroupSpec
from pulumi_encord_integrations.model.identity import DeclaredAs, Placement
from pulumi_encord_integrations.model.registration_filters import TYPES
from tests.support.api import BOSS, CREATOR, MEMBER, OUTSIDER, Api, served
from tests.support.command import COMMAND, Ran, environment, key_file, run, scrubbed

STACK, OTHER = "11111111-2222-4333-8444-555555555555", "99999999-aaaa-4bbb-8ccc-dddddddddddd"
BODY = {
    "videos": [{"objectUrl": f"videos/{name}.mp4"} for name in "abc"],
    "image_groups": [{"title": "slides", "objectUrl_0": "s/0.png", "objectUrl_1": "s/1.png"}],
}


def declared(path: str) -> dict[str, str]:
    return {"stackId": STACK, "path": path, "project": "data-platform", "stack": "live"}


@pytest.fixture
def deployed(on_sqlite: Api) -> Iterator[Api]:
    """A declared integration with four registrations, one without any, and a declared group."""
    client = on_sqlite.client()
    made = on_sqlite.create(title="prod-images", declaredAs=declared("encord:AwsIntegration::prod"))
    on_sqlite.add_member(made["integrationUuid"], MEMBER)
    api_registrations.register(client, made["integrationUuid"], BODY)
    on_sqlite.create(title="empty")
    placed = Placement(declared_as=DeclaredAs.model_validate(declared("encord:UserGroup::annotators")))
    groups.create(client, GroupSpec(name="Annotators"), placed)
    with served(on_sqlite.app) as address:
        on_sqlite.endpoint = address
        yield on_sqlite


def settings(api: Api, who: str = CREATOR) -> dict[str, str]:
    key = key_file(api.path.parent, api.keys[who])
    return {"ENCORD_ENDPOINT": api.endpoint, "ENCORD_SSH_KEY_FILE": key}


def ask(api: Api, *arguments: str, who: str = CREATOR) -> Ran:
    return run(api.path.parent, *arguments, **settings(api, who))


def count(api: Api) -> int:
    return len(api.rows("registrations"))


@pytest.mark.parametrize(
    ("who", "arguments"),
    [
        (MEMBER, ["registrations", "prod-images", "--list", "image_groups"]),
        (CREATOR, ["registrations", "prod-images", "--list", "image_groups", "--json"]),
        (CREATOR, ["registrations", "empty"]),
        (CREATOR, ["registrations", "empty", "--json"]),
        (CREATOR, ["registrations", "prod-images", "--url", "videos/"]),
        (CREATOR, ["registrations", "prod-images", "--url", "videos"]),
        (CREATOR, ["registrations", "prod-images", "--list", "nifti"]),
        (CREATOR, ["registrations", "prod-images", "--list", "audio"]),
        (CREATOR, ["registrations", "prod-images", "--url", ""]),
        (BOSS, ["registrations", "prod-images"]),
        (CREATOR, ["registrations", "prod-image"]),
        (CREATOR, ["registrations", "prod-images", "--delete"]),
        (CREATOR, ["registrations", "empty", "--delete", "--yes"]),
        (MEMBER, ["registrations", "prod-images", "--delete", "--yes"]),
        (CREATOR, ["registrations", "prod-images", "--url", "videos/a.mp4", "--delete", "--yes", "--json"]),
        (CREATOR, ["release"]),
        (CREATOR, ["release", "prod-images"]),
        (CREATOR, ["release", "prod-images", "--yes"]),
        (CREATOR, ["release", "empty", "--yes", "--json"]),
        (MEMBER, ["release", "prod-images", "--yes"]),
        (CREATOR, ["release", "--group", "annotators", "--yes", "--json"]),
        (OUTSIDER, ["release", "--group", "Annotators", "--yes"]),
        (CREATOR, ["release", "--group", "Anotators", "--yes"]),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_the_words_are_as_recorded(
    deployed: Api, snapshot: SnapshotAssertion, who: str, arguments: list[str]
) -> None:
    ran = scrubbed(ask(deployed, *arguments, who=who), deployed.path.parent)
    ran = re.sub(r"\d\d:\d\d UTC", "03:04 UTC", ran)
    assert "\n".join(sorted_rows(ran)) == snapshot


def sorted_rows(text: str) -> list[str]:
    """The lines, the videos among them in order: a listing has none that means anything."""
    lines = text.splitlines()
    at = [number for number, line in enumerate(lines) if line.startswith("VIDEO")]
    for number, line in zip(at, sorted(lines[number] for number in at), strict=True):
        lines[number] = line
    return lines


def test_the_document_has_every_item_and_is_one(deployed: Api) -> None:
    told = json.loads(ask(deployed, "registrations", "prod-images", "--json").out)
    assert (told["schemaVersion"], told["title"], len(told["registrations"])) == (1, "prod-images", 4)
    assert {row["dataType"] for row in told["registrations"]} == {"VIDEO", "IMAGE_GROUP"}


def test_items_are_written_as_pages_arrive(deployed: Api) -> None:
    uuid = integrations.search(deployed.client(), title="empty").__next__().uuid
    many = {"videos": [{"objectUrl": f"{number}.mp4"} for number in range(2_500)]}
    api_registrations.register(deployed.client(), uuid, many)
    ran = ask(deployed, "registrations", "empty", "--json")
    assert len(json.loads(ran.out)["registrations"]) == 2_500
    assert len(ask(deployed, "registrations", "empty").out.splitlines()) == 2_501


def test_a_deletion_says_how_many_and_removes_them(deployed: Api) -> None:
    ran = ask(deployed, "registrations", "prod-images", "--list", "videos", "--delete", "--yes")
    assert (ran.code, ran.out) == (0, "")
    assert "3 registrations of" in ran.err
    assert "deleted: 3" in ran.err
    assert count(deployed) == 1


def answered(api: Api, *arguments: str, answer: str = "y", meanwhile: Callable[[], object] = int) -> Ran:
    """The command at a terminal, where somebody answers its question after something else has happened."""
    master, slave = pty.openpty()
    folder = api.path.parent
    env = environment(folder, **settings(api))
    started = subprocess.Popen(
        [COMMAND, *arguments],
        stdin=slave,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with started as process:
        assert process.stderr
        said = b""
        while not said.endswith(b"[y/N]:"):
            read = process.stderr.read(1)
            assert read, said
            said += read
        meanwhile()
        os.write(master, f"{answer}\n".encode())
        out, rest = process.communicate(timeout=120)
    os.close(slave)
    os.close(master)
    return Ran(process.returncode, out.decode(), (said + rest).decode())


@pytest.mark.parametrize(("answer", "left"), [("n", 4), ("y", 0)])
def test_a_person_is_asked_before_a_deletion(deployed: Api, answer: str, left: int) -> None:
    ran = answered(deployed, "registrations", "prod-images", "--delete", answer=answer)
    assert "Delete? [y/N]" in ran.err
    assert (ran.code, count(deployed)) == (0 if left == 0 else 8, left)


@pytest.mark.parametrize(
    ("filters", "shown"), [([], 4), (["--list", "videos"], 3), (["--url", "videos/*"], 3)]
)
def test_what_came_in_after_the_count_is_not_deleted(deployed: Api, filters: list[str], shown: int) -> None:
    client = deployed.client()
    uuid = next(integrations.search(client, title="prod-images")).uuid
    more = {"videos": [{"objectUrl": "videos/new.mp4"}]}
    ran = answered(
        deployed,
        *("registrations", "prod-images", "--delete", *filters),
        meanwhile=lambda: api_registrations.register(client, uuid, more),
    )
    assert f"{shown} registrations of" in ran.err
    assert f"changed: {shown + 1} match, not {shown}" in ran.err
    assert (ran.code, count(deployed)) == (1, 5)


def test_without_a_filter_the_count_is_asked_for_and_no_items(deployed: Api) -> None:
    asked: list[str] = []
    event.listen(deployed.database._engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert ask(deployed, "registrations", "prod-images", "--delete", "--yes").code == 0
    assert not [text for text in asked if "object_urls" in text]


def adopted(api: Api, noun: str) -> None:
    """By another stack."""
    place = {**declared("encord:Object::theirs"), "stackId": OTHER, "stack": "other"}
    if noun == "integration":
        api.create(title="prod-images", declaredAs=place, adopt=True, adoptFrom=STACK)
        return
    taken = Placement(declared_as=DeclaredAs.model_validate(place), adopt=True, adopt_from=STACK)
    groups.create(api.client(), GroupSpec(name="Annotators"), taken)


@pytest.mark.parametrize(
    ("noun", "named"), [("integration", ["prod-images"]), ("group", ["--group", "Annotators"])]
)
def test_what_another_stack_took_over_after_the_question_is_not_released(
    deployed: Api, noun: str, named: list[str]
) -> None:
    ran = answered(deployed, "release", *named, meanwhile=lambda: adopted(deployed, noun))
    assert "is declared by data-platform/live, " in ran.err
    assert "is declared by data-platform/other, Object::theirs by now" in ran.err
    assert (ran.code, "released" in ran.err.splitlines()) == (1, False)


def test_a_release_frees_and_changes_nothing_else(deployed: Api) -> None:
    before: Any = next(integrations.search(deployed.client(), title="prod-images"))
    assert ask(deployed, "release", "prod", "--yes").code == 0
    after = integrations.read(deployed.client(), before.uuid)
    assert after == before.model_copy(update={"declared_as": None})
    assert ask(deployed, "release", "--group", "annotators", "--yes").code == 0
    assert [group.declared_as for group in groups.listing(deployed.client())] == [None]


def test_of_groups_that_share_a_name_one_is_named_by_its_uuid(deployed: Api) -> None:
    for name in ("Leads", "Leads", "leads"):
        groups.create(deployed.client(), GroupSpec(name=name), Placement())
    ran = ask(deployed, "release", "--group", "Leads", "--yes")
    assert ran.code == 1
    assert '2 user groups are called "Leads"' in ran.err
    uuid = groups.listing(deployed.client())[1].group_hash
    for given in (uuid, "leads"):
        assert ask(deployed, "release", "--group", given, "--yes").code == 0


def test_the_lists_are_the_apis() -> None:
    assert {one.value for one in Lists} == TYPES.keys()
