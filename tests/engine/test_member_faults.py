"""Processes that die and answers that get lost while access is written: one more `up` puts all right."""

import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from pulumi_encord_integrations.client import members
from tests.support.engine import UP, USER, Project
from tests.support.members import populate
from tests.support.size import one_each, sample
from tests.support.stateful.program import PEOPLE

MEMBER, MEMBERS, GROUP_USERS = "IntegrationMember", "IntegrationMembers", "UserGroupMembers"
KILLED = [
    ("after-commit", "provider", "members"),
    ("after-commit", "provider", "users"),
    ("after-commit", "cli", "members"),
    ("after-answer", "cli", MEMBER),
    ("after-answer", "provider", MEMBERS),
    ("after-answer", "cli", GROUP_USERS),
    ("before-delete", "provider", MEMBER),
    ("before-delete", "cli", MEMBERS),
    ("before-delete", "provider", GROUP_USERS),
]
EACH_POINT = one_each(KILLED, lambda row: row[0])
# The machine of tests/contract meets all of them.
FAULTS = ["error-after", "lost", "limited", "twice"]
FIRST = {PEOPLE[0]: "user", PEOPLE[1]: "admin", PEOPLE[2]: "user"}
SECOND = {PEOPLE[1]: "admin", PEOPLE[2]: "admin", PEOPLE[3]: "user"}
RACED = "have changed since they were read"


def declare(project: Project, roles: Mapping[str, str], *, serial: int = 1, exclusive: bool = False) -> None:
    """An integration whose first person is declared alone, the others in a list; and a group of them all."""
    (one, role), *others = roles.items()
    rows = [{"user": user, "role": role} for user, role in others]
    project.declare(f"""
prod = aws("prod")
if not {exclusive}:
    encord.IntegrationMember("one-{serial}", integration=prod, user={one!r}, role={role!r})
encord.IntegrationMembers(
    "many-{serial}", integration=prod, exclusive={exclusive},
    members={rows!r} + {exclusive} * [{{"user": {one!r}, "role": {role!r}}}],
)
team = encord.UserGroup("team", name="Team")
encord.UserGroupMembers("people-{serial}", group=team, users={list(roles)!r})
""")


@pytest.fixture
def people(project: Project) -> Project:
    """A project whose organization has people."""
    return populate(project, len(PEOPLE))


def access(project: Project) -> dict[str, str]:
    """Members of the one integration, but for its creator."""
    (uuid,) = project.living()
    found = members.of(project.api(), uuid)
    del found[USER]
    return found


def group_users(project: Project) -> set[str]:
    with closing(sqlite3.connect(project.folder / "encord.sqlite")) as database:
        return {email for (email,) in database.execute("SELECT email FROM group_users")}


def faulted(project: Project, fault: str, *options: str) -> str:
    """An `up` with a fault, which may fail; answers what it said."""
    alone = ["--parallel", "1"] if ":cli:" in fault else []
    outcome = project.run(*UP, *alone, *options, "--stack", "dev", env={"ENCORD_TEST_FAULT": fault})
    if ":cli:" in fault:
        project.succeed("cancel", "--yes", "--stack", "dev")
    return outcome.text


def assert_as_declared(project: Project, roles: Mapping[str, str]) -> None:
    project.up()
    assert access(project) == roles
    assert group_users(project) == roles.keys()
    project.unchanged()


@pytest.mark.parametrize(("point", "process", "kind"), EACH_POINT)
def test_one_more_up_completes_a_killed_one(people: Project, point: str, process: str, kind: str) -> None:
    declare(people, FIRST)
    if point == "before-delete":
        people.up()
        declare(people, FIRST, serial=2)
    faulted(people, f"kill:{point}:{process}:{kind}")
    assert (people.folder / f"{point}-{process}").exists()
    assert_as_declared(people, FIRST)
    people.destroy()
    assert not people.living()


@pytest.mark.parametrize("fault", sample(FAULTS, 2))
def test_one_more_up_completes_one_that_met_a_fault(people: Project, fault: str) -> None:
    declare(people, FIRST)
    people.up()
    declare(people, SECOND)
    text = faulted(people, f"fault:{fault}:0:members", "--parallel", "1")
    assert (people.folder / f"fault-{fault}").exists()
    assert "please report it" not in text
    # PEOPLE[0] was declared alone, where its successor is declared now.
    assert_as_declared(people, SECOND)


def test_a_write_of_many_waits_as_long_as_the_api_asks(people: Project) -> None:
    declare(people, FIRST)
    people.up(fault="fault:limited:0:members")
    assert (people.folder / "fault-limited").exists()
    assert access(people) == FIRST


def test_an_exclusive_write_that_raced_another_is_refused_and_the_next_one_is_not(people: Project) -> None:
    declare(people, FIRST, exclusive=True)
    people.up()
    declare(people, SECOND, exclusive=True)
    assert RACED in faulted(people, "fault:raced:0:members")
    assert (people.folder / "fault-raced").exists()
    assert_as_declared(people, SECOND)


@pytest.fixture
def stacks(people: Project) -> Project:
    """Stacks `left` and `right`, which share the integration of `dev`."""
    people.declare('aws("prod")')
    people.up()
    for stack in ("left", "right"):
        people.new_stack(stack)
    return people


def share(project: Project, left: Mapping[str, str], right: Mapping[str, str], *, exclusive: bool) -> None:
    (uuid,) = project.living()
    listed = {"left": left, "right": right}
    project.declare(f"""
roles = {listed!r}[pulumi.get_stack()]
rows = [{{"user": user, "role": role}} for user, role in roles.items()]
encord.IntegrationMembers("shared", integration="{uuid}", members=rows, exclusive={exclusive})
""")


def both(project: Project) -> list[str]:
    """What two `up`s at once said of their failure; nothing of success."""

    def up(stack: str) -> str:
        outcome = project.run(*UP, "--stack", stack)
        return outcome.text if outcome.code else ""

    with ThreadPoolExecutor() as threads:
        return [text for text in threads.map(up, ("left", "right")) if text]


def test_two_stacks_add_to_one_integration_at_once(stacks: Project) -> None:
    left, right = {PEOPLE[0]: "user", PEOPLE[1]: "user"}, {PEOPLE[2]: "user", PEOPLE[3]: "admin"}
    share(stacks, left, right, exclusive=False)
    assert both(stacks) == []
    assert access(stacks) == left | right


def test_of_two_exclusive_lists_at_once_one_is_in_force_as_a_whole(stacks: Project) -> None:
    left, right = {PEOPLE[0]: "user", PEOPLE[1]: "user"}, {PEOPLE[2]: "user"}
    share(stacks, left, right, exclusive=True)
    assert all(RACED in text for text in both(stacks))
    assert access(stacks) in (left, right)
    for stack, roles in (("left", left), ("right", right), ("left", left)):
        stacks.refresh(stack=stack)
        stacks.up(stack=stack)
        assert access(stacks) == roles


def test_pulumi_skips_a_removal_while_a_replaced_integration_waits_to_be_deleted(people: Project) -> None:
    """Its own limit, of which we can only tell: complete a failed replacement before taking a member out."""
    program = """
prod = aws("prod", strict_client_only={strict})
if {there}:
    encord.IntegrationMember("one", integration=prod, user="p0@example.com", role="user")
"""
    people.declare(program.format(strict=False, there=True))
    people.up()
    people.declare(program.format(strict=True, there=True))
    faulted(people, "kill:before-delete:provider:AWS")
    people.declare(program.format(strict=True, there=False))
    people.up()
    assert access(people) == {PEOPLE[0]: "user"}
