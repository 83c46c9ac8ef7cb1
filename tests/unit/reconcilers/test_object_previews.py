"""What a diff tells, or refuses, of an object that is there; and which outputs a check knows beforehand."""

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKeys
from pulumi_encord_integrations.lifecycle.reconciler import Context, Prior
from pulumi_encord_integrations.lifecycle.snapshot import OFFLINE
from pulumi_encord_integrations.model.groups import DeclaredGroup
from pulumi_encord_integrations.model.integration_types.aws import AWS
from pulumi_encord_integrations.reconcilers.groups import GroupReconciler
from pulumi_encord_integrations.reconcilers.integrations import FORCE, MEMBERS, IntegrationReconciler
from tests.support.watched import NOWHERE
from tests.unit.reconcilers.fake_api import DECLARED_AS, INPUTS, ORGANIZATION, PATH
from tests.unit.reconcilers.living import USER, Held

RECONCILER = IntegrationReconciler(AWS)
LABEL = 'AwsIntegration "prod"'
TEAM = "3c0a1d52-6e7f-4b1d-8a11-9d2b7c5e4f60"


@pytest.fixture
def held() -> Held:
    return Held()


def foreseen(
    held: Any, uuid: str, declared: ResourceKeys = NOTHING, outputs: Any = None, **inputs: Any
) -> list[str]:
    before, after = {**INPUTS, **(outputs or {})}, {**INPUTS, **inputs}
    changes = list(RECONCILER.compare(before, after))
    context = Context(snapshot=held, declared=declared)
    return list(RECONCILER.foresee(context, Prior(uuid, before), after, changes))


def test_nothing_is_told_where_nothing_changes(held: Held) -> None:
    assert foreseen(held, held.add()) == []
    assert foreseen(held, held.add(title="Changed by others")) == []
    assert foreseen(OFFLINE, NOWHERE, over_vpn=True) == []


def test_a_change_tells_what_else_it_takes_back(held: Held) -> None:
    uuid = held.add(title="Changed by others", region="eu-west-1")
    assert foreseen(held, uuid, buckets=[{"name": "other", "prefixes": []}]) == [
        f"{LABEL}: also takes back region: eu-west-1 -> none",
        f"{LABEL}: also takes back title: Changed by others -> Production",
    ]


def test_of_an_adopted_object_only_what_is_declared_is_taken_back(held: Held) -> None:
    uuid = held.add(title="Changed by others", region="eu-west-1")
    told = foreseen(held, uuid, outputs={"adopted": True}, role_arn="arn:aws:iam::123456789012:role/new")
    assert told == [f"{LABEL}: also takes back title: Changed by others -> Production"]


def test_a_change_of_what_is_gone_is_refused_and_told_otherwise(held: Held) -> None:
    with pytest.raises(Refused, match=f"{LABEL}: {NOWHERE} is gone, or you may not see it any more"):
        foreseen(held, NOWHERE, title="New")
    [told] = foreseen(held, NOWHERE)
    assert told.endswith(
        "is gone, or you may not see it any more. Run `pulumi refresh`, which takes it out of the state"
    )


def test_what_this_run_made_is_not_gone(held: Held) -> None:
    context = Context(snapshot=held, made=frozenset({NOWHERE}))
    changes = list(RECONCILER.compare(INPUTS, {**INPUTS, "title": "New"}))
    assert list(RECONCILER.foresee(context, Prior(NOWHERE, INPUTS), INPUTS, changes)) == []


@pytest.mark.parametrize("change", [{"title": "New"}, {"over_vpn": True}])
def test_a_change_by_who_is_no_admin_is_refused(held: Held, change: Any) -> None:
    uuid = held.add(role="user")
    with pytest.raises(Refused, match=f'{LABEL}: you may not change "Production" .{uuid}.'):
        foreseen(held, uuid, **change)
    assert foreseen(held, uuid) == []


def test_a_replacement_tells_what_goes(held: Held) -> None:
    uuid = held.add({USER: "admin", "mia@example.com": "user", f"group:{TEAM}": "user"})
    told = foreseen(held, uuid, over_vpn=True, strict_client_only=True)
    assert told == [
        (
            f'{LABEL}: replaces "Production" {uuid} (over_vpn, strict_client_only): 0 registrations, '
            f"external ID external, members not declared in this program: group {TEAM}, mia@example.com"
        )
    ]


def test_members_that_the_program_declares_are_not_lost(held: Held) -> None:
    uuid = held.add({USER: "admin", "mia@example.com": "user", f"group:{TEAM}": "user"})
    held.crews[TEAM] = DeclaredGroup.model_validate(
        {"groupHash": TEAM, "name": "Team", "description": "", "createdAt": "2026-01-02T03:04:05Z"}
        | {"organizationUuid": ORGANIZATION, "adopted": False, "declaredAs": None}
    )
    for declared, others in (
        ({"mia@example.com": "user"}, ': group "Team"'),
        ({"group-name:Team": "user"}, ": mia@example.com"),
        ({"mia@example.com": "user", f"group:{TEAM}": "user"}, ""),
    ):
        context = Context(program={MEMBERS: declared})
        beside = RECONCILER.beside({"declared_as": DECLARED_AS}, context)
        assert {key.part for key in beside} == set(declared.items())
        [told] = foreseen(held, uuid, beside, strict_client_only=True)
        assert told.partition("members not declared in this program")[2] == others


def test_an_admin_who_is_declared_as_user_loses_that_role_in_a_replacement(held: Held) -> None:
    uuid = held.add({USER: "admin", "mia@example.com": "admin"})
    beside = RECONCILER.beside(
        {"declared_as": DECLARED_AS}, Context(program={MEMBERS: {"mia@example.com": "user"}})
    )
    [told] = foreseen(held, uuid, beside, strict_client_only=True)
    assert told.endswith("the Admin role of members declared as user: mia@example.com")


@pytest.mark.parametrize("force_destroy", [None, False])
def test_a_replacement_that_withdraws_force_destroy_destroys_no_registrations(
    held: Held, force_destroy: Any
) -> None:
    uuid = held.add()
    held.change(uuid, registrations=2)
    allowed, inputs = {"force_destroy": True}, {"strict_client_only": True, "force_destroy": force_destroy}
    with pytest.raises(Refused, match="2 registrations"):
        foreseen(held, uuid, outputs=allowed, **inputs)


@pytest.mark.parametrize("force_destroy", [None, False, True])
def test_only_what_an_earlier_update_allowed_destroys_registrations(held: Held, force_destroy: Any) -> None:
    uuid = held.add()
    held.change(uuid, registrations=2)
    outputs = {"force_destroy": force_destroy}
    if force_destroy:
        [told] = foreseen(held, uuid, outputs=outputs, strict_client_only=True, force_destroy=True)
        assert "2 registrations" in told
        return
    with pytest.raises(Refused, match="2 registrations, external ID external") as refused:
        foreseen(held, uuid, outputs=outputs, strict_client_only=True, force_destroy=True)
    assert refused.value.hint == FORCE


def test_an_adopted_object_outlives_its_replacement(held: Held) -> None:
    uuid = held.add(adopted=True)
    held.change(uuid, registrations=2)
    [told] = foreseen(held, uuid, outputs={"adopted": True}, strict_client_only=True)
    assert told.endswith("it was adopted or released, so it lives on")


STABLE = {"owner": USER, "organization": ORGANIZATION, "external_id": "external", "origins": []}


def known(snapshot: Any, before: Any = None, **given: Any) -> Iterator[tuple[str, Any]]:
    """Outputs that a check adds to the inputs."""
    checked = RECONCILER.check({**INPUTS, **given}, frozenset(), Context(before or {}, snapshot=snapshot))
    assert checked.problems == []
    return ((name, value) for name, value in checked.inputs.items() if name not in INPUTS)


def test_outputs_that_last_are_known_of_a_living_object(held: Held) -> None:
    held.add()
    found = dict(known(held, INPUTS, title="New"))
    assert found.items() >= STABLE.items()
    assert found["settings_revision"] == 1


def test_a_revision_is_known_only_while_settings_stay(held: Held) -> None:
    held.add()
    assert "settings_revision" not in dict(known(held, INPUTS, region="eu-west-1"))


def test_offline_they_come_from_the_old_inputs() -> None:
    before = {**INPUTS, **STABLE, "settings_revision": 4}
    assert dict(known(OFFLINE, before, title="New")) == {**STABLE, "settings_revision": 4}
    assert dict(known(OFFLINE, before, region="eu-west-1")) == {**STABLE, "region": "eu-west-1"}


def test_a_replacement_and_a_new_object_know_only_who_makes_them(held: Held) -> None:
    held.add()
    for inputs in ({"strict_client_only": True}, {"declared_as": {**DECLARED_AS, "path": "another"}}):
        assert dict(known(held, **inputs)) == {"owner": USER}


def test_a_create_that_finds_its_own_object_says_so(held: Held) -> None:
    uuid = held.add()
    checked = RECONCILER.check(INPUTS, frozenset(), Context(snapshot=held))
    assert checked.notes == [
        f'finds "Production" {uuid}, which this stack declares already: nothing new is made'
    ]


def test_an_object_of_a_lost_state_is_named(held: Held) -> None:
    other = {"stackId": TEAM, "path": PATH, "project": "data", "stack": "dev"}
    uuid = held.add(declaredAs=other)
    [told] = RECONCILER.check(INPUTS, frozenset(), Context(snapshot=held)).notes
    assert told.startswith(f"is created anew, though {uuid} may be meant: a stack of the same name")
    assert RECONCILER.check({**INPUTS, "title": "x"}, frozenset(), Context(snapshot=held)).notes == []


def test_a_group_goes_back_to_no_description_unless_it_was_adopted() -> None:
    groups = GroupReconciler()
    outputs = {"name": "Team", "description": "old", "declared_as": DECLARED_AS}
    inputs = {"name": "Team", "declared_as": DECLARED_AS}
    assert [change.name for change in groups.compare(outputs, inputs)] == ["description"]
    assert list(groups.compare({**outputs, "adopted": True}, inputs)) == []
