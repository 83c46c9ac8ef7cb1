"""A preview tells who gains or loses access, and what `up` would be refused; then `up` does just that."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from subprocess import run

import pytest

from pulumi_encord_integrations.client import groups
from tests.support.engine import USER, Project, line_with, operations
from tests.support.members import access, change, declare, group_uuid, in_groups, person, populate, uuid_of

P0, P1, P2, P3 = map(person, range(4))
ADA = f'{{"user": "{USER}", "role": "admin"}}'
FOR_GOOD = "which cannot be undone"


@pytest.fixture
def staffed(project: Project) -> Project:
    return populate(project, 20)


def told(preview: str) -> list[str]:
    """The notes of a preview, without their declarations."""
    lines = [line.strip() for line in preview.splitlines()]
    return sorted(line.partition('": ')[2] for line in lines if line.startswith("note: "))


def removed_by_support(project: Project, title: str, who: str) -> None:
    command = Path(sys.prefix, "bin", "encord-integrations")
    options = ["--database", "encord.sqlite", "--yes", title, who]
    run([command, "remove-admin", *options], cwd=project.folder, env=project.env, check=True)


FIRST = """
prod, lab = aws("prod"), aws("lab")
team = encord.UserGroup("team", name="Team")
{0}
"""
EXCLUSIVE = f"""
listed("all", prod, [{ADA}, *people([1], "admin"), {{"group": team, "role": "user"}}], exclusive=True)
listed("some", lab, people([2, 3], "admin"))
member("one", lab, "p4@example.com", "admin")
encord.UserGroupMembers("users", group=team, users=["p5@example.com"], exclusive=True)
"""


def test_a_first_exclusive_list_names_everybody_whom_it_removes_or_promotes(staffed: Project) -> None:
    declare(staffed, FIRST.format(""))
    staffed.up()
    team = group_uuid(staffed, "Team")
    change(staffed, "prod", {P0: "user", P1: "user", f"group:{team}": "admin", P2: "admin"})
    groups.add_users(staffed.api(), team, [P3])
    declare(staffed, FIRST.format(EXCLUSIVE))
    assert told(staffed.preview()) == [
        'group "Team" was admin, becomes user',
        f'{P0} loses access to "prod": the list is exclusive and does not name them',
        f"{P1} becomes an Admin, {FOR_GOOD}",
        f"{P1} was user, becomes admin",
        f'{P2} stays an Admin of "prod" unlisted: they cannot be removed',
        f"{P2}, {P3} become Admins, {FOR_GOOD}",
        f'{P3} leaves the group "Team": the list is exclusive and does not name them',
        f"p4@example.com becomes an Admin, {FOR_GOOD}",
    ]
    staffed.up()
    assert access(staffed)["prod"] == {P1: "admin", P2: "admin", "Team": "user"}
    assert in_groups(staffed) == {"Team": ["p5@example.com"]}
    staffed.unchanged()


def test_a_first_exclusive_list_that_removes_many_needs_a_second_yes_in_the_preview(staffed: Project) -> None:
    declare(staffed, FIRST.format(""))
    staffed.up()
    change(staffed, "prod", {person(number): "user" for number in range(15)})
    alone = f'listed("all", prod, [{ADA}], exclusive=True'
    declare(staffed, FIRST.format(f"{alone})"))
    refused = staffed.fail("preview", "--stack", "dev")
    assert line_with("15 of 16 would be removed .93 %.; more than 30 % .* allow_large_removal=True", refused)
    declare(staffed, FIRST.format(f"{alone}, allow_large_removal=True)"))
    (said,) = told(staffed.preview())
    assert all(person(number) in said for number in range(15))
    staffed.up()
    assert access(staffed)["prod"] == {}


GROUPS = """
prod = aws("prod")
new = encord.OrganizationUser("new", email="New@Example.com")
teams = [encord.UserGroup(name, name=name.title()) for name in {0}]
rows = [{{"group": team, "role": "user"}} for team in teams]
listed("all", prod, [*people(range(8)), {{"user": new, "role": "user"}}, *rows])
encord.UserGroupMembers("users", group=teams[0], users=[new])
"""


def planned(project: Project) -> str:
    """A preview that is saved, and then done as it was saved."""
    preview = project.preview("--save-plan", "plan.json")
    project.up("--plan", "plan.json")
    project.unchanged()
    return preview


def test_one_new_group_is_one_addition_by_its_name_and_the_plan_is_kept_to(staffed: Project) -> None:
    declare(staffed, GROUPS.format(["labelers"]))
    assert "Labelers: {" in planned(staffed)
    declare(staffed, GROUPS.format(["labelers", "crew"]))
    preview = planned(staffed)
    members = preview.partition("~ members: {")[2].partition("Resources:")[0]
    assert "+ Crew: {" in members
    assert "[unknown]" in members
    assert "Labelers" not in members
    assert "@" not in members
    assert access(staffed)["prod"].keys() >= {"Crew", "Labelers", "new@example.com"}
    staffed.refresh()
    staffed.unchanged()


KEEP = """
prod, lab = aws("prod"), aws("lab")
listed("some", prod, people({0}, "admin") + people([2]), on_delete="keep")
member("one", lab, "{1}", "admin", on_delete="keep")
"""


def test_whoever_keeps_the_admin_role_is_told_in_the_preview(staffed: Project) -> None:
    declare(staffed, KEEP.format([0, 1], P0))
    staffed.up()
    declare(staffed, KEEP.format([1], P1))
    keeps = [f'{P0} keeps the Admin role on "{title}"' for title in ("lab", "prod")]
    assert told(staffed.preview()) == sorted([*keeps, f"{P1} becomes an Admin, {FOR_GOOD}"])
    staffed.up()
    assert access(staffed) == {
        "prod": {P0: "admin", P1: "admin", P2: "user"},
        "lab": {P0: "admin", P1: "admin"},
    }


SUPPORT = """
prod, lab = aws("prod"), aws("lab")
listed("some", prod, people({0}, "admin"))
listed("few", lab, people([2], "{1}"))
{2}
"""


def test_an_admin_whom_support_removed_is_taken_out_of_the_program_without_a_refresh(
    staffed: Project,
) -> None:
    one = 'member("one", prod, "p3@example.com", "admin")'
    declare(staffed, SUPPORT.format([0, 1], "admin", one))
    staffed.up()
    declare(staffed, SUPPORT.format([1], "user", ""))
    refused = staffed.fail("preview", "--stack", "dev")
    # Which of the two lists is asked first is the engine's to say.
    assert any(f"{who} is an Admin" in refused for who in (P0, P2))
    for title, who in (("prod", P0), ("prod", P3), ("lab", P2)):
        removed_by_support(staffed, title, who)
    staffed.preview()
    staffed.up()
    assert access(staffed) == {"prod": {P1: "admin"}, "lab": {P2: "user"}}
    staffed.unchanged()


WHOLE = """
prod, lab = aws("prod"), aws("lab")
team = encord.UserGroup("team", name="Team")
{0}
"""
ALL = f"""
rows = [{ADA}, *people([0], "admin"), *people([1]), {{"group": team, "role": "admin"}}]
listed("all", prod, rows, exclusive=True)
"""
SOME = 'listed("some", {}, people([0, 3], "admin") + people([2]))'


def test_taking_out_a_whole_list_keeps_its_admins_by_name_and_wedges_nothing(staffed: Project) -> None:
    declare(staffed, WHOLE.format(ALL + SOME.format("lab")))
    staffed.up()
    declare(staffed, WHOLE.format(f"old = aws('old'); {SOME.format('old')}{ALL}"))
    assert told(staffed.preview()) == [
        f"{P0}, {P3} become Admins, {FOR_GOOD}",
        f"{P0}, {P3} get access to an integration that is still to be made",
        f'{P0}, {P3} keep the Admin role on "lab"',
        f'{P2} moves from "lab" to an integration that is still to be made',
    ]
    assert f'{P0}, {P3} stay Admins of "lab": individual Admins cannot be removed' in staffed.up()
    assert access(staffed)["lab"] == {P0: "admin", P3: "admin"}
    declare(staffed, WHOLE.format(""))
    assert f'{USER}, {P0} stay Admins of "prod"' in staffed.up()
    assert access(staffed) == {"prod": {P0: "admin"}, "lab": {P0: "admin", P3: "admin"}}
    staffed.unchanged()
    declare(staffed, WHOLE.format("").replace('aws("lab")', 'aws("lab", title="Lab")'))
    assert operations(staffed.up()) == {"updated": 1}


UNKNOWN = """
listed("strangers", prod, people([77]) + [{{"group": "{0}", "role": "user"}}])
"""


def test_what_the_api_knows_before_is_refused_in_the_preview(staffed: Project) -> None:
    declare(staffed, FIRST.format(""))
    staffed.up()
    lab = uuid_of(staffed, "lab")
    with closing(sqlite3.connect(staffed.folder / "encord.sqlite")) as database, database:
        database.execute("DELETE FROM members WHERE integration = ? AND email = ?", (lab, USER))
    declare(staffed, FIRST.format(UNKNOWN.format(lab)))
    refused = staffed.fail("preview", "--stack", "dev")
    assert line_with("p77@example.com is not part of the organization", refused)
    assert line_with(f"there is no user group {lab}", refused)
    theirs = f'member("theirs", lab, "{P0}"'
    declare(staffed, FIRST.format(f"{theirs})"))
    refused = staffed.fail("preview", "--stack", "dev")
    assert line_with(f'{USER} is not an Admin of "lab"; ask one of its Admins', refused)
    joins = 'after = pulumi.ResourceOptions(depends_on=[encord.IntegrationJoin("j", integration=lab)])\n'
    declare(staffed, FIRST.format(f"{joins}{theirs}, opts=after)"))
    assert told(staffed.preview()) == [f'{USER} becomes an Admin of "lab", {FOR_GOOD}']
    staffed.up()
    assert access(staffed) == {"prod": {}, "lab": {P0: "user"}}
