"""What is checked of users of the organization and of groups before anything is sent."""

from typing import Any

import pytest

from pulumi_encord_integrations.lifecycle.ownership import ResourceKey
from pulumi_encord_integrations.reconcilers.groups import GroupReconciler
from pulumi_encord_integrations.reconcilers.organization_users import OrganizationUserReconciler

USER, GROUP = OrganizationUserReconciler(), GroupReconciler()
ADA = "ada@example.com"
FULL = {
    "email": ADA,
    "role": "MEMBER",
    "member_type": "internal",
    "suspended": False,
    "auditor": False,
    "on_delete": "remove",
}


def problems(*unknown: str, **known: Any) -> list[str]:
    return [str(problem) for problem in USER.check(known, frozenset(unknown)).problems]


def test_inputs_are_made_canonical_and_stay_so() -> None:
    once = USER.check({"email": "Ada@Example.com"}, frozenset())
    assert (once.inputs, once.problems) == (FULL, [])
    assert USER.check(once.inputs, frozenset()) == once


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"email": "ada"}, "email: must be an e-mail address"),
        ({}, "email: is required"),
        ({"email": ADA, "role": "admin"}, "role: must be ADMIN, MEMBER, TASKER or WORKFORCE_MANAGER"),
        ({"email": ADA, "member_type": "guest"}, "member_type: must be internal or external"),
        ({"email": ADA, "role": "ADMIN", "member_type": "external"}, "member_type: only internal members"),
        ({"email": ADA, "on_delete": True}, "on_delete: must be remove or keep"),
        ({"email": ADA, "mail": ADA}, 'mail: unknown key "mail"; did you mean "email"?'),
    ],
)
def test_what_is_wrong_is_told_with_its_place(known: dict[str, Any], said: str) -> None:
    (problem,) = problems(**known)
    assert problem.startswith(said)


def test_an_external_admin_is_no_mistake_while_one_of_both_is_unknown() -> None:
    assert problems("role", email=ADA, member_type="external") == []
    assert problems("member_type", email=ADA, role="ADMIN") == []


def test_a_user_is_named_by_the_e_mail_apart_from_members() -> None:
    expected = {ResourceKey("organization_user", ADA)}
    assert USER.resource_keys("", FULL) == USER.resource_keys(ADA, {}) == expected
    assert USER.resource_keys("", {}) == frozenset()
    assert frozenset({"email"}) == USER.replaces


def test_a_state_of_before_there_were_suspensions_is_no_change() -> None:
    old = {name: value for name, value in FULL.items() if name != "suspended"}
    assert list(USER.compare(old, FULL)) == []
    (change,) = USER.compare(old, {**FULL, "suspended": True})
    assert (change.name, change.before, change.after) == ("suspended", False, True)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"name": ""}, "name: must not be empty"),
        ({"name": " x"}, "name: must not be empty or begin or end with a blank"),
        ({"title": "Team"}, "title: groups have a name"),
        ({"name": "Team", "description": "a\x1bb"}, "description: must not hold control"),
        ({"name": "Team", "description": "x" * 4097}, "description: has 4097 characters; at most 4096"),
        ({"name": "Team", "adopt": 1}, "adopt: must be true, false or the uuid of the object"),
    ],
)
def test_what_is_wrong_with_a_group_is_told_with_its_place(known: dict[str, Any], said: str) -> None:
    found = [str(problem) for problem in GROUP.check(known, frozenset()).problems]
    assert any(problem.startswith(said) for problem in found), found


def test_a_group_changes_in_place_and_is_named_by_its_uuid() -> None:
    assert GROUP.replaces == frozenset()
    assert GROUP.resource_keys("uuid", {"name": "Team"}) == {ResourceKey("object", "uuid")}
    assert GROUP.resource_keys("", {"name": "Team"}) == frozenset()
    once = GROUP.check({"name": "Tea\u0308m", "adopt": True}, frozenset())
    assert once.inputs == {"name": "Te\xe4m", "adopt": True}
    assert GROUP.check(once.inputs, frozenset()) == once
