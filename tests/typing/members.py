"""Checked by type checkers alone, never run: who may use an integration."""

from collections.abc import Mapping, Sequence
from typing import Literal, assert_type

import pulumi

from pulumi_encord_integrations import (
    AwsIntegration,
    Integration,
    IntegrationJoin,
    IntegrationMember,
    IntegrationMembers,
    ListedGroup,
    ListedMembers,
    MemberArgs,
    OrganizationUser,
    UserGroup,
)

Role = Literal["admin", "user"]


def every_output_of_a_member_has_its_type(made: IntegrationMember) -> None:
    assert_type(made.integration, pulumi.Output[str])
    assert_type(made.user, pulumi.Output[str | None])
    assert_type(made.group, pulumi.Output[str | None])
    assert_type(made.role, pulumi.Output[Role])
    assert_type(made.live_role, pulumi.Output[Role])
    assert_type(made.adopted, pulumi.Output[bool])
    assert_type(made.organization, pulumi.Output[str])
    assert_type(IntegrationMember.get("n", made.id), IntegrationMember)


def every_output_of_a_list_has_its_type(made: IntegrationMembers) -> None:
    assert_type(made.integration, pulumi.Output[str])
    assert_type(made.members, pulumi.Output[ListedMembers])
    assert_type(made.exclusive, pulumi.Output[bool])
    assert_type(made.unmanaged_admins, pulumi.Output[Sequence[str]])
    assert_type(made.live_roles, pulumi.Output[Mapping[str, Role]])
    assert_type(IntegrationMembers.get("n", "uuid"), IntegrationMembers)
    made.members.apply(every_part_of_deployed_members_has_its_type)


def every_part_of_deployed_members_has_its_type(members: ListedMembers) -> None:
    assert_type(members["users"], Mapping[str, Role])
    assert_type(members["groups"], Mapping[str, ListedGroup])
    assert_type(members["groups"]["Team"]["id"], str)
    assert_type(members["groups"]["Team"]["role"], Role)


def every_output_of_a_join_has_its_type(made: IntegrationJoin) -> None:
    assert_type(made.integration, pulumi.Output[str])
    assert_type(made.user, pulumi.Output[str])
    assert_type(made.role, pulumi.Output[Role])
    assert_type(IntegrationJoin.get("n", made.id), IntegrationJoin)


def resources_stand_for_their_names(where: AwsIntegration, who: OrganizationUser, team: UserGroup) -> None:
    IntegrationMember("user", integration=where, user=who, role="admin")
    IntegrationMember("group", integration=where.id, group=team, role="user", on_delete="keep")
    IntegrationMembers("all", integration=where, members=[{"user": who, "role": "user"}], exclusive=True)
    IntegrationJoin("join", integration=where, on_delete="remove")


def what_is_known_later_is_welcome(
    text: pulumi.Output[str], role: pulumi.Output[Role], rows: pulumi.Output[list[MemberArgs]]
) -> None:
    IntegrationMember("m", integration=text, user=text, role=role, opts=None)
    IntegrationMember("n", integration=text, user=None, group=text, role=role)
    IntegrationMembers(
        "l", integration=text, members=[{"user": text, "role": role}, {"group": text, "role": role}]
    )
    IntegrationMembers("o", integration=text, members=rows, allow_large_removal=True)
    other = IntegrationMembers.get("q", text)
    IntegrationMembers("r", integration=text, members=other.members)
    IntegrationMembers("p", integration=text, members={"ada@example.com": "admin", "mia@example.com": role})


def lists_may_be_put_together(where: Integration, emails: Sequence[str]) -> None:
    users: list[MemberArgs] = [{"user": email, "role": "user"} for email in emails]
    lead: MemberArgs = {"user": "ada@example.com", "role": "admin"}
    IntegrationMembers("l", integration=where, members=[lead, *users])
    IntegrationMembers("t", integration=where, members=(lead,), opts=pulumi.ResourceOptions(protect=True))


def mistakes_are_found(where: Integration, made: IntegrationMember, team: UserGroup) -> None:
    IntegrationMember("m", integration=where, user="a@example.com")  # type: ignore[call-arg]
    IntegrationMember("m", integration=where, user="a@example.com", role="owner")  # type: ignore[arg-type]
    IntegrationMember("m", integration=where, user=team, role="user")  # type: ignore[arg-type]
    IntegrationMember("m", integration=made, user="a@example.com", role="user")  # type: ignore[arg-type]
    IntegrationMember("m", integration=where, role="user", on_delete="retain")  # type: ignore[arg-type]
    IntegrationMember("m", integration=where, users=["a@example.com"], role="user")  # type: ignore[call-arg]
    IntegrationMembers("l", integration=where, members=["a@example.com"])  # type: ignore[list-item]
    IntegrationMembers("l", integration=where, members=[{"user": "a@example.com"}])  # type: ignore[list-item]
    IntegrationMembers("l", integration=where, members={"a@example.com": "owner"})  # type: ignore[dict-item]
    IntegrationJoin("j", integration=where, role="admin")  # type: ignore[call-arg]
    print(made.email)  # type: ignore[attr-defined]
