"""Checked by type checkers alone, never run: service accounts of the organization."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, assert_type

import pulumi

from pulumi_encord_integrations import (
    FederationArgs,
    IntegrationMember,
    IntegrationMembers,
    ServiceAccount,
    ServiceAccountKeyArgs,
    UserGroupMembers,
)

Role = Literal["ADMIN", "MEMBER"]
KEY: ServiceAccountKeyArgs = {"name": "main", "public_key": "ssh-ed25519 AAAA", "scope": "write"}
TOKENS: FederationArgs = {
    "issuer": "https://token.actions.githubusercontent.com",
    "audience": "encord",
    "subject": "repo:acme/data:ref:refs/heads/main",
    "scope": "write",
}


def every_output_has_its_type(made: ServiceAccount) -> None:
    assert_type(made.id, pulumi.Output[str])
    assert_type(made.name, pulumi.Output[str])
    assert_type(made.email, pulumi.Output[str])
    assert_type(made.role, pulumi.Output[Role])
    assert_type(made.auditor, pulumi.Output[bool])
    assert_type(made.suspended, pulumi.Output[bool])
    assert_type(made.description, pulumi.Output[str])
    assert_type(made.keys, pulumi.Output[Sequence[Mapping[str, Any]] | None])
    assert_type(made.federations, pulumi.Output[Sequence[Mapping[str, Any]] | None])
    assert_type(made.created_at, pulumi.Output[str])
    assert_type(made.adopted, pulumi.Output[bool])
    assert_type(made.organization, pulumi.Output[str])
    assert_type(ServiceAccount.get("n", "ci-deploy"), ServiceAccount)


def inputs_may_be_written_in_many_ways(
    text: pulumi.Output[str],
    role: pulumi.Output[Role],
    flag: pulumi.Output[bool],
    scope: pulumi.Output[Literal["read", "write"]],
) -> None:
    ServiceAccount("a", name="ci-deploy")
    ServiceAccount("b", name=text, role=role, auditor=flag, suspended=flag, description=text, opts=None)
    ServiceAccount("c", name="ci-deploy", role="ADMIN", keys=[KEY], federations=[TOKENS], on_delete="keep")
    ServiceAccount("d", name="ci-deploy", keys=[{"name": text, "public_key": text, "scope": scope}])
    ServiceAccount("e", name="ci-deploy", keys=[{**KEY, "expires_at": "2030-01-01"}], federations=[])


def an_account_stands_wherever_a_user_does(account: ServiceAccount) -> None:
    IntegrationMember("a", integration="uuid", user=account, role="admin")
    IntegrationMembers("b", integration="uuid", members=[{"user": account, "role": "user"}])
    UserGroupMembers("c", group="uuid", users=[account, "ada@example.com"])


def mistakes_are_found(account: ServiceAccount) -> None:
    ServiceAccount("a")  # type: ignore[call-arg]
    ServiceAccount("a", name="ci-deploy", role="TASKER")  # type: ignore[arg-type]
    ServiceAccount("a", name="ci-deploy", auditor="yes")  # type: ignore[arg-type]
    ServiceAccount("a", name="ci-deploy", keys=[{"name": "main"}])  # type: ignore[list-item]
    ServiceAccount("a", name="ci-deploy", email="ci@example.com")  # type: ignore[call-arg]
    print(account.member_type)  # type: ignore[attr-defined]
