"""Service accounts of a program: what they register, and that they stand wherever a user does."""

from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations import (
    IntegrationMember,
    IntegrationMembers,
    OrganizationUser,
    ServiceAccount,
    UserGroup,
    UserGroupMembers,
)
from tests.unit.resources.mocked import deploy

UUID, TEAM = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d", "3c0a1d52-6e7f-4b1d-8a11-9d2b7c5e4f60"
EMAIL = "ci-deploy@service-accounts.internal"


def account(name: Any = "ci-deploy", **more: Any) -> ServiceAccount:
    return ServiceAccount("account", name=name, **more)


def after(recorded: Any, name: str) -> set[str]:
    """Whom a resource waits for."""
    return {urn.rpartition("::")[2] for urn in recorded.named(name).dependencies}


def test_lists_that_are_left_out_are_not_registered() -> None:
    inputs = deploy(account).inputs("account")
    assert (inputs["name"], inputs["role"], inputs["auditor"]) == ("ci-deploy", "MEMBER", False)
    assert (inputs.get("keys"), inputs.get("federations")) == (None, None)
    assert deploy(lambda: account(keys=[])).inputs("account")["keys"] == []


def test_a_member_may_be_an_account_by_its_e_mail_known_beforehand() -> None:
    recorded = deploy(lambda: IntegrationMember("m", integration=UUID, user=account(), role="admin"))
    assert recorded.inputs("m")["user"] == EMAIL
    assert after(recorded, "m") == {"encord", "account"}


def test_lists_of_members_and_groups_take_accounts() -> None:
    def program() -> None:
        made = account()
        IntegrationMembers("m", integration=UUID, members=[{"user": made, "role": "user"}])
        UserGroupMembers("g", group=TEAM, users=[made, "ada@example.com"])

    recorded = deploy(program)
    assert recorded.inputs("m")["members"] == {"users": {EMAIL: "user"}, "groups": {}}
    assert recorded.inputs("g")["users"] == [EMAIL, "ada@example.com"]
    assert "account" in after(recorded, "m") & after(recorded, "g")


def test_whoever_names_an_account_by_its_e_mail_waits_for_it() -> None:
    def program() -> None:
        account()
        IntegrationMember("m", integration=UUID, user=EMAIL, role="user")

    assert after(deploy(program), "m") == {"encord", "account"}


def test_an_account_whose_name_comes_later_is_named_by_its_output() -> None:
    def program() -> None:
        IntegrationMember(
            "m", integration=UUID, user=account(pulumi.Output.from_input("ci-deploy")), role="user"
        )

    assert "account" in after(deploy(program), "m")


def test_an_account_that_is_declared_twice_on_an_integration_is_refused() -> None:
    def program() -> None:
        IntegrationMember("a", integration=UUID, user=account(), role="user")
        IntegrationMember("b", integration=UUID, user=EMAIL, role="user")

    with pytest.raises(pulumi.RunError, match=f"{EMAIL} is declared twice"):
        deploy(program)


def test_what_is_no_user_is_refused_by_name() -> None:
    said = "user: takes an e-mail, an OrganizationUser or a ServiceAccount, not UserGroup"
    with pytest.raises(pulumi.RunError, match=said):
        deploy(lambda: IntegrationMember("m", integration=UUID, user=UserGroup("g", name="G"), role="user"))  # type: ignore[arg-type]


def test_an_account_is_not_deleted_first() -> None:
    opts = pulumi.ResourceOptions(delete_before_replace=True)
    with pytest.raises(pulumi.RunError, match="ServiceAccount cannot use delete_before_replace"):
        deploy(lambda: account(opts=opts))


def test_an_auditor_is_registered_as_one() -> None:
    recorded = deploy(lambda: OrganizationUser("u", email="ada@example.com", auditor=True))
    assert recorded.inputs("u")["auditor"] is True
