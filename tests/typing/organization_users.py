"""Checked by type checkers alone, never run: users of the organization."""

from typing import Literal, assert_type

import pulumi

from pulumi_encord_integrations import OrganizationUser

Role = Literal["ADMIN", "MEMBER", "TASKER", "WORKFORCE_MANAGER"]
Kind = Literal["internal", "external"]


def every_output_has_its_type(made: OrganizationUser) -> None:
    assert_type(made.id, pulumi.Output[str])
    assert_type(made.email, pulumi.Output[str])
    assert_type(made.role, pulumi.Output[Role])
    assert_type(made.member_type, pulumi.Output[Kind])
    assert_type(made.suspended, pulumi.Output[bool])
    assert_type(made.auditor, pulumi.Output[bool])
    assert_type(made.created_at, pulumi.Output[str])
    assert_type(made.adopted, pulumi.Output[bool])
    assert_type(made.organization, pulumi.Output[str])
    assert_type(OrganizationUser.get("n", "ada@example.com"), OrganizationUser)


def inputs_may_be_written_in_many_ways(
    text: pulumi.Output[str],
    role: pulumi.Output[Role],
    kind: pulumi.Output[Kind],
    flag: pulumi.Output[bool],
) -> None:
    OrganizationUser("a", email="ada@example.com")
    OrganizationUser("b", email=text, role=role, member_type=kind, on_delete="keep", opts=None)
    OrganizationUser("c", email=text, role="TASKER", member_type="external", suspended=True)
    OrganizationUser("d", email=text, suspended=flag, auditor=flag)


def mistakes_are_found(made: OrganizationUser) -> None:
    OrganizationUser("a")  # type: ignore[call-arg]
    OrganizationUser("a", email=["ada@example.com"])  # type: ignore[arg-type]
    OrganizationUser("a", email="ada@example.com", role="admin")  # type: ignore[arg-type]
    OrganizationUser("a", email="ada@example.com", member_type="guest")  # type: ignore[arg-type]
    OrganizationUser("a", email="ada@example.com", suspended="yes")  # type: ignore[arg-type]
    OrganizationUser("a", email="ada@example.com", adopt=True)  # type: ignore[call-arg]
    print(made.user)  # type: ignore[attr-defined]
