"""User groups, their users and users of the organization on the real engine."""

import pytest

from pulumi_encord_integrations.client import groups, organization_users
from tests.support.engine import UP, Project, line_with, operations
from tests.support.members import (
    access,
    declare,
    group_uuid,
    in_groups,
    in_organization,
    outputs_of,
    person,
    populate,
)

ALL = """
class Team(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("toy:index:Team", name)
        below = pulumi.ResourceOptions(parent=self)
        prod = aws("prod", opts=below)
        join = encord.IntegrationJoin("join", integration=prod, opts=below)
        after = pulumi.ResourceOptions(parent=self, depends_on=[join])
        hired = [f"new{{n}}@example.com" for n in range(20)]
        for email in hired:
            encord.OrganizationUser(email, email=email, role="{role}", opts=below)
        team = encord.UserGroup("team", name="{team}", opts=below)
        encord.UserGroupMembers("in-team", group=team, users=[*hired, "p0@example.com"], opts=after)
        encord.IntegrationMember("team-on", integration=prod, group=team, role="user", opts=after)
        listed("many", prod, [{{"user": email, "role": "user"}} for email in hired], opts=after)
        self.register_outputs({{}})

Team("box")
"""
HIRED = [f"new{n}@example.com" for n in range(20)]


@pytest.fixture
def staffed(project: Project) -> Project:
    return populate(project, 5)


def test_all_six_live_in_a_component_and_change_in_place(staffed: Project) -> None:
    declare(staffed, ALL.format(role="MEMBER", team="Team"))
    staffed.up()
    staffed.unchanged()
    assert in_groups(staffed) == {"Team": sorted([*HIRED, person(0)])}
    assert access(staffed) == {"prod": {**dict.fromkeys(HIRED, "user"), "Team": "user"}}
    declare(staffed, ALL.format(role="TASKER", team="Crew"))
    assert operations(staffed.up()) == {"updated": 21}
    assert {in_organization(staffed)[email] for email in HIRED} == {"TASKER"}
    assert in_groups(staffed).keys() == {"Crew"}
    staffed.destroy()
    assert (staffed.living(), in_groups(staffed)) == ({}, {})
    assert in_organization(staffed).keys() == {person(n) for n in range(5)}


GROUP = """
prod = aws("prod")
team = encord.UserGroup("team", name="Team")
encord.UserGroupMembers("some", group=team, users=["p0@example.com", "P1@example.com"])
encord.IntegrationMember("on", integration=prod, group=team, role="user")
crew = encord.UserGroup("crew", name="Crew")
encord.UserGroupMembers("all", group=crew, users=["p0@example.com", "p1@example.com"], exclusive=True)
user = encord.OrganizationUser("user", email="NEW@example.com")
"""


def test_a_group_deleted_behind_its_back_is_made_again_with_all_it_had(staffed: Project) -> None:
    declare(staffed, GROUP)
    staffed.up()
    client = staffed.api()
    groups.delete(client, group_uuid(staffed, "Team"), None)
    organization_users.remove(client, "new@example.com")
    crew = group_uuid(staffed, "Crew")
    groups.remove_users(client, crew, [person(0)])
    groups.add_users(client, crew, [person(3)])
    assert operations(staffed.refresh()) == {"deleted": 4, "updated": 1}
    staffed.up()
    both = [person(0), person(1)]
    assert in_groups(staffed) == {"Team": both, "Crew": both}
    assert access(staffed) == {"prod": {"Team": "user"}}
    assert "new@example.com" in in_organization(staffed)
    assert outputs_of(staffed, "user")["adopted"] is False
    staffed.unchanged()


def test_who_is_not_part_of_the_organization_cannot_be_put_into_a_group(staffed: Project) -> None:
    team = 'encord.UserGroup("team", name="T")'
    declare(staffed, f'encord.UserGroupMembers("a", group={team}, users=["p77@example.com"])')
    assert line_with("p77@example.com", staffed.fail(*UP, "--stack", "dev"))
    assert in_groups(staffed) == {"T": []}
