"""What is checked of lists of people before anything is sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKeys
from pulumi_encord_integrations.lifecycle.reconciler import NOT_KNOWN_YET, Checked, Context
from pulumi_encord_integrations.lifecycle.snapshot import OFFLINE, Snapshot
from pulumi_encord_integrations.reconcilers.groups import GroupUsersReconciler
from pulumi_encord_integrations.reconcilers.member_lists import MembersReconciler
from tests.support.lifecycles import member
from tests.support.snapshots import Known

LIST, USERS = MembersReconciler(), GroupUsersReconciler()
OTHER = "8c1f1d52-6e7f-4b1d-8a11-9d2b7c5e4f61"
UUID, TEAM = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d", "3c0a1d52-6e7f-4b1d-8a11-9d2b7c5e4f60"
ADA, MIA = "ada@example.com", "mia@example.com"
GROUP = f"group:{TEAM}"


def listed(members: Any, **more: Any) -> dict[str, Any]:
    return {"integration": UUID, "members": members, "exclusive": False, "on_delete": "remove", **more}


def by_kind(users: dict[str, str], groups: dict[str, str]) -> dict[str, Any]:
    """A list as a state holds it; groups are uuid -> role, and nobody knows their names."""
    return {"users": users, "groups": {uuid: {"id": uuid, "role": role} for uuid, role in groups.items()}}


def in_group(users: Any, **more: Any) -> dict[str, Any]:
    return {"group": UUID, "users": users, **more}


def many(count: int, start: int = 0, role: str = "user") -> dict[str, str]:
    return {f"p{number:03}@example.com": role for number in range(start, start + count)}


def checked(
    known: dict[str, Any], snapshot: Snapshot = OFFLINE, later: tuple[str, ...] = (), **context: Any
) -> Checked:
    """A list as the adapter has it checked: what comes later is not among the known."""
    partial = {name: known[name] for name in later}
    given = {name: value for name, value in known.items() if name not in later}
    return LIST.check(given, frozenset(later), Context(snapshot=snapshot, partial=partial, **context))


def problems(
    known: dict[str, Any], before: dict[str, Any] | None = None, declared: ResourceKeys = NOTHING
) -> list[str]:
    which = LIST if "members" in known else USERS
    return [str(p) for p in which.check(known, frozenset(), Context(before or {}, declared)).problems]


def test_a_list_becomes_a_mapping_that_is_its_own_canonical_form() -> None:
    rows = [{"user": "Mia@Example.com", "role": "user"}, {"group": TEAM.upper(), "role": "admin"}]
    once = LIST.check(listed(rows), frozenset())
    assert once.problems == []
    assert once.inputs["members"] == by_kind({MIA: "user"}, {TEAM: "admin"})
    assert LIST.check(once.inputs, frozenset()) == once


SHAPES: list[Any] = [
    [{"user": ADA, "role": "admin"}, {"group": TEAM, "role": "user"}],
    {ADA: "admin", GROUP: "user"},
    {"users": {ADA: "admin"}, "groups": {"Labelers": {"id": TEAM, "role": "user"}}},
]


@pytest.mark.parametrize("shape", SHAPES, ids=["rows", "by key", "by kind"])
def test_every_shape_of_a_list_is_the_same(shape: Any) -> None:
    first = LIST.comparable(listed(SHAPES[0]))
    assert LIST.comparable(listed(shape)) == first
    assert LIST.resource_keys("", listed(shape)) == member(UUID, ADA, GROUP)
    found = checked(listed(shape), Known(groups={TEAM: "Labelers"})).inputs["members"]
    assert found == SHAPES[2]


@pytest.mark.parametrize(
    ("groups", "names", "labels"),
    [
        ([TEAM], {TEAM: "Team"}, {"Team"}),
        ([TEAM, OTHER], {TEAM: "Team", OTHER: "Team"}, {f"Team ({TEAM})", f"Team ({OTHER})"}),
        ([TEAM, OTHER], {TEAM: "Team"}, {"Team", OTHER}),
        ([TEAM], None, {"Before"}),
        ([OTHER], None, {OTHER}),
    ],
)
def test_groups_are_called_by_their_names_as_far_as_known(
    groups: list[str], names: dict[str, str] | None, labels: set[str]
) -> None:
    before = listed({"users": {}, "groups": {"Before": {"id": TEAM, "role": "user"}}})
    rows = [{"group": uuid, "role": "user"} for uuid in groups]
    found = checked(listed(rows), Known(groups=names), before=before)
    assert found.inputs["members"]["groups"].keys() == labels


def test_a_group_of_the_program_keeps_its_label_beside_another_of_the_name() -> None:
    groups = {"Team": {"id": TEAM, "role": "user"}, OTHER: {"id": OTHER, "role": "user"}}
    found = checked(listed({"users": {}, "groups": groups}), Known(groups={OTHER: "Team", TEAM: "T"}))
    assert found.inputs["members"]["groups"].keys() == {"Team", f"Team ({OTHER})"}


def some_later(users: dict[str, Any], role: Any = "user") -> dict[str, Any]:
    """A list with a group that is still to be made."""
    return listed({"users": users, "groups": {"Team": {"id": NOT_KNOWN_YET, "role": role}}})


def test_only_the_id_of_a_new_group_comes_later() -> None:
    found = checked(some_later({"Ada@Example.com": "admin"}), Known(groups={}), later=("members",))
    assert found.problems == []
    assert found.inputs == {**some_later({ADA: "admin"}), "allow_large_removal": False}
    assert LIST.resource_keys("", found.inputs) == member(UUID, ADA)
    deployed = listed({"users": {ADA: "admin"}, "groups": {}})
    (change,) = LIST.compare(deployed, found.inputs)
    assert (change.name, change.forces_replacement) == ("members", False)


@pytest.mark.parametrize(
    ("users", "role", "said"),
    [
        ({ADA: "owner"}, "user", f"members.{ADA}: must be admin or user"),
        ({}, "owner", "members.Team: must be admin or user"),
        ({"nobody": "user"}, "user", "members.nobody: must be an e-mail address"),
    ],
)
def test_what_is_known_beside_a_new_group_is_judged(users: Any, role: str, said: str) -> None:
    (problem,) = checked(some_later(users, role), later=("members",)).problems
    assert str(problem).startswith(said)


@pytest.mark.parametrize(
    "members",
    [
        [{"user": NOT_KNOWN_YET, "role": "user"}],
        {"users": {ADA: NOT_KNOWN_YET}, "groups": {}},
        {"users": {}, "groups": {"Team": {"id": NOT_KNOWN_YET, "role": NOT_KNOWN_YET}}},
        {"users": {}, "groups": {"Team": NOT_KNOWN_YET}},
        NOT_KNOWN_YET,
    ],
)
def test_a_list_of_which_more_comes_later_stays_as_it_was_given_and_differs(members: Any) -> None:
    found = checked(listed(members), later=("members",), before=listed({ADA: "admin"}))
    assert (found.problems, "members" in found.inputs) == ([], False)
    assert [change.name for change in LIST.compare(listed({}), listed(members))] == ["members"]


def test_users_become_a_mapping_that_is_its_own_canonical_form() -> None:
    once = USERS.check(in_group(["Mia@Example.com", ADA]), frozenset())
    assert (once.problems, once.inputs["users"]) == ([], {ADA: "member", MIA: "member"})
    assert USERS.check(once.inputs, frozenset()) == once


@given(st.permutations([ADA, MIA, "jörg@exämple.de", "o'neil+x/y@example.com"]), st.booleans())
def test_order_and_case_never_matter(emails: list[str], upper: bool) -> None:
    spelled = [email.upper() if upper else email for email in emails]
    rows = [{"user": email, "role": "user"} for email in spelled]
    found = LIST.check(listed(rows), frozenset()).inputs["members"]["users"]
    assert list(found) == list(USERS.check(in_group(spelled), frozenset()).inputs["users"]) == sorted(emails)


def test_the_same_person_in_two_spellings_is_a_duplicate() -> None:
    (problem,) = problems(
        listed([{"user": ADA, "role": "user"}, {"user": "ADA@example.com", "role": "admin"}])
    )
    assert problem == f"members[1]: {ADA} stands there already, at 0"
    assert problems(in_group([ADA, MIA, "Ada@Example.com"])) == [
        f"users[2]: {ADA} stands there already, at 0"
    ]


def test_a_group_twice_is_a_duplicate() -> None:
    rows = [{"group": TEAM, "role": "user"}, {"group": TEAM.upper(), "role": "user"}]
    assert problems(listed(rows)) == [f"members[1]: {GROUP} stands there already, at 0"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"user": "ada", "role": "user"}, "members[0].user: must be an e-mail address"),
        ({"user": ADA}, "members[0].role: is required"),
        ({"user": ADA, "role": "owner"}, "members[0].role: must be admin or user"),
        ({"user": ADA, "group": TEAM, "role": "user"}, "members[0]: names either a user or a group"),
        ({"group": "team", "role": "user"}, "members[0].group: must be the uuid of a user group"),
        ("ada@example.com", "members[0]: must be a mapping"),
        ({"usr": ADA, "role": "user"}, 'members[0].usr: unknown key "usr"'),
    ],
)
def test_what_is_wrong_with_one_is_told_with_its_place(row: Any, said: str) -> None:
    assert any(problem.startswith(said) for problem in problems(listed([row])))


@pytest.mark.parametrize("key", ["jörg", "group:team", "", "@"])
def test_what_is_wrong_in_a_mapping_is_told_by_its_key(key: str) -> None:
    (problem,) = LIST.check(listed({ADA: "user", key: "user"}), frozenset()).problems
    assert problem.path == ("members", key)


def test_problems_are_told_up_to_twenty_and_then_counted() -> None:
    rows = [{"user": f"nobody{number}", "role": "user"} for number in range(1000)]
    found = problems(listed(rows))
    assert (len(found), found[-1]) == (21, "and more than 80 more")
    lowered = problems(listed({}), listed(many(22, role="admin")), member(UUID, "p000@example.com"))
    assert (len(lowered), lowered[-1]) == (21, "and 2 more")


@pytest.mark.parametrize("name", ["integration", "members", "exclusive", "on_delete"])
def test_any_input_may_be_unknown_and_is_not_invented(name: str) -> None:
    known = {key: value for key, value in listed({ADA: "user"}).items() if key != name}
    checked = LIST.check(known, frozenset({name}), Context(listed({ADA: "admin"}, on_delete="keep")))
    assert name not in checked.inputs


@pytest.mark.parametrize(
    ("after", "more", "declared", "refused"),
    [
        ({ADA: "user"}, {}, NOTHING, True),
        ({}, {}, NOTHING, True),
        ({}, {}, member(UUID, ADA), False),
        ({}, {}, member(TEAM, ADA), True),
        ({ADA: "user"}, {}, member(UUID, ADA), True),
        ({}, {"exclusive": True}, NOTHING, False),
        ({ADA: "user"}, {"exclusive": True}, NOTHING, True),
        ({ADA: "admin"}, {}, NOTHING, False),
        ({ADA: "admin", MIA: "user"}, {"on_delete": "keep"}, NOTHING, False),
    ],
)
def test_an_individual_admin_leaves_a_list_only_if_nothing_is_lost(
    after: dict[str, str], more: dict[str, Any], declared: ResourceKeys, refused: bool
) -> None:
    found = problems(listed(after, **more), listed({ADA: "admin", GROUP: "admin", MIA: "user"}), declared)
    assert bool(found) is refused
    assert all(problem.startswith(f"members: {ADA} is an Admin") for problem in found)


def test_an_admin_of_a_list_that_keeps_may_leave_it_and_is_not_lowered() -> None:
    before = listed({ADA: "admin"}, on_delete="keep")
    assert problems(listed({}), before) == []
    assert problems(listed({ADA: "user"}), before) != []


def test_a_new_list_and_one_of_another_integration_lower_nobody() -> None:
    assert problems(listed({ADA: "user"})) == []
    assert problems(listed({ADA: "user"}), {**listed({ADA: "admin"}), "integration": TEAM}) == []


@pytest.mark.parametrize(
    ("before", "removed", "refused"),
    [(11, 11, True), (10, 10, False), (36, 11, True), (37, 11, False), (1000, 301, True), (1000, 300, False)],
)
@pytest.mark.parametrize("known", ["members", "users"])
def test_a_removal_is_large_above_both_thresholds(
    before: int, removed: int, refused: bool, known: str
) -> None:
    old, new = many(before), many(before - removed, start=removed)
    made = listed if known == "members" else in_group
    found = problems(made(new), made(old))
    assert bool(found) is refused
    assert all(f"{removed} of {before} would be removed" in said for said in found)
    assert all("allow_large_removal=True" in said for said in found)
    assert problems(made(new, allow_large_removal=True), made(old)) == []


def test_additions_and_changed_roles_are_no_removal() -> None:
    assert problems(listed({**many(40, role="admin"), **many(40, 100)}), listed(many(40))) == []


def test_what_counts_as_a_change() -> None:
    plain = LIST.comparable(listed({ADA: "user"}))
    assert LIST.comparable({**listed({ADA: "user"}), "allow_large_removal": True, "live_roles": {}}) == plain
    assert LIST.comparable(listed({ADA: "admin"})) != plain
    assert LIST.comparable(listed({ADA: "user"}, exclusive=True)) != plain
    assert [*LIST.replaces, *USERS.replaces] == ["integration", "group"]


def test_a_list_names_everybody_in_it() -> None:
    names = member(UUID, ADA, GROUP)
    assert LIST.resource_keys("", listed({ADA: "user", GROUP: "user"})) == names
    assert LIST.resource_keys(f"{UUID}/members", listed({ADA: "user", GROUP: "user"})) == names
    assert LIST.resource_keys("", {"members": {ADA: "user"}}) == frozenset()
