"""Who may use an integration, asked and changed by the command."""

import json
import os
import pty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from syrupy.assertion import SnapshotAssertion

from pulumi_encord_integrations.client import groups, members
from pulumi_encord_integrations.model.groups import GroupSpec
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.server.store import tables as t
from tests.support.api import BOSS, CREATOR, FOREIGNER, MEMBER, OUTSIDER, Api, served
from tests.support.command import COMMAND, Ran, environment, key_file, run, scrubbed
from tests.support.people import USERS, granted, group, newcomer, roles_of


@pytest.fixture
def team(on_sqlite: Api) -> Iterator[Api]:
    """An integration with an Admin, a User and two groups, beside one that has its creator alone."""
    client = on_sqlite.client()
    uuid = on_sqlite.create(title="prod-images")["integrationUuid"]
    on_sqlite.create(BOSS, title="elsewhere")
    made = [groups.create(client, GroupSpec(name=name), Placement()) for name in ("leads", "annotators")]
    groups.add_users(client, made[1].group_hash, [MEMBER, OUTSIDER])
    roles = {MEMBER: "user", f"group:{made[0].group_hash}": "admin", f"group:{made[1].group_hash}": "user"}
    members.change(client, uuid, roles)
    with served(on_sqlite.app) as address:
        on_sqlite.endpoint = address
        yield on_sqlite


def ask(api: Api, who: str, *arguments: str) -> Ran:
    folder = api.path.parent
    key = key_file(folder, api.keys[who])
    return run(folder, *arguments, ENCORD_ENDPOINT=api.endpoint, ENCORD_SSH_KEY_FILE=key)


def uuid_of(api: Api, title: str) -> str:
    with api.database.read() as connection:
        c = t.integrations.c
        return str(connection.scalar(select(c.uuid).where(c.title == title)))


def role_of(api: Api, who: str, title: str = "prod-images") -> str | None:
    with api.database.read() as connection:
        c = t.members.c
        found = select(c.role).where(c.integration == uuid_of(api, title), c.email == who)
        return connection.scalar(found)


@pytest.mark.parametrize(
    ("who", "arguments"),
    [
        (CREATOR, ["members", "prod-images"]),
        (CREATOR, ["members", "prod-images", "--json"]),
        (MEMBER, ["members", "prod-images"]),
        (CREATOR, ["members", "prod-image"]),
        (BOSS, ["members", "prod-images"]),
        (CREATOR, ["who-can", MEMBER]),
        (CREATOR, ["who-can", "MIA@Example.com", "--json"]),
        (MEMBER, ["who-can", MEMBER]),
        (CREATOR, ["who-can", BOSS]),
        (CREATOR, ["who-can", "mai@example.com"]),
        (BOSS, ["join", "prod-images", "--yes"]),
        (BOSS, ["join", "prod-images", "--yes", "--json"]),
        (BOSS, ["join", "elsewhere", "--yes"]),
        (BOSS, ["join", "prod-images"]),
        (MEMBER, ["join", "prod-images", "--yes"]),
        (FOREIGNER, ["join", "prod-images", "--yes"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_what_the_verbs_of_people_print(
    team: Api, who: str, arguments: list[str], snapshot: SnapshotAssertion
) -> None:
    assert scrubbed(ask(team, who, *arguments), team.path.parent) == snapshot


def test_who_is_suspended_is_marked(team: Api) -> None:
    answer = team.send(method="PATCH", path=f"{USERS}/{MEMBER}", body={"suspended": True})
    assert answer.status == 200, answer.body
    (row,) = [
        line for line in ask(team, CREATOR, "members", "prod-images").out.splitlines() if MEMBER in line
    ]
    assert "(suspended)" in row
    listed = json.loads(ask(team, CREATOR, "members", "prod-images", "--json").out)["members"]
    assert [one["user"] for one in listed if one.get("suspended")] == [MEMBER]
    ran = ask(team, CREATOR, "who-can", MEMBER)
    assert (" yes " in ran.out, f"{MEMBER} is suspended" in ran.err) == (False, True)
    (access,) = json.loads(ask(team, CREATOR, "who-can", MEMBER, "--json").out)["access"]
    assert (access["suspended"], access["permissions"]) == (True, [])


def test_joining_makes_an_admin_and_not_joining_does_not(team: Api) -> None:
    assert ask(team, BOSS, "join", "prod-images").code == 2
    assert role_of(team, BOSS) is None
    assert ask(team, BOSS, "join", uuid_of(team, "prod-images"), "--yes").code == 0
    assert role_of(team, BOSS) == "admin"
    assert "already" in ask(team, BOSS, "join", "prod-images", "--yes").err


@pytest.mark.parametrize(("typed", "role"), [("y\n", "admin"), ("n\n", None)])
def test_at_a_terminal_joining_asks_first(team: Api, typed: str, role: str | None) -> None:
    folder = team.path.parent
    key = key_file(folder, team.keys[BOSS])
    env = environment(folder, ENCORD_ENDPOINT=team.endpoint, ENCORD_SSH_KEY_FILE=key)
    assert "prod-images" in typed_at(folder, env, [COMMAND, "join", "prod-images"], typed)
    assert role_of(team, BOSS) == role


def typed_at(folder: Path, env: dict[str, str], command: list[str], typed: str) -> str:
    """What a command writes at a terminal at which this is typed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(command[0], command, env)
    os.write(terminal, typed.encode())
    said = b""
    while True:
        try:
            said += os.read(terminal, 4096)
        except OSError:
            break
    os.waitpid(pid, 0)
    os.close(terminal)
    return said.decode()


def operate(api: Api, *arguments: str) -> Ran:
    return run(api.path.parent, "remove-admin", "--database", str(api.path), *arguments)


def test_the_operator_removes_an_admin_and_the_audit_trail_says_so(team: Api) -> None:
    ask(team, BOSS, "join", "prod-images", "--yes")
    uuid = uuid_of(team, "prod-images")
    ran = operate(team, uuid, CREATOR.upper(), "--yes", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["removed"] == CREATOR
    assert role_of(team, CREATOR) is None
    row = team.rows("audit")[-1]
    assert (row.actor, row.action, row.object) == ("operator", "members.remove-admin", uuid)
    assert json.loads(row.detail) == {"removed": [CREATOR]}


def test_an_admin_by_group_who_promoted_himself_is_one_by_group_again(team: Api) -> None:
    uuid, leader = uuid_of(team, "prod-images"), newcomer(team, "lea@example.com")
    granted(team, uuid, {f"group:{group(team, leader, name='Leaders')}": "admin"})
    granted(team, uuid, {leader: "admin"}, leader)
    assert json.loads(team.rows("audit")[-1].detail)["admins"] == [leader]
    # Nobody else has to be an Admin: by the group there is one.
    assert operate(team, uuid, CREATOR, "--yes").code == 0
    ran = operate(team, uuid, leader, "--yes", "--json")
    assert (ran.code, json.loads(ran.out)["adminByGroups"]) == (0, ["Leaders"])
    told = f"{leader} will no longer be an individual Admin of"
    assert told in ran.err
    assert "stays one by the group Leaders" in ran.err
    assert role_of(team, leader) is None
    assert json.loads(team.rows("audit")[-1].detail) == {"removed": [leader], "admin_by": ["Leaders"]}
    assert roles_of(team, uuid, leader)


@pytest.mark.parametrize(
    ("who", "title", "code", "said"),
    [
        (MEMBER, "prod-images", 1, "no Admin"),
        (OUTSIDER, "prod-images", 1, "no individual member"),
        (BOSS, "elsewhere", 1, "the last Admin"),
    ],
)
def test_the_operator_removes_nobody_else(team: Api, who: str, title: str, code: int, said: str) -> None:
    before = team.rows("members"), team.rows("audit")
    ran = operate(team, uuid_of(team, title), who, "--yes")
    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert (team.rows("members"), team.rows("audit")) == before


def test_a_person_is_found_by_any_spelling_of_the_e_mail(team: Api) -> None:
    joerg, encoded, uuid = "jörg@exämple.de", " JÖRG@xn--exmple-cua.de", uuid_of(team, "prod-images")
    newcomer(team, joerg)
    granted(team, uuid, {joerg: "admin"})
    of_oneself = ask(team, joerg, "who-can", encoded, "--json")
    assert not of_oneself.code, of_oneself
    assert (json.loads(of_oneself.out)["user"], of_oneself.err) == (joerg, "")
    assert json.loads(operate(team, uuid, encoded, "--yes", "--json").out)["removed"] == joerg
    assert role_of(team, joerg) is None


@pytest.mark.parametrize("arguments", [["no-uuid", CREATOR, "--yes"], ["UUID", CREATOR]])
def test_the_operator_is_asked_and_told(team: Api, arguments: list[Any]) -> None:
    ask(team, BOSS, "join", "prod-images", "--yes")
    named = [uuid_of(team, "prod-images") if word == "UUID" else word for word in arguments]
    ran = operate(team, *named)
    assert ran.code in {1, 2}
    assert 'no integration "no-uuid"' in ran.err or "--yes" in ran.err
    assert role_of(team, CREATOR) == "admin"


def test_a_verb_of_people_needs_a_database(tmp_path: Path) -> None:
    ran = run(tmp_path, "members", "x", ENCORD_ENDPOINT="embedded", ENCORD_USER=CREATOR)
    assert ran.code == 1
    assert "first pulumi up" in ran.err
