"""Roles, permissions, and the rules of granting and withdrawing them."""

from typing import Any, get_args
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.model.members import (
    GroupsGrant,
    MemberRole,
    MembersChange,
    Membership,
    MembersList,
    MemberView,
    Permission,
    Principal,
    UserEmails,
    UsersGrant,
    as_roles,
    highest,
    is_individual,
    kept_for_good,
    large_removal,
    may,
    permissions_of,
    refusal_to_lower,
    repeated,
)
from pulumi_encord_integrations.model.memberships import JoinSpec, MemberSpec, MembersSpec

ADA, BEN = "ada@example.com", "ben@example.com"
TEAM = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d"
UUID = "1f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d"
# fmt: off
# Typed from the page: Admin, User, no role
TICKS = {
    Permission.VIEW:        (True, True, False),
    Permission.UPLOAD_DATA: (True, False, False),
    Permission.DELETE:      (True, False, False),
    Permission.ADD_USERS:   (True, False, False),
}
# fmt: on


def _problems(model: type[Sent], value: Any) -> list[str]:
    return [str(problem) for problem in model.examine(value)[1]]


@pytest.mark.parametrize("permission", Permission)
def test_roles_carry_what_the_page_ticks(permission: Permission) -> None:
    assert tuple(may(role, permission) for role in ("admin", "user", None)) == TICKS[permission]


@pytest.mark.parametrize(("role", "count"), [("admin", 4), ("user", 1), (None, 0), ("owner", 0)])
def test_permissions_are_listed_by_role(role: str | None, count: int) -> None:
    assert len(permissions_of(role)) == count
    assert all(may(role, permission) for permission in permissions_of(role))


@given(st.lists(st.sampled_from([*get_args(MemberRole), None])))
def test_the_effective_role_is_the_highest(roles: list[str | None]) -> None:
    expected = "admin" if "admin" in roles else "user" if "user" in roles else None
    assert highest(roles) == highest(reversed(roles)) == expected
    assert [may(highest(roles), p) for p in Permission] == [any(may(r, p) for r in roles) for p in Permission]


LOWERINGS = [
    # principal, role now, role wanted, forbidden by the page
    (ADA, "admin", None, True), (ADA, "admin", "user", True), (ADA, "admin", "admin", False),
    (ADA, "user", None, False), (ADA, "user", "admin", False), (ADA, None, "user", False),
    (ADA, None, None, False),
    (f"group:{TEAM}", "admin", None, False), (f"group:{TEAM}", "admin", "user", False),
]  # fmt: skip


@pytest.mark.parametrize(("key", "now", "wanted", "forbidden"), LOWERINGS)
def test_individual_admins_stay_and_all_else_may_change(
    key: str, now: str | None, wanted: str | None, forbidden: bool
) -> None:
    assert kept_for_good(key, now, wanted) == forbidden


def test_the_refusal_names_the_person_and_both_ways_out() -> None:
    said = refusal_to_lower(ADA)
    assert all(word in said for word in (ADA, "contact support", 'on_delete="keep"'))


LARGE = [
    (10, 10, False), (11, 11, True), (20, 10, False), (20, 11, True), (36, 11, True), (37, 11, False),
    (36, 10, False), (40, 12, False), (40, 13, True), (110, 33, False), (110, 34, True), (0, 0, False),
    (10_000, 3_000, False), (10_000, 3_001, True),
]  # fmt: skip


@pytest.mark.parametrize(("before", "removed", "large"), LARGE)
def test_more_than_ten_and_more_than_thirty_percent_need_a_second_yes(
    before: int, removed: int, large: bool
) -> None:
    assert (large_removal(before, removed) is not None) == large


def test_the_second_yes_is_asked_for_with_count_share_limits_and_flag() -> None:
    said = str(large_removal(33, 11))
    assert all(
        word in said for word in ("11 of 33", "33 %", "30 %", "more than 10", "allow_large_removal=True")
    )


@pytest.mark.parametrize("wrong", [{}, {"user": ADA, "group": TEAM}, {"user": None, "group": None}])
def test_a_principal_is_a_user_or_a_group(wrong: dict[str, Any]) -> None:
    assert _problems(Principal, wrong) == ["names either a user or a group"]
    assert _problems(Membership, {**wrong, "role": "user"}) == ["names either a user or a group"]


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ({"user": " ADA@Example.COM".strip()}, ADA),
        ({"group": TEAM.upper()}, f"group:{TEAM}"),
        ({"group": TEAM.replace("-", "")}, f"group:{TEAM}"),
    ],
)
def test_a_principal_has_one_key_however_it_is_written(value: dict[str, str], key: str) -> None:
    principal = Principal.model_validate(value)
    assert principal.key == key
    assert is_individual(key) == ("user" in value)
    assert Principal.model_validate(Principal.wire(key)) == principal


def test_a_view_has_the_key_of_what_was_sent() -> None:
    sent = [{"user": ADA, "role": "admin"}, {"group": TEAM, "role": "user"}]
    views = [MemberView.from_wire({"integrationUuid": UUID, **member}) for member in sent]
    assert as_roles(views) == as_roles(map(Membership.model_validate, sent))
    assert as_roles(views) == {ADA: "admin", f"group:{TEAM}": "user"}


@given(st.lists(st.sampled_from("abc")))
def test_each_repetition_is_one_problem_that_names_the_first(keys: list[str]) -> None:
    problems = list(repeated(keys, "members"))
    assert len(problems) == len(keys) - len(set(keys))
    for problem in problems:
        key = keys[int(problem.path[1])]
        assert problem.message == f"{key} stands there already, at {keys.index(key)}"


def _user(email: str = ADA, role: str | None = "user") -> dict[str, Any]:
    return {"user": email} | ({"role": role} if role else {})


CONFLICTS: list[tuple[Any, list[str]]] = [
    ({"set": [_user(), _user(BEN)], "remove": [{"group": TEAM}]}, []),
    ({"set": [_user(), _user(ADA.upper())]}, [f"set[1]: {ADA} stands there already, at 0"]),
    ({"remove": [_user(role=None)] * 2}, [f"remove[1]: {ADA} stands there already, at 0"]),
    ({"set": [_user()], "remove": [_user(role=None)]}, [f"remove: {ADA} is to be set, too"]),
    ({"set": None, "remove": [{}]}, ["set: must be a list", "remove[0]: names either a user or a group"]),
    ({"set": [_user(role="x")], "remove": [_user(role=None)] * 2},
     ["set[0].role: must be admin or user", f"remove[1]: {ADA} stands there already, at 0"]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "problems"), CONFLICTS)
def test_all_that_is_wrong_with_a_change_is_told_at_once(change: Any, problems: list[str]) -> None:
    assert _problems(MembersChange, change) == problems


@pytest.mark.parametrize("wrong", [None, {}, "x", [7], [None], [{"user": ADA}], [_user(role="Admin")]])
def test_a_list_of_something_else_is_a_problem_and_no_failure(wrong: Any) -> None:
    for model, name in ((MembersChange, "set"), (MembersList, "members"), (MembersSpec, "members")):
        # A mapping is a list in the form of a state.
        if not (model is MembersSpec and wrong == {}):
            assert _problems(
                model, {name: wrong, "integration": UUID} if model is MembersSpec else {name: wrong}
            )


def test_what_is_no_list_and_no_integration_is_told_what_may_stand_there() -> None:
    assert _problems(MembersSpec, {"integration": 7, "members": ADA}) == [
        "integration: must be an integration, or the uuid of one",
        "members: must be a list or a mapping",
    ]


@pytest.mark.parametrize(("model", "name"), [(UsersGrant, "user_emails"), (GroupsGrant, "group_hash_list")])
def test_a_grant_to_nobody_is_a_mistake(model: type[Sent], name: str) -> None:
    assert _problems(model, {name: [], "user_role": "user"})
    assert not _problems(UserEmails, {"user_emails": []})


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ({"user": ADA}, []),
        ({"group": TEAM}, []),
        ({}, ["user: give either user or group"]),
        ({"user": ADA, "group": TEAM}, ["user: give either user or group"]),
        ({"user": ADA, "integration": "x"}, ["integration: must be an integration, or the uuid of one"]),
        ({"user": ADA, "on_delete": "drop"}, ["on_delete: must be remove or keep"]),
        ({"user": ADA, "role": "owner"}, ["role: must be admin or user"]),
    ],
)
def test_one_declared_member_is_judged(value: dict[str, Any], problems: list[str]) -> None:
    assert _problems(MemberSpec, {"integration": UUID, "role": "user", **value}) == problems


def test_what_is_not_known_yet_is_not_judged() -> None:
    value = {"integration": None, "user": None, "group": TEAM, "role": "user"}
    assert MemberSpec.examine(value, frozenset({"integration", "user"}))[1] == []


def test_many_declared_members_read_from_a_list_and_from_a_state() -> None:
    listed = [{"user": ADA, "role": "admin"}, {"group": TEAM, "role": "user"}]
    kept = {ADA: "admin", f"group:{TEAM}": "user"}
    specs = [MembersSpec.model_validate({"integration": UUID, "members": form}) for form in (listed, kept)]
    assert specs[0] == specs[1]
    assert as_roles(specs[0].members) == kept
    assert (specs[0].exclusive, specs[0].on_delete, specs[0].allow_large_removal) == (False, "remove", False)


def test_joins_are_kept_by_default() -> None:
    assert JoinSpec.model_validate({"integration": str(uuid4())}).on_delete == "keep"
