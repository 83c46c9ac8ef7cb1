"""Checked by type checkers alone, never run: user groups and their users."""

from collections.abc import Mapping
from typing import assert_type

import pulumi

from pulumi_encord_integrations import OrganizationUser, UserGroup, UserGroupMembers


def every_output_of_a_group_has_its_type(made: UserGroup) -> None:
    assert_type(made.id, pulumi.Output[str])
    assert_type(made.name, pulumi.Output[str])
    assert_type(made.description, pulumi.Output[str])
    assert_type(made.created_at, pulumi.Output[str])
    assert_type(made.adopted, pulumi.Output[bool])
    assert_type(made.adopts, pulumi.Output[str | None])
    assert_type(made.organization, pulumi.Output[str])
    assert_type(UserGroup.get("n", made.id), UserGroup)


def every_output_of_a_group_s_users_has_its_type(made: UserGroupMembers) -> None:
    assert_type(made.group, pulumi.Output[str])
    assert_type(made.users, pulumi.Output[Mapping[str, str]])
    assert_type(made.exclusive, pulumi.Output[bool])
    assert_type(UserGroupMembers.get("n", "uuid"), UserGroupMembers)


def inputs_may_be_written_in_many_ways(
    text: pulumi.Output[str], flag: pulumi.Output[bool], team: UserGroup, who: OrganizationUser
) -> None:
    UserGroup("g", name=text, description=text, adopt=flag, opts=pulumi.ResourceOptions(protect=True))
    UserGroup("h", name="Labelers", adopt="0d2e7f0e-5a0f-4c8c-8a53-6f3a1c9b7e10", adopt_from=text, opts=None)
    UserGroupMembers("m", group=team, users=["ada@example.com", text, who], exclusive=True)
    UserGroupMembers("n", group=text, users=("ada@example.com",), on_delete="keep", allow_large_removal=flag)
    UserGroupMembers("o", group=team.id, users=text.apply(lambda line: line.split(",")))


def mistakes_are_found(made: UserGroup, who: OrganizationUser) -> None:
    UserGroup("g")  # type: ignore[call-arg]
    UserGroup("g", name=7)  # type: ignore[arg-type]
    UserGroup("g", title="Labelers")  # type: ignore[call-arg]
    UserGroupMembers("m", group=who, users=["ada@example.com"])  # type: ignore[arg-type]
    UserGroupMembers("m", group=made, users=[made])  # type: ignore[list-item]
    UserGroupMembers("m", group=made, users=["ada@example.com"], exclusive="yes")  # type: ignore[arg-type]
    print(made.users)  # type: ignore[attr-defined]
