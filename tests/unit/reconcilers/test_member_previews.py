"""What checks of members refuse and tell beforehand of access, by what the snapshot knows."""

from typing import Any

import pytest

from pulumi_encord_integrations.lifecycle.ownership import NOTHING, named
from pulumi_encord_integrations.lifecycle.reconciler import NOT_KNOWN_YET, Context, Reconciler
from pulumi_encord_integrations.reconcilers.collection_previews import MOVED
from pulumi_encord_integrations.reconcilers.member_previews import GROUP_NAME
from pulumi_encord_integrations.reconcilers.organization_users import OrganizationUserReconciler
from tests.support.lifecycles import member
from tests.support.snapshots import Known
from tests.unit.reconcilers.people import (
    ADA,
    BOB,
    CREW,
    G_CREW,
    G_TEAM,
    JOIN,
    LAB,
    LIST,
    MEMBER,
    MIA,
    NEW,
    PROD,
    TEAM,
    USERS,
    ZOE,
    Roles,
    check,
    in_group,
    known,
    listed,
    notes,
    one,
    refused,
)

PROMOTED = "{} becomes an Admin, which cannot be undone"


@pytest.mark.parametrize(
    ("before", "wanted", "live", "told"),
    [
        (None, {BOB: "admin", G_TEAM: "admin"}, {}, [PROMOTED.format(BOB)]),
        (
            None,
            {BOB: "admin", MIA: "admin"},
            {},
            [f"{BOB}, {MIA} become Admins, which cannot be undone"],
        ),
        (None, {ADA: "admin"}, {}, []),
        ({BOB: "user"}, {BOB: "admin"}, {BOB: "user"}, [PROMOTED.format(BOB)]),
        ({BOB: "admin"}, {BOB: "admin", MIA: "user"}, {BOB: "admin"}, []),
        ({MIA: "user"}, {BOB: "admin"}, {BOB: "admin", MIA: "user"}, []),
        (
            None,
            {BOB: "admin", MIA: "user"},
            {BOB: "user"},
            [PROMOTED.format(BOB), f"{BOB} was user, becomes admin"],
        ),
        (None, {G_TEAM: "user"}, {G_TEAM: "admin"}, ['group "Labelers" was admin, becomes user']),
        ({G_TEAM: "user"}, {G_TEAM: "user", BOB: "user"}, {G_TEAM: "admin"}, []),
    ],
)
def test_promotions_and_roles_that_a_list_takes_over_are_told(
    before: Roles | None, wanted: Roles, live: Roles, told: list[str]
) -> None:
    assert notes(LIST, listed(wanted), known(live), before=listed(before) if before else {}) == told


def test_on_a_new_integration_everybody_but_its_creator_is_promoted() -> None:
    wanted = {ADA: "admin", BOB: "admin"}
    assert notes(LIST, listed(wanted, integration=...)) == [PROMOTED.format(BOB)]
    assert notes(LIST, listed(wanted, integration=NEW), made=frozenset({NEW})) == [PROMOTED.format(BOB)]
    assert notes(MEMBER, {**one("admin"), "integration": ...}) == [PROMOTED.format(BOB)]


LIVE = {BOB: "user", MIA: "admin", G_TEAM: "admin", G_CREW: "user"}
FIRST = [
    'mia@example.com stays an Admin of "Production" unlisted: they cannot be removed',
    'bob@example.com, group "Crew" lose access to "Production": the list is exclusive and does not name them',
]


@pytest.mark.parametrize(
    ("before", "exclusive_before", "told"),
    [
        (None, False, FIRST),
        ({ADA: "admin"}, False, FIRST),
        ({ADA: "admin", BOB: "user", G_CREW: "user", G_TEAM: "admin"}, True, []),
    ],
)
def test_whom_an_exclusive_list_takes_out_unseen_is_named(
    before: Roles | None, exclusive_before: bool, told: list[str]
) -> None:
    given = listed({ADA: "admin", G_TEAM: "admin"}, exclusive=True)
    inputs = listed(before, exclusive=exclusive_before) if before else {}
    assert notes(LIST, given, known(LIVE), before=inputs) == told


def test_whom_an_exclusive_list_demotes_or_promotes_unseen_is_named() -> None:
    given = listed({ADA: "admin", MIA: "admin", BOB: "admin", G_TEAM: "user", G_CREW: "user"}, exclusive=True)
    assert notes(LIST, given, known(LIVE)) == [
        PROMOTED.format(BOB),
        f"{BOB} was user, becomes admin",
        'group "Labelers" was admin, becomes user',
    ]


def test_whom_an_exclusive_list_lets_in_again_is_named() -> None:
    before = listed({ADA: "admin", BOB: "user"}, exclusive=True)
    after = listed({ADA: "admin", BOB: "user", MIA: "user"}, exclusive=True)
    assert notes(LIST, after, known({}), before=before) == [f'{BOB} gets access to "Production"']
    assert notes(LIST, after, known({BOB: "user"}), before=before) == []


def test_whom_an_exclusive_list_takes_out_of_a_group_is_named() -> None:
    live = known(in_groups={TEAM: frozenset({ADA, BOB})})
    said = f'{BOB} leaves the group "Labelers": the list is exclusive and does not name them'
    assert notes(USERS, in_group([ADA], exclusive=True), live) == [said]
    assert notes(USERS, in_group([ADA]), live) == []
    assert live.asked.count("group_users") == 1


def people(count: int) -> dict[str, str]:
    return {f"p{number}@example.com": "user" for number in range(count)}


def test_a_large_removal_of_whom_the_state_does_not_know_needs_a_second_yes() -> None:
    live = known(people(11))
    first = listed({ADA: "admin"}, exclusive=True)
    (said,) = refused(LIST, first, live)
    assert said.startswith("members: 11 of 12 would be removed (91 %)")
    assert refused(LIST, {**first, "allow_large_removal": True}, live) == []
    assert refused(LIST, listed({ADA: "admin"}), live) == []
    before = listed({ADA: "admin", BOB: "user"}, exclusive=True)
    assert refused(LIST, first, live, before=before)
    group = known(in_groups={TEAM: frozenset(people(11))})
    assert refused(USERS, in_group([ADA], exclusive=True), group)


STAYS = f"{BOB} is an Admin, and individuals with the Admin role can be neither removed nor demoted"


@pytest.mark.parametrize(
    ("reconciler", "inputs", "before"),
    [
        (LIST, listed({BOB: "user"}), {}),
        (LIST, listed({BOB: "user"}, exclusive=True), {}),
        (LIST, listed({BOB: "user", MIA: "user"}, exclusive=True), listed({BOB: "user"}, exclusive=True)),
        (LIST, listed({}), listed({BOB: "user"})),
        (MEMBER, one(), {}),
        (MEMBER, one(), one("admin")),
    ],
)
def test_who_is_an_admin_as_the_api_knows_is_not_lowered(
    reconciler: Reconciler, inputs: Any, before: Any
) -> None:
    (said,) = refused(reconciler, inputs, known({BOB: "admin"}), before=before)
    assert STAYS in said


def test_who_joined_unseen_is_no_matter_to_what_is_not_written() -> None:
    live = known({BOB: "admin"})
    assert refused(LIST, listed({BOB: "user", MIA: "user"}), live, before=listed({BOB: "user"})) == []
    assert refused(MEMBER, one(on_delete="keep"), live, before=one()) == []


@pytest.mark.parametrize(
    ("reconciler", "inputs", "before"),
    [
        (LIST, listed({}), listed({BOB: "admin"})),
        (LIST, listed({BOB: "user"}), listed({BOB: "admin"})),
        (MEMBER, one(), one("admin")),
        (MEMBER, one("admin", MIA), one("admin")),
    ],
)
def test_an_admin_whom_support_removed_is_not_believed_to_be_one(
    reconciler: Reconciler, inputs: Any, before: Any
) -> None:
    assert refused(reconciler, inputs, known({}), before=before) == []
    assert refused(reconciler, inputs, known({BOB: "user"}), before=before) == []
    assert refused(reconciler, inputs, known(roles={}), before=before) != []


KEEPS = f'{BOB} keeps the Admin role on "Production"'


@pytest.mark.parametrize(
    ("inputs", "before"),
    [
        (listed({MIA: "user"}), listed({BOB: "admin", MIA: "user"}, on_delete="keep")),
        (
            listed({ADA: "admin"}, exclusive=True),
            listed({ADA: "admin", BOB: "admin"}, exclusive=True),
        ),
    ],
)
def test_an_admin_who_leaves_a_list_is_told_to_stay_one(inputs: Any, before: Any) -> None:
    live = known({BOB: "admin", MIA: "user"} if not inputs["exclusive"] else {BOB: "admin"})
    assert notes(LIST, inputs, live, before=before) == [KEEPS]
    assert notes(LIST, inputs, live, before=before, program={MOVED: [BOB]}) == []


@pytest.mark.parametrize(
    ("after", "on_delete", "told"),
    [
        (one("admin", MIA), "keep", [KEEPS]),
        (one("admin", where=NEW), "remove", [f'{BOB} moves from "Production" to "N"']),
        (one("user", MIA), "remove", [f'{BOB} loses access to "Production"']),
    ],
)
def test_whom_a_single_member_leaves_behind_is_told(after: Any, on_delete: str, told: list[str]) -> None:
    role = after["role"]
    live = known({BOB: role, MIA: role}, integrations={PROD: ("Production", "admin"), NEW: ("N", "admin")})
    found = notes(MEMBER, after, live, before=one(role, on_delete=on_delete))
    assert [said for said in found if "becomes" not in said] == told
    declared = member(PROD, BOB)
    found = notes(MEMBER, after, live, before=one(role, on_delete=on_delete), declared=declared)
    gets = [f'{BOB} gets access to "N"'] if after["integration"] == NEW else []
    assert [said for said in found if "becomes" not in said] == gets


@pytest.mark.parametrize(
    ("on_delete", "told"),
    [
        ("remove", [KEEPS, f'group "Labelers", {MIA} lose access to "Production"']),
        ("keep", [KEEPS, f'group "Labelers", {MIA} keep the user role on "Production"']),
    ],
)
def test_whom_a_list_leaves_behind_that_moves_is_told(on_delete: str, told: list[str]) -> None:
    roles = {BOB: "admin", MIA: "user", G_TEAM: "user"}
    snapshot = known(roles, integrations={PROD: ("Production", "admin"), NEW: ("New", "admin")})
    moved, before = listed({}, integration=NEW), listed(roles, on_delete=on_delete)
    assert notes(LIST, moved, snapshot, before=before) == told
    gone = known(roles, integrations={NEW: ("New", "admin")}, roles={PROD: {}})
    assert notes(LIST, moved, gone, before=before) == []


def test_who_moves_along_is_told_also_where_the_integration_may_be_the_same_one_replaced() -> None:
    roles = {BOB: "user", G_TEAM: "user", MIA: "admin"}
    before, later = listed(roles), listed({BOB: "user", G_TEAM: "user"}, integration=...)
    moves = f'{BOB}, group "Labelers" move from "Production" to an integration that is still to be made'
    assert notes(LIST, later, known(roles), before=before) == [
        moves,
        f'{MIA} loses access to "Production"',
    ]
    stays = named("object", PROD)
    keeps = f'{MIA} keeps the Admin role on "Production"'
    assert notes(LIST, later, known(roles), before=before, declared=stays) == [keeps, moves]
    moves = f'{BOB} moves from "Production" to an integration that is still to be made'
    assert notes(MEMBER, {**one(), "integration": ...}, known(roles), before=one()) == [moves]
    group = {"integration": ..., "group": ..., "role": "user"}
    to = known(in_groups={TEAM: frozenset({BOB})})
    moves = f'{BOB} moves from the group "Labelers" to a group that is still to be made'
    assert notes(USERS, in_group([BOB], group=...), to, before=in_group([BOB])) == [moves]
    gone = known({}, integrations={PROD: ("Production", "admin"), NEW: ("New", "admin")})
    said = [f'{BOB} gets access to "New"']
    assert notes(LIST, listed({BOB: "user"}, integration=NEW), gone, before=listed({BOB: "user"})) == said
    said = ['group "New" gets the role user']
    assert notes(MEMBER, group, program={GROUP_NAME: "New"}) == said


@pytest.mark.parametrize("to", [..., NEW])
def test_an_admin_does_not_leave_an_integration_that_lives_on(to: Any) -> None:
    live = known({BOB: "admin"}, integrations={PROD: ("Production", "admin"), NEW: ("New", "admin")})
    moved = {**one(), "integration": to}
    assert refused(MEMBER, moved, live, before=one()) == []
    (said,) = refused(MEMBER, moved, live, before=one(), declared=named("object", PROD))
    assert said.startswith(f"integration: {STAYS}")
    live.adopted = True
    assert refused(MEMBER, moved, live, before=one())


def test_who_joins_is_told_unless_they_are_an_admin_themselves() -> None:
    said = f'{ADA} becomes an Admin of "Lab", which cannot be undone'
    assert notes(JOIN, {"integration": LAB}) == [said]
    assert notes(JOIN, {"integration": PROD}) == notes(JOIN, {"integration": ...}) == []
    assert notes(JOIN, {"integration": LAB}, before={"integration": LAB, "on_delete": "keep"}) == []
    by_group = known(roles={PROD: {G_TEAM: "admin"}})
    assert notes(JOIN, {"integration": PROD}, by_group) != []
    assert check(JOIN, {"integration": LAB}, before={"integration": LAB}).declares == NOTHING


def test_a_user_who_is_taken_over_in_another_role_is_told() -> None:
    person = OrganizationUserReconciler()
    said = f"{BOB} is part of the organization already: was MEMBER, becomes ADMIN"
    assert notes(person, {"email": BOB.upper(), "role": "ADMIN"}) == [said]
    assert notes(person, {"email": BOB}) == notes(person, {"email": ZOE, "role": "ADMIN"}) == []
    before = {"email": BOB, "role": "MEMBER", "member_type": "internal", "on_delete": "remove"}
    assert notes(person, {"email": BOB, "role": "ADMIN"}, before=before) == []


def test_a_suspension_and_its_end_are_told_also_of_who_is_taken_over() -> None:
    person = OrganizationUserReconciler()
    before = {"email": BOB, "role": "MEMBER", "member_type": "internal", "on_delete": "remove"}
    ends = f"{BOB} loses all access at once: every request of theirs is refused; memberships remain"
    returns = f"{BOB} is not suspended any more: all access comes back as it was, keys included"
    given = {"email": BOB, "suspended": True}
    assert notes(person, given) == notes(person, given, before=before) == [ends]
    assert notes(person, {"email": BOB}, before={**before, "suspended": True}) == [returns]
    assert refused(person, {"email": BOB}, known(suspended=frozenset({BOB}))) == [
        (
            f"suspended: {BOB} is part of the organization already, and suspended; "
            "declare suspended=True first: taking somebody over does not bring their access back"
        )
    ]
    assert notes(person, given, known(suspended=frozenset({BOB}))) == []
    assert notes(person, given, before={**before, "suspended": True}) == []
    assert notes(person, {"email": BOB, "suspended": ...}, before=before) == []


def test_nobody_suspends_themselves_in_a_preview() -> None:
    said = "suspended: nobody suspends themselves; ask another admin of the organization"
    assert refused(OrganizationUserReconciler(), {"email": ADA, "role": "ADMIN", "suspended": True}) == [said]


@pytest.mark.parametrize(
    ("reconciler", "inputs"),
    [
        (LIST, listed({BOB: "admin"}, exclusive=True)),
        (MEMBER, one("admin")),
        (USERS, in_group([BOB], exclusive=True)),
        (JOIN, {"integration": PROD}),
        (OrganizationUserReconciler(), {"email": BOB}),
    ],
)
def test_what_is_not_known_is_never_refused(reconciler: Reconciler, inputs: Any) -> None:
    assert refused(reconciler, inputs, Known()) == []


def test_whom_an_exclusive_list_may_take_out_is_told_while_a_part_of_it_comes_later() -> None:
    rows = [{"user": ADA, "role": "admin"}, {"user": NOT_KNOWN_YET, "role": "user"}]
    context = Context(
        snapshot=known({MIA: "admin", ZOE: "user", G_TEAM: "user"}),
        partial={"members": rows},
    )
    checked = LIST.check({"integration": PROD, "exclusive": True}, frozenset({"members"}), context)
    assert checked.problems == []
    [told] = checked.notes
    assert told.startswith(f'group "Labelers", {ZOE} may lose access to "Production"')


def test_a_list_that_names_somebody_twice_beside_a_new_group_is_refused() -> None:
    members = {"users": {"Ada@example.com": "user", "ada@example.com": "user"}}
    new = {"groups": {"New": {"id": NOT_KNOWN_YET, "role": "user"}}}
    context = Context(snapshot=known(), partial={"members": {**members, **new}})
    checked = LIST.check({"integration": PROD}, frozenset({"members"}), context)
    assert "is already listed" in str(checked.problems[0]) or "stands there already" in str(
        checked.problems[0]
    )


@pytest.mark.parametrize(
    ("wanted", "live", "told"),
    [
        ({G_TEAM: "user"}, {G_TEAM: "admin"}, True),
        ({BOB: "user"}, {G_TEAM: "admin"}, True),
        ({G_TEAM: "user", G_CREW: "admin"}, {G_TEAM: "admin"}, False),
        ({G_TEAM: "user"}, {ADA: "admin", G_TEAM: "admin"}, False),
        ({G_TEAM: "user", ADA: "admin"}, {G_TEAM: "admin"}, False),
    ],
)
def test_who_deploys_and_is_an_admin_by_a_group_alone_is_told_to_be_locked_out(
    wanted: Roles, live: Roles, *, told: bool
) -> None:
    found = notes(
        LIST,
        listed(wanted),
        known(roles={PROD: live}),
        before=listed({G_TEAM: "admin"}),
    )
    said = f'{ADA}, who deploys, is no Admin of "Production" any more'
    assert (said in found) == told


def test_groups_of_one_name_are_told_apart() -> None:
    snapshot = known({G_TEAM: "user", G_CREW: "user"}, groups={TEAM: "Crew", CREW: "Crew"})
    [told] = notes(LIST, listed({ADA: "admin"}, exclusive=True), snapshot)
    assert f'group "Crew" ({TEAM})' in told
    assert f'group "Crew" ({CREW})' in told


def test_nobody_loses_access_to_an_integration_that_is_gone() -> None:
    """Offline the state is believed; the API's listing knows better."""
    gone = known(integrations={NEW: ("New", "admin")}, roles={})
    before = listed({BOB: "user", MIA: "user"})
    assert notes(LIST, listed({BOB: "user"}, integration=NEW), gone, before=before) == [
        f'{BOB} gets access to "New"'
    ]
    assert notes(MEMBER, one("user", where=NEW), gone, before=one("user")) == [f'{BOB} gets access to "New"']
