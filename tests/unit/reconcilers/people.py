"""An organization as snapshots know it, and checks of members in it."""

from collections.abc import Mapping
from typing import Any

from pulumi_encord_integrations.lifecycle.reconciler import Checked, Context, Reconciler
from pulumi_encord_integrations.reconcilers.groups import GroupUsersReconciler
from pulumi_encord_integrations.reconcilers.member_lists import MembersReconciler
from pulumi_encord_integrations.reconcilers.members import JoinReconciler, MemberReconciler
from tests.support.snapshots import Known

PROD, LAB = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d", "7a5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d"
GONE, NEW = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
TEAM = "3c0a1d52-6e7f-4b1d-8a11-9d2b7c5e4f60"
CREW = "8c1f1d52-6e7f-4b1d-8a11-9d2b7c5e4f61"
ADA, BOB, MIA, ZOE = (f"{name}@example.com" for name in ("ada", "bob", "mia", "zoe"))
G_TEAM, G_CREW = f"group:{TEAM}", f"group:{CREW}"
Roles = Mapping[str, str]

MEMBER, LIST, USERS, JOIN = (
    MemberReconciler(),
    MembersReconciler(),
    GroupUsersReconciler(),
    JoinReconciler(),
)


def known(live: Roles | None = None, **more: Any) -> Known:
    """Ada is an Admin of Production, beside the `live` members, and of nothing else."""
    given: dict[str, Any] = {
        "integrations": {PROD: ("Production", "admin"), LAB: ("Lab", None)},
        "roles": {PROD: {ADA: "admin", **(live or {})}},
        "users": {ADA: "ADMIN", BOB: "MEMBER", MIA: "MEMBER"},
        "groups": {TEAM: "Labelers", CREW: "Crew"},
        "caller": (ADA, "ADMIN"),
    }
    return Known(**{**given, **more})


def listed(roles: Roles, **more: Any) -> dict[str, Any]:
    return {"integration": PROD, "members": roles, "exclusive": False, "on_delete": "remove", **more}


def one(role: str = "user", who: str = BOB, where: str = PROD, **more: Any) -> dict[str, Any]:
    kind, value = ("group", who.removeprefix("group:")) if who.startswith("group:") else ("user", who)
    return {"integration": where, kind: value, "role": role, "on_delete": "remove", **more}


def in_group(users: list[str], **more: Any) -> dict[str, Any]:
    return {"group": TEAM, "users": dict.fromkeys(users, "member"), "on_delete": "remove", **more}


def check(
    reconciler: Reconciler, inputs: Mapping[str, Any], snapshot: Known | None = None, **context: Any
) -> Checked:
    unknown = frozenset(name for name, value in inputs.items() if value is ...)
    given = {name: value for name, value in inputs.items() if value is not ...}
    return reconciler.check(given, unknown, Context(snapshot=snapshot or known(), **context))


def refused(*args: Any, **context: Any) -> list[str]:
    return [str(problem) for problem in check(*args, **context).problems]


def notes(*args: Any, **context: Any) -> list[str]:
    found = check(*args, **context)
    assert found.problems == []
    return list(found.notes)
