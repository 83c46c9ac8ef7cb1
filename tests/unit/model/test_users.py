"""What may be declared and sent of users of the organization."""

from typing import Any

import pytest

from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.model.users import (
    DeclaredOrganizationUser,
    OrganizationUserChange,
    OrganizationUserSpec,
    OrganizationUserView,
)

ADA = "ada@example.com"


def _problems(model: type[Sent], value: Any) -> list[str]:
    return [str(problem) for problem in model.examine(value)[1]]


@pytest.mark.parametrize("role", ["ADMIN", "MEMBER", "TASKER", "WORKFORCE_MANAGER"])
@pytest.mark.parametrize("kind", ["internal", "external"])
def test_only_internal_members_are_admins(role: str, kind: str) -> None:
    problems = _problems(OrganizationUserSpec, {"email": ADA, "role": role, "member_type": kind})
    said = ["member_type: only internal members can hold the role ADMIN"]
    assert problems == (said if (role, kind) == ("ADMIN", "external") else [])


def test_on_the_wire_the_names_are_encords() -> None:
    spec = OrganizationUserSpec(email="ADA@Example.com", role="TASKER", member_type="external")
    flags = {"suspended": False, "auditor": False}
    wire = {"email": ADA, "roleMnemonicName": "TASKER", "memberType": "external", **flags}
    assert spec.to_wire() == wire
    assert OrganizationUserSpec.model_validate(wire) == spec


def test_a_declared_user_is_an_internal_member_who_goes_with_the_declaration() -> None:
    user = DeclaredOrganizationUser.model_validate({"email": ADA})
    assert (user.role, user.member_type, user.on_delete) == ("MEMBER", "internal", "remove")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "email: is required"),
        ({"email": "ada"}, "email: must be an e-mail address such as ada@example.com"),
        ({"email": ADA, "role": "Admin"}, "role: must be ADMIN, MEMBER, TASKER or WORKFORCE_MANAGER"),
        ({"email": ADA, "member_type": "guest"}, "member_type: must be internal or external"),
        ({"email": ADA, "roles": "ADMIN"}, 'roles: unknown key "roles"; did you mean "role"?'),
        ({"email": ADA, "role": "ADMIN", "roleMnemonicName": "ADMIN"}, "role: is given twice, as role"),
    ],
)
def test_what_is_wrong_is_told(value: dict[str, Any], said: str) -> None:
    (problem,) = _problems(OrganizationUserSpec, value)
    assert problem.startswith(said)


def test_what_is_not_known_yet_is_not_judged() -> None:
    value = {"email": ADA, "role": "ADMIN", "member_type": None}
    assert OrganizationUserSpec.examine(value, frozenset({"member_type"}))[1] == []


@pytest.mark.parametrize("value", [{}, {"roleMnemonicName": None, "memberType": None}])
def test_a_change_of_nothing_changes_nothing(value: dict[str, Any]) -> None:
    made, problems = OrganizationUserChange.examine(value)
    assert (problems, made and made.model_dump(exclude_none=True)) == ([], {})


def test_an_answer_of_encords_is_read() -> None:
    at = "2026-01-02T03:04:05Z"
    wire = {"email": ADA, "roleMnemonicName": "ADMIN", "roleUuid": "r", "memberType": "internal", "more": 1}
    view = OrganizationUserView.from_wire({**wire, "createdAt": at, "lastEditedAt": at})
    assert (view.role, view.member_type, view.created_at) == ("ADMIN", "internal", view.last_edited_at)
