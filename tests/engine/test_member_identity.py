"""Renames, moves, replacements and lost state leave everybody's access as it is declared."""

import pytest

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
    urn,
)

NAMED = """
prod = aws("prod")
team = encord.UserGroup("team", name="Team")
def named(suffix, opts=lambda name: None):
    member("one" + suffix, prod, "p0@example.com", opts=opts("one"))
    member("boss" + suffix, prod, "p1@example.com", "admin", opts=opts("boss"))
    encord.IntegrationMember("team" + suffix, integration=prod, group=team, role="user", opts=opts("team"))
    listed("many" + suffix, prod, people([2]) + people([3], "admin"), opts=opts("many"))
    encord.UserGroupMembers("users" + suffix, group=team, users=["p4@example.com"], opts=opts("users"))
    encord.OrganizationUser("new" + suffix, email="new@example.com", opts=opts("new"))
"""
KINDS = {
    "one": "IntegrationMember",
    "boss": "IntegrationMember",
    "team": "IntegrationMember",
    "many": "IntegrationMembers",
    "users": "UserGroupMembers",
    "new": "OrganizationUser",
}
NAMED_ACCESS = {person(0): "user", person(1): "admin", "Team": "user", person(2): "user", person(3): "admin"}


@pytest.fixture
def staffed(project: Project) -> Project:
    return populate(project, 20)


def named(project: Project, words: str) -> None:
    declare(project, f"{NAMED}\nnamed({words})")


def assert_all_there(project: Project) -> None:
    assert access(project) == {"prod": NAMED_ACCESS}
    assert in_groups(project) == {"Team": [person(4)]}
    assert "new@example.com" in in_organization(project)


def test_a_rename_with_or_without_alias_leaves_all_access(staffed: Project) -> None:
    named(staffed, '""')
    staffed.up()
    named(staffed, '"-b"')
    assert operations(staffed.up()) == {"created": 6, "deleted": 6}
    assert_all_there(staffed)
    staffed.unchanged()
    named(staffed, '"-c", lambda name: alias(name + "-b")')
    assert operations(staffed.up()).keys() == {"unchanged"}
    assert_all_there(staffed)


def test_a_forced_replacement_leaves_all_access(staffed: Project) -> None:
    named(staffed, '""')
    staffed.up()
    urns = [urn(kind, name) for name, kind in KINDS.items()]
    staffed.up(*(word for each in urns for word in ("--target-replace", each)))
    assert_all_there(staffed)
    staffed.unchanged()
    staffed.destroy()
    assert access(staffed) == {}
    assert "new@example.com" not in in_organization(staffed)


def test_without_the_generation_a_rename_would_take_the_access_away(staffed: Project) -> None:
    named(staffed, '"-a", lambda name: pulumi.ResourceOptions(retain_on_delete=name == "boss")')
    staffed.up()
    named(staffed, '"-b", lambda name: pulumi.ResourceOptions(retain_on_delete=name == "boss")')
    staffed.run(*UP, "--stack", "dev", env={"ENCORD_TEST_FAULT": "no-generation"})
    assert person(0) not in access(staffed)["prod"]


MOVED = {
    "before": """
prod = aws("prod")
member("user-to-single", prod, "p0@example.com")
member("boss-to-single", prod, "p1@example.com", "admin")
listed("first", prod, [])
listed("second", prod, people([2, 5]) + people([3], "admin"))
member("user-to-list", prod, "p6@example.com")
member("boss-to-list", prod, "p7@example.com", "admin")
listed("third", prod, people([8]) + people([9], "admin"))
""",
    "after": """
prod = aws("prod")
member("user-of-single", prod, "p0@example.com")
member("boss-of-single", prod, "p1@example.com", "admin")
member("user-of-list", prod, "p2@example.com")
member("boss-of-list", prod, "p3@example.com", "admin")
listed("first", prod, people([6, 8]) + people([7, 9], "admin"))
listed("second", prod, people([5]))
listed("third", prod, [])
""",
}


def test_a_principal_moves_between_resources_in_one_up(staffed: Project) -> None:
    declare(staffed, MOVED["before"])
    staffed.up()
    users = dict.fromkeys(map(person, (0, 2, 5, 6, 8)), "user")
    everybody = {**users, **dict.fromkeys(map(person, (1, 3, 7, 9)), "admin")}
    assert access(staffed) == {"prod": everybody}
    declare(staffed, MOVED["after"])
    staffed.up()
    assert access(staffed) == {"prod": everybody}
    staffed.unchanged()


def test_admins_swap_lists_whatever_is_declared_first(staffed: Project) -> None:
    lists = 'prod = aws("prod"); boss(1, A); boss(2, B)'
    lists = f"def boss(name, n): listed(f'{{name}}', prod, people([n], 'admin'))\n{lists}"
    declare(staffed, lists.replace("A", "1").replace("B", "3"))
    staffed.up()
    before = access(staffed)
    declare(staffed, lists.replace("A", "3").replace("B", "1"))
    assert operations(staffed.up()) == {"updated": 2}
    assert access(staffed) == before
    staffed.unchanged()


def test_a_member_lost_from_the_state_is_taken_over_under_another_name(staffed: Project) -> None:
    declare(staffed, 'prod = aws("prod"); member("old", prod, "p0@example.com")')
    staffed.up()
    staffed.succeed("state", "delete", "--yes", urn("IntegrationMember", "old"), "--stack", "dev")
    declare(staffed, 'prod = aws("prod"); member("new", prod, "p0@example.com")')
    staffed.up()
    assert outputs_of(staffed, "new")["adopted"] is True
    assert access(staffed) == {"prod": {person(0): "user"}}
    staffed.unchanged()


def test_members_follow_an_integration_that_is_replaced(staffed: Project) -> None:
    body = """
prod = aws("prod", strict_client_only=STRICT)
member("one", prod, "p0@example.com")
member("boss", prod, "p1@example.com", "admin")
listed("many", prod, people([2]) + people([3], "admin"))
"""
    declare(staffed, body.replace("STRICT", "False"))
    staffed.up()
    before = access(staffed)
    first = staffed.state()["prod"]
    declare(staffed, body.replace("STRICT", "True"))
    staffed.up()
    assert access(staffed) == before
    assert staffed.state()["prod"] != first
    staffed.unchanged()
    staffed.destroy()
    assert staffed.living() == {}


@pytest.mark.parametrize(
    ("left", "taken_out"),
    [
        ('listed("many", prod, [{"user": "new@example.com", "role": "admin"}])', "OrganizationUser"),
        ('member("one", prod, "new@example.com")', "OrganizationUser"),
        ('encord.IntegrationMember("g", integration=prod, group="UUID", role="user")', "UserGroup"),
    ],
)
def test_who_is_still_declared_is_not_taken_out_under_the_declaration(
    staffed: Project, left: str, taken_out: str
) -> None:
    parts = {
        "OrganizationUser": 'encord.OrganizationUser("new", email="new@example.com")',
        "UserGroup": 'encord.UserGroup("team", name="Team")',
    }
    program = "\n".join(['prod = aws("prod")', *parts.values()])
    declare(staffed, program)
    staffed.up()
    left = left.replace("UUID", group_uuid(staffed, "Team"))
    declare(staffed, f"{program}\n{left}")
    staffed.up()
    granted = access(staffed)
    declare(staffed, f"{program}\n{left}".replace(parts[taken_out], ""))
    assert line_with("is still declared as a member of", staffed.fail(*UP, "--stack", "dev"))
    assert access(staffed) == granted
    declare(staffed, "")
    staffed.up()
    assert access(staffed) == {}


@pytest.mark.parametrize("kind", ['OrganizationUser("u", email="n@example.com"', 'UserGroup("g", name="G"'])
def test_nobody_is_deleted_before_being_replaced(staffed: Project, kind: str) -> None:
    declare(staffed, f"encord.{kind}, opts=pulumi.ResourceOptions(delete_before_replace=True))")
    assert "cannot use delete_before_replace" in staffed.fail("preview", "--stack", "dev")
