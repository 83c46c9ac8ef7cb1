"""Single members and joins on the real engine, and what of them is refused."""

import pytest

from tests.support.engine import UP, USER, Project, line_with, operations
from tests.support.members import (
    access,
    change,
    declare,
    group_uuid,
    outputs_of,
    person,
    populate,
)

LIFE = """
prod = aws("prod")
team = encord.UserGroup("team", name="Team")
member("one", prod, "P0@Example.com", "{one}")
encord.IntegrationMember("team", integration=prod, group=team, role="{team}")
encord.IntegrationJoin("join", integration=prod)
again = encord.IntegrationMember.get("again", prod.id.apply(lambda id: f"{{id}}/ada@example.com"))
pulumi.export("got", again.live_role)
"""
REASON = (
    "is an Admin, and individuals with the Admin role can be neither removed nor demoted; contact support"
)


@pytest.fixture
def staffed(project: Project) -> Project:
    return populate(project, 20)


def test_the_life_of_single_members(staffed: Project) -> None:
    declare(staffed, LIFE.format(one="user", team="admin"))
    staffed.up()
    staffed.unchanged()
    assert access(staffed) == {"prod": {person(0): "user", "Team": "admin"}}
    assert outputs_of(staffed, "one")["user"] == person(0)
    team = f"group:{group_uuid(staffed, 'Team')}"
    change(staffed, "prod", {team: "user"}, [person(0)])
    assert operations(staffed.refresh()) == {"updated": 1, "deleted": 1}
    declare(staffed, LIFE.format(one="admin", team="admin"))
    assert operations(staffed.up()) == {"created": 1, "updated": 1}
    assert access(staffed) == {"prod": {person(0): "admin", "Team": "admin"}}
    assert staffed.outputs() == {"got": "admin"}
    staffed.destroy()
    assert staffed.living() == {}


ADMIN = 'prod, lab = aws("prod"), aws("lab"); '
MOVES = [
    'member("a", prod, "p0@example.com")',
    'member("a", prod, "p1@example.com", "admin")',
    'member("a", lab, "p0@example.com", "admin")',
]


def test_what_would_lower_an_individual_admin_is_refused_in_preview(staffed: Project) -> None:
    declare(staffed, ADMIN + 'member("a", prod, "p0@example.com", "admin")')
    staffed.up()
    for body in MOVES:
        declare(staffed, ADMIN + body)
        refused = line_with(f"{person(0)} {REASON}", staffed.fail("preview", "--stack", "dev"))
        assert 'deploy on_delete="keep" first' in refused
    declare(staffed, ADMIN + 'member("a", prod, "p0@example.com", "admin", on_delete="keep")')
    staffed.up()
    declare(staffed, ADMIN)
    assert f"is kept for {person(0)}: on_delete" in staffed.up()
    assert access(staffed) == {"prod": {person(0): "admin"}, "lab": {}}


JOINED = """
prod = aws("prod")
member("one", prod, "p0@example.com")
listed("many", prod, people([1]))
"""


def test_an_admin_who_joined_is_no_drift_but_told(staffed: Project) -> None:
    declare(staffed, JOINED)
    staffed.up()
    change(staffed, "prod", {person(0): "admin", person(1): "admin"})
    staffed.refresh()
    told = staffed.up()
    for who in (person(0), person(1)):
        assert line_with(f"warning: declared as user, but Admin by now: {who}", told)
    assert access(staffed)["prod"] == {person(0): "admin", person(1): "admin"}
    assert outputs_of(staffed, "one")["live_role"] == "admin"
    assert outputs_of(staffed, "many")["live_roles"] == {person(1): "admin"}
    staffed.destroy()
    assert staffed.living() == {}


FOREIGN = {
    "given": "where = '{uuid}'",
    "got": "where = AwsIntegration.get('theirs', '{uuid}')",
    "adopted": "where = aws('prod', adopt=True, adopt_from='toy/theirs')",
    "retained": "where = aws('mine', pulumi.ResourceOptions(retain_on_delete=True))",
}
THERE = """
{where}
member("one", where, "p0@example.com")
encord.IntegrationMember(
    "team", integration=where, group=encord.UserGroup("team", name="Team"), role="user"
)
member("kept", where, "p1@example.com", "admin", on_delete="keep")
{boss}
"""


@pytest.mark.parametrize("how", FOREIGN)
def test_members_of_what_outlives_the_stack_are_removed_or_refused(staffed: Project, how: str) -> None:
    declare(staffed, 'aws("prod")')
    staffed.new_stack("theirs")
    staffed.up(stack="theirs")
    (uuid,) = staffed.living()
    where = FOREIGN[how].format(uuid=uuid)
    boss = 'member("boss", where, "p2@example.com", "admin")'
    declare(staffed, THERE.format(where=where, boss=boss))
    staffed.up()
    refused = staffed.fail("destroy", "--yes", "--skip-preview", "--continue-on-error", "--stack", "dev")
    assert f"{person(2)} is an Admin" in refused
    assert f"is kept for {person(1)}: on_delete" in refused
    title = "mine" if how == "retained" else "prod"
    assert access(staffed)[title] == {person(1): "admin", person(2): "admin"}


def test_an_unknown_person_is_refused_at_up_and_nothing_changes(staffed: Project) -> None:
    declare(staffed, 'prod = aws("prod"); listed("many", prod, people([1]) + people([99]))')
    told = staffed.fail(*UP, "--stack", "dev")
    assert line_with(person(99), told)
    assert access(staffed) == {"prod": {}}
    assert USER not in line_with(person(99), told)
