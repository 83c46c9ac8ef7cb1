"""What does not exist, or the caller may not change, is refused beforehand."""

from typing import Any

import pytest

from pulumi_encord_integrations.lifecycle.ownership import ResourceKey
from pulumi_encord_integrations.lifecycle.reconciler import Reconciler
from pulumi_encord_integrations.reconcilers.access_checks import AccessCheckReconciler
from pulumi_encord_integrations.reconcilers.expiry import ExpiryReconciler
from pulumi_encord_integrations.reconcilers.organization_users import OrganizationUserReconciler
from tests.support.snapshots import Known
from tests.unit.reconcilers.people import (
    ADA,
    BOB,
    GONE,
    JOIN,
    LAB,
    LIST,
    MEMBER,
    PROD,
    USERS,
    ZOE,
    check,
    in_group,
    known,
    listed,
    one,
    refused,
)

OF_INTEGRATIONS: list[tuple[Reconciler, Any]] = [
    (LIST, lambda uuid: listed({BOB: "user"}, integration=uuid)),
    (MEMBER, lambda uuid: one(where=uuid)),
    (JOIN, lambda uuid: {"integration": uuid}),
    (AccessCheckReconciler(), lambda uuid: {"integration": uuid}),
    (ExpiryReconciler(), lambda uuid: {"integration": uuid, "duration": "2d"}),
]


@pytest.mark.parametrize(("reconciler", "of"), OF_INTEGRATIONS)
def test_an_integration_that_is_not_there_is_refused_unless_this_run_made_it(
    reconciler: Reconciler, of: Any
) -> None:
    said = f"integration: there is no integration {GONE}, or you may not see it"
    assert refused(reconciler, of(GONE)) == [said]
    assert refused(reconciler, of(GONE), made=frozenset({GONE})) == []
    assert refused(reconciler, of(GONE), Known()) == refused(reconciler, of(...)) == []


@pytest.mark.parametrize(("reconciler", "of"), OF_INTEGRATIONS)
def test_only_an_admin_or_who_joins_before_changes_an_integration(reconciler: Reconciler, of: Any) -> None:
    said = f'integration: {ADA} is not an Admin of "Lab"; ask one of its Admins, or declare an Integ'
    told = refused(reconciler, of(LAB))
    assert [problem[: len(said)] for problem in told] == ([] if reconciler is JOIN else [said])
    joins = check(JOIN, {"integration": LAB}).declares
    assert refused(reconciler, of(LAB), declared=joins) == []
    assert refused(reconciler, of(LAB), made=frozenset({LAB})) == []


@pytest.mark.parametrize(("reconciler", "of"), OF_INTEGRATIONS)
def test_what_stays_as_it_is_asks_nothing_and_is_not_refused(reconciler: Reconciler, of: Any) -> None:
    snapshot = known()
    canonical = check(reconciler, of(PROD), Known()).inputs
    gone = {**canonical, "integration": GONE}
    assert refused(reconciler, gone, snapshot, before=gone) == []
    assert set(snapshot.asked) <= {"groups"}


def test_only_admins_of_the_organization_join_and_change_users_and_groups() -> None:
    as_bob = known(caller=(BOB, "MEMBER"))
    said = f'{BOB} is not an admin of the organization "Acme"; ask one of them to deploy this'
    assert refused(JOIN, {"integration": PROD}, as_bob) == [f"integration: {said}"]
    assert refused(OrganizationUserReconciler(), {"email": ZOE}, as_bob) == [f"email: {said}"]
    assert refused(USERS, in_group([BOB]), as_bob) == [f"group: {said}"]


@pytest.mark.parametrize(
    ("reconciler", "inputs", "place"),
    [
        (LIST, listed({ZOE: "user", BOB: "user"}), "members"),
        (MEMBER, one(who=ZOE), "user"),
        (USERS, in_group([ZOE]), "users"),
    ],
)
def test_who_is_not_part_of_the_organization_is_refused_unless_declared(
    reconciler: Reconciler, inputs: Any, place: str
) -> None:
    (said,) = refused(reconciler, inputs)
    assert said.startswith(f'{place}: {ZOE} is not part of the organization "Acme"; declare them as an Org')
    declared = frozenset({ResourceKey("organization_user", ZOE)})
    assert refused(reconciler, inputs, declared=declared) == []
    assert refused(reconciler, inputs, known(users=None)) == []


@pytest.mark.parametrize(
    ("reconciler", "inputs", "place"),
    [
        (LIST, listed({f"group:{GONE}": "user"}), "members"),
        (MEMBER, one(who=f"group:{GONE}"), "group"),
        (USERS, in_group([BOB], group=GONE), "group"),
    ],
)
def test_a_group_that_is_not_there_is_refused_unless_this_run_made_it(
    reconciler: Reconciler, inputs: Any, place: str
) -> None:
    assert refused(reconciler, inputs) == [f"{place}: there is no user group {GONE}"]
    assert refused(reconciler, inputs, made=frozenset({GONE})) == []
    assert refused(reconciler, inputs, known(groups=None)) == []


def test_who_left_the_organization_unseen_is_no_matter_to_what_is_not_written() -> None:
    before = listed({ZOE: "user"})
    assert refused(LIST, listed({ZOE: "user", BOB: "user"}), before=before) == []
    exclusive = {"exclusive": True}
    assert refused(LIST, {**listed({ZOE: "user", BOB: "user"}), **exclusive}, before={**before, **exclusive})


@pytest.mark.parametrize(("reconciler", "of"), OF_INTEGRATIONS)
def test_of_what_another_identity_applies_no_right_is_missed(reconciler: Reconciler, of: Any) -> None:
    reading = known(caller=(BOB, "MEMBER"), scope="read")
    assert refused(reconciler, of(LAB), reading) == []
    assert refused(reconciler, of(GONE), reading) == []
    assert refused(USERS, in_group([BOB]), reading) == []
    assert refused(OrganizationUserReconciler(), {"email": ZOE, "suspended": True}, reading) == []


@pytest.mark.parametrize("more", [{"caller": (BOB, "MEMBER"), "auditor": True}, {"caller": (BOB, "ADMIN")}])
def test_who_sees_every_integration_knows_of_one_that_is_not_there(more: dict[str, Any]) -> None:
    (said,) = refused(LIST, listed({BOB: "user"}, integration=GONE), known(scope="read", **more))
    assert said.startswith(f"integration: there is no integration {GONE}")


def test_whoever_only_previews_is_not_taken_for_who_deploys() -> None:
    reading = known(caller=(BOB, "ADMIN"), scope="read")
    assert check(JOIN, {"integration": LAB}, reading).notes == [
        'whoever applies this becomes an Admin of "Lab", which cannot be undone'
    ]
    promoted = listed({BOB: "admin"}, integration=...)
    assert check(LIST, promoted, reading).notes == [f"{BOB} becomes an Admin, which cannot be undone"]
    suspending = {"email": BOB, "suspended": True}
    assert refused(OrganizationUserReconciler(), suspending, reading) == []
    (said,) = refused(OrganizationUserReconciler(), suspending, known(caller=(BOB, "ADMIN")))
    assert "nobody suspends themselves" in said


def test_an_account_that_nobody_declares_is_to_be_declared_as_one() -> None:
    (said,) = refused(MEMBER, one(who="ci@service-accounts.internal"))
    assert said.endswith("; declare it as a ServiceAccount before this")
