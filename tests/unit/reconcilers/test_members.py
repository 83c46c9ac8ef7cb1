"""What is checked of one member before anything is sent."""

from typing import Any

import pytest

from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKey, ResourceKeys
from pulumi_encord_integrations.lifecycle.reconciler import Context
from pulumi_encord_integrations.reconcilers.members import JoinReconciler, MemberReconciler
from tests.support.lifecycles import member as member_key

PERSON = MemberReconciler()
UUID, OTHER = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d", "3c0a1d52-6e7f-4b1d-8a11-9d2b7c5e4f60"
ADA, MIA = "ada@example.com", "mia@example.com"


def member(role: str = "user", user: str = ADA, **more: Any) -> dict[str, Any]:
    return {"integration": UUID, "user": user, "role": role, "on_delete": "remove", **more}


def of_group(role: str = "user", **more: Any) -> dict[str, Any]:
    return {"integration": UUID, "group": OTHER, "role": role, "on_delete": "remove", **more}


def problems(
    known: dict[str, Any],
    before: dict[str, Any] | None = None,
    declared: ResourceKeys = NOTHING,
    unknown: tuple[str, ...] = (),
) -> list[str]:
    checked = PERSON.check(known, frozenset(unknown), Context(before or {}, declared))
    return [str(problem) for problem in checked.problems]


def test_inputs_are_made_canonical_and_stay_so() -> None:
    given = {"integration": UUID.upper(), "user": "Ada@Example.COM", "role": "user"}
    once = PERSON.check(given, frozenset())
    assert (once.inputs, once.problems) == (member(), [])
    assert PERSON.check(once.inputs, frozenset()) == once


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"user": None}, "user: give either user or group"),
        ({"group": OTHER}, "user: give either user or group"),
        ({"user": "ada"}, "user: must be an e-mail address"),
        ({"integration": "prod"}, "integration: must be an integration, or the uuid of one"),
        ({"role": "Admin"}, "role: must be admin or user"),
        ({"on_delete": "retain"}, "on_delete: must be remove or keep"),
        ({"rol": "user"}, 'rol: unknown key "rol"; did you mean "role"?'),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change: dict[str, Any], said: str) -> None:
    given = {name: value for name, value in {**member(), **change}.items() if value is not None}
    (problem,) = problems(given)
    assert problem.startswith(said)


@pytest.mark.parametrize("name", ["integration", "user", "role", "on_delete"])
def test_any_input_may_be_unknown_and_is_not_invented(name: str) -> None:
    known = {key: value for key, value in member().items() if key != name}
    checked = PERSON.check(known, frozenset({name}))
    assert (checked.problems, checked.inputs) == ([], known)


def test_a_user_or_a_group_that_comes_later_is_enough() -> None:
    known = {"integration": UUID, "role": "user"}
    assert problems(known, unknown=("user",)) == problems(known, unknown=("group",)) == []
    assert problems(known) == ["user: give either user or group"]


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        (member("admin"), member("user"), "role"),
        (member("admin"), member("admin", MIA), "user"),
        (member("admin"), of_group("admin"), "user"),
        (member("user"), member("user", MIA), None),
        (member("user"), member("admin"), None),
        (of_group("admin"), of_group("user"), None),
        (of_group("admin"), member("user"), None),
        (member("admin"), member("admin", on_delete="keep"), None),
    ],
)
def test_an_individual_admin_is_neither_lowered_nor_let_go(
    before: dict[str, Any], after: dict[str, Any], place: str | None
) -> None:
    found = problems(after, before)
    assert [problem.partition(":")[0] for problem in found] == ([place] if place else [])
    assert all(f"{ADA} is an Admin" in problem and "contact support" in problem for problem in found)


def test_an_admin_who_is_to_be_kept_or_lives_on_elsewhere_may_be_let_go() -> None:
    kept = member("admin", on_delete="keep")
    assert problems(member("admin", MIA), kept) == []
    assert problems(member("admin", MIA), member("admin"), member_key(UUID, ADA)) == []
    assert problems(member("admin", MIA), member("admin"), member_key(OTHER, ADA)) != []


def test_an_admin_may_go_with_the_integration_and_not_leave_one_that_stays() -> None:
    moved = {**member("admin"), "integration": OTHER}
    assert problems(moved, member("admin")) == []
    assert problems(moved, member("admin"), frozenset({ResourceKey("object", UUID)})) != []


def test_a_kept_admin_is_not_lowered_either() -> None:
    assert problems(member("user"), member("admin", on_delete="keep")) != []


def test_whoever_the_admin_becomes_later_is_no_refusal_yet() -> None:
    known = {name: value for name, value in member("admin").items() if name != "user"}
    assert problems(known, member("admin"), unknown=("user",)) == []
    unsure = {name: value for name, value in member().items() if name != "role"}
    assert problems(unsure, member("admin"), unknown=("role",)) == []


@pytest.mark.parametrize(
    ("name", "inputs", "expected"),
    [
        ("", member(), member_key(UUID, ADA)),
        ("", of_group(), member_key(UUID, f"group:{OTHER}")),
        (f"{UUID}/{MIA}", {}, member_key(UUID, MIA)),
        ("", {"user": ADA}, NOTHING),
        ("", {"integration": UUID}, NOTHING),
    ],
)
def test_a_member_is_named_by_what_it_says(name: str, inputs: dict[str, Any], expected: ResourceKeys) -> None:
    assert PERSON.resource_keys(name, inputs) == expected


def test_every_input_counts_as_a_change_and_the_name_replaces() -> None:
    assert PERSON.comparable({**member(), "live_role": "admin"}) == PERSON.comparable(member())
    assert PERSON.comparable(member()) != PERSON.comparable(member(on_delete="keep"))
    assert PERSON.replaces == {"integration", "user", "group"}


def test_a_join_has_an_integration_and_keeps_unless_told() -> None:
    checked = JoinReconciler().check({"integration": UUID.upper()}, frozenset())
    assert (checked.inputs, checked.problems) == ({"integration": UUID, "on_delete": "keep"}, [])
    (problem,) = JoinReconciler().check({"integration": UUID, "user": ADA}, frozenset()).problems
    assert problem.path == ("user",)


def test_a_join_names_the_membership_that_it_makes_once_it_is_known() -> None:
    join = JoinReconciler()
    assert join.resource_keys("", {"integration": UUID}) == frozenset()
    assert join.resource_keys(f"{UUID}/{ADA}", {}) == PERSON.resource_keys("", member())
