"""What groups and users of the organization register."""

from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations import OrganizationUser, UserGroup, UserGroupMembers
from tests.unit.resources.mocked import deploy

TEAM = "3c0a1d52-6e7f-4b1d-8a11-9d2b7c5e4f60"
TOKEN = "pulumi-python:dynamic/encord:UserGroup"


def test_a_group_is_declared_with_its_place() -> None:
    recorded = deploy(lambda: UserGroup("team", name="Team", adopt=True))
    inputs = recorded.inputs("team")
    # A description that is left out stays as it is: it is not sent as an empty one.
    assert (inputs["name"], inputs["adopt"], "description" in inputs) == ("Team", True, False)
    assert recorded.path("team") == f"{TOKEN}::team"
    assert inputs["declared_as"]["stack_id"] == "id-of-encord"


def test_users_of_a_group_are_sent_as_written() -> None:
    users = ["Ada@Example.com", "mia@example.com"]
    recorded = deploy(lambda: UserGroupMembers("m", group=TEAM, users=users, allow_large_removal=True))
    sent = recorded.inputs("m")
    assert (sent["group"], sent["users"]) == (TEAM, users)
    assert (sent["exclusive"], sent["on_delete"], sent["allow_large_removal"]) == (False, "remove", True)
    assert "declared_as" not in sent


def test_users_may_all_be_known_later() -> None:
    later = pulumi.Output.from_input(["ada@example.com"])
    recorded = deploy(lambda: UserGroupMembers("m", group=TEAM, users=later))
    assert recorded.inputs("m")["users"] == ["ada@example.com"]


def test_a_user_is_sent_with_the_defaults() -> None:
    sent = deploy(lambda: OrganizationUser("ada", email="ada@example.com")).inputs("ada")
    expected = {
        "email": "ada@example.com",
        "role": "MEMBER",
        "member_type": "internal",
        "on_delete": "remove",
    }
    assert {name: sent[name] for name in expected} == expected
    assert "declared_as" not in sent


@pytest.mark.parametrize(
    "declare",
    [
        lambda opts: UserGroup("r", name="Team", opts=opts),
        lambda opts: UserGroupMembers("r", group=TEAM, users=[], opts=opts),
        lambda opts: OrganizationUser("r", email="ada@example.com", opts=opts),
    ],
)
def test_options_of_the_program_are_kept_beside_ours(declare: Any) -> None:
    def program() -> None:
        first = OrganizationUser("first", email="first@example.com")
        declare(pulumi.ResourceOptions(depends_on=[first], protect=True))

    request = deploy(program).named("r")
    assert request.protect
    assert {urn.rpartition("::")[2] for urn in request.dependencies} == {"encord", "first"}
