"""Adoption takes an object over, not its Admins: who made it and who stays in charge of it is said."""

import json
from typing import Any

import pytest

from pulumi_encord_integrations.lifecycle.core import Lifecycle
from pulumi_encord_integrations.lifecycle.ownership import Ownership
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.snapshot import LiveSnapshot
from pulumi_encord_integrations.model.integration_types import AWS as TYPE
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from pulumi_encord_integrations.reconcilers.member_lists import MembersReconciler
from pulumi_encord_integrations.reconcilers.members import MemberReconciler
from tests.support.api import AWS, BOSS, CREATOR, INTEGRATIONS, MEMBER, OUTSIDER, Api
from tests.support.people import crowd, granted, group, newcomer, post

PLANTER, VICTIM = OUTSIDER, CREATOR
LEADER = "lea@example.com"  # Admin by a group
PLACE = {"stack_id": "11111111-2222-4333-8444-555555555555", "path": "encord:AwsIntegration::prod"}
INPUTS = {"title": AWS["title"], "role_arn": AWS["roleArn"], "buckets": AWS["buckets"], "declared_as": PLACE}
OPERATOR = "`encord-integrations remove-admin`"


@pytest.fixture
def planted(local: Api) -> str:
    """An integration of the victim's title, made by another, who names the victim as an Admin."""
    uuid = str(local.create(PLANTER)["integrationUuid"])
    granted(local, uuid, {VICTIM: "admin", BOSS: "admin", MEMBER: "user"}, PLANTER)
    return uuid


def last(api: Api) -> Any:
    row = max(api.rows("audit"), key=lambda row: row.number)
    return row.action, row.actor, json.loads(row.detail)


def test_the_answer_and_the_audit_trail_name_who_made_it_and_its_other_admins(
    local: Api, planted: str
) -> None:
    team = f"group:{group(local, MEMBER)}"
    granted(local, planted, {team: "admin"}, PLANTER)
    declared = {"stackId": PLACE["stack_id"], "path": PLACE["path"]}
    answer = post(local, INTEGRATIONS, {**AWS, "declaredAs": declared, "adopt": True}, VICTIM).body
    others = [PLANTER, BOSS, team]
    assert (answer["integration"]["owner"], answer["otherAdmins"]) == (PLANTER, others)
    assert answer["otherAdminCount"] == 3
    action, actor, detail = last(local)
    assert (action, actor) == ("integration.adopt", VICTIM)
    assert (detail["owner"], detail["other_admins"], detail["other_admin_count"]) == (PLANTER, others, 3)


def test_however_many_there_are_the_answer_is_short_and_names_who_made_it(local: Api, planted: str) -> None:
    granted(local, planted, dict.fromkeys(crowd(local, 100), "admin"), PLANTER)
    declared = {"stackId": PLACE["stack_id"], "path": PLACE["path"]}
    answer = post(local, INTEGRATIONS, {**AWS, "declaredAs": declared, "adopt": True}, VICTIM).body
    assert (answer["otherAdmins"][0], len(answer["otherAdmins"])) == (PLANTER, 20)
    assert answer["otherAdminCount"] == 102


@pytest.mark.parametrize("adopt", [True, False])
def test_a_create_of_one_s_own_tells_of_nobody(local: Api, adopt: bool) -> None:
    declared = {"stackId": PLACE["stack_id"], "path": PLACE["path"]}
    if adopt:
        local.create(VICTIM)
    answer = post(local, INTEGRATIONS, {**AWS, "declaredAs": declared, "adopt": adopt}, VICTIM).body
    assert (answer["otherAdmins"], answer["otherAdminCount"]) == ([], 0)


def test_a_preview_and_an_up_say_that_the_planter_stays(
    local: Api, planted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    notes: list[str] = []
    session = Session(local.client(VICTIM))
    snapshot = LiveSnapshot(session.client)
    run = Lifecycle(IntegrationReconciler(TYPE), Ownership(), lambda: session, lambda: snapshot, notes.append)
    checked = run.check({}, {**INPUTS, "adopt": True})
    assert not checked.problems
    taken, stay = notes[:2]
    assert taken.startswith(f'adopts "{AWS["title"]}" {planted} (made by {PLANTER}, 4 members, ')
    assert f"other Admins: {PLANTER}, {BOSS})" in taken
    assert f"its other Admins keep Admin, {PLANTER}, who made it, among them. " in stay
    assert OPERATOR in stay
    run.create(checked.inputs)
    warned = capsys.readouterr().err
    assert f"others keep Admin of it: {PLANTER}, {BOSS}. " in warned
    assert OPERATOR in warned


DECLARED: dict[str, tuple[Any, dict[str, Any]]] = {
    "one member": (MemberReconciler(), {"user": LEADER, "role": "admin"}),
    "a list": (MembersReconciler(), {"members": [{"user": LEADER, "role": "admin"}]}),
}


@pytest.mark.parametrize("name", DECLARED)
def test_an_admin_by_group_who_promotes_himself_is_named_in_the_preview_and_audited(
    local: Api, name: str
) -> None:
    uuid, notes = str(local.create()["integrationUuid"]), list[str]()
    newcomer(local, LEADER)
    granted(local, uuid, {f"group:{group(local, LEADER)}": "admin"})
    session = Session(local.client(LEADER))
    snapshot = LiveSnapshot(session.client)
    reconciler, declared = DECLARED[name]
    run = Lifecycle(reconciler, Ownership(), lambda: session, lambda: snapshot, notes.append)
    checked = run.check({}, {"integration": uuid, **declared})
    assert (checked.problems, notes) == ([], [f"{LEADER} becomes an Admin, which cannot be undone"])
    run.create(checked.inputs)
    action, actor, detail = last(local)
    assert (action, actor, detail["admins"]) == ("members.change", LEADER, [LEADER])


def test_whoever_joins_is_audited_as_a_new_admin_and_once_only(local: Api) -> None:
    uuid = local.create()["integrationUuid"]
    joined = {"before": None, "admins": [BOSS], "changes": {BOSS: [None, "admin"]}}
    for expected in (joined, {"before": "admin"}):
        assert post(local, f"{INTEGRATIONS}/{uuid}/join", who=BOSS).status == 200
        assert last(local) == ("members.join", BOSS, expected)


def test_only_those_who_become_individual_admins_are_audited_as_such(local: Api) -> None:
    uuid = str(local.create()["integrationUuid"])
    team = f"group:{group(local, OUTSIDER)}"
    granted(local, uuid, {MEMBER: "user", team: "admin"})
    assert "admins" not in last(local)[2]
    granted(local, uuid, {CREATOR: "admin", MEMBER: "admin", OUTSIDER: "admin"})
    assert last(local)[2]["admins"] == [MEMBER, OUTSIDER]
