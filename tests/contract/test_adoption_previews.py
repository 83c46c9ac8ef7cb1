"""A preview of an adoption and the API's create judge alike: both refuse, or both adopt the same object.

What the preview says that an adoption changes is what changes.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pulumi_encord_integrations.client.errors import EncordError
from pulumi_encord_integrations.lifecycle.reconciler import Checked, Context, Properties
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.snapshot import LiveSnapshot
from pulumi_encord_integrations.model.integration_registry import integration_type
from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.reconcilers.groups import GroupReconciler
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from pulumi_encord_integrations.reconcilers.objects import ObjectReconciler
from tests.support.api import BOSS, CREATOR, INTEGRATIONS, MEMBER, OUTSIDER, Api
from tests.support.lifecycles import Managed
from tests.support.people import GROUPS, granted, post
from tests.support.types import CASES, OTHER_TENANT, TENANT
from tests.support.watched import NOWHERE

MINE, THEIRS = "11111111-2222-4333-8444-555555555555", "99999999-aaaa-4bbb-8ccc-dddddddddddd"
AWS, AZURE, GCP = (CASES[name] for name in ("AWS", "AZURE", "GCP"))
PATH = "encord:AwsIntegration::prod"
STRICT: dict[str, Any] = {"strict_client_only": True}
VPN: dict[str, Any] = {**STRICT, "over_vpn": True}
Made = Callable[[Api], str]


def place(stack: str = MINE, path: str = PATH, project: str = "shop", name: str = "live") -> dict[str, str]:
    return {"stack_id": stack, "path": path, "project": project, "stack": name}


def wire(declared_as: Mapping[str, str]) -> dict[str, str]:
    return {("stackId" if name == "stack_id" else name): value for name, value in declared_as.items()}


def made(
    api: Api, case: Any = AWS, who: str = CREATOR, at: Any = None, adopt: Any = None, **more: Any
) -> str:
    body = case.body(title="Data", **more)
    if at:
        body["declaredAs"] = wire(at)
    if adopt is not None:
        body["adopt"] = adopt
    answer = post(api, INTEGRATIONS, body, who)
    assert answer.status == 200, answer.body
    return str(answer.body["integration"]["integrationUuid"])


def shared_with(who: str) -> Made:
    def share(api: Api) -> str:
        uuid = made(api)
        granted(api, uuid, {who: "user"})
        return uuid

    return share


def twice(api: Api) -> str:
    made(api)
    return made(api)


def kept_strict(api: Api) -> str:
    """Adopted here before with a setting that was left out; the state then lost the resource."""
    made(api, **STRICT)
    return made(api, at=place(), adopt=True)


def of(case: Any) -> ObjectReconciler[Any]:
    kind = integration_type(case.provider)
    assert kind
    return IntegrationReconciler(kind)


def foreseen(api: Api, reconciler: ObjectReconciler[Any], inputs: Properties, who: str = CREATOR) -> Checked:
    """What a preview says."""
    context = Context(snapshot=LiveSnapshot(api.client(who)))
    return reconciler.check(inputs, frozenset(), context)


def happens(
    api: Api, reconciler: ObjectReconciler[Any], inputs: Properties, who: str = CREATOR
) -> tuple[str, str]:
    """The uuid that an update's create answers, or its refusal."""
    try:
        return Managed(reconciler).create(Session(api.client(who)), inputs).id, ""
    except EncordError as error:
        return "", str(error)


NEW = "a new one"
REFUSED = "refused"
SITUATIONS: dict[str, tuple[list[Made], dict[str, Any], str, Any]] = {
    # what is there, what is declared, who deploys, which of those there is taken
    "nothing of the title": ([lambda api: made(api, GCP)], {}, CREATOR, REFUSED),
    "one of the title": ([made], {}, CREATOR, 0),
    "several of the title": ([twice], {}, CREATOR, REFUSED),
    "several, one named": ([made, made], {"adopt": 1}, CREATOR, 1),
    "a uuid whatever its title": ([made], {"adopt": 0, "title": "New"}, CREATOR, 0),
    "a uuid of nothing": ([made], {"adopt": NOWHERE}, CREATOR, REFUSED),
    "a uuid of another type": ([lambda api: made(api, GCP)], {"adopt": 0}, CREATOR, REFUSED),
    "a mere user": ([shared_with(MEMBER)], {}, MEMBER, REFUSED),
    "a mere user, by uuid": ([shared_with(MEMBER)], {"adopt": 0}, MEMBER, REFUSED),
    "an outsider": ([made], {"adopt": 0}, OUTSIDER, REFUSED),
    "an admin of the organization alone": ([made], {}, BOSS, REFUSED),
    "an immutable setting differs": ([made], STRICT, CREATOR, REFUSED),
    "an immutable setting is equal": ([lambda api: made(api, **VPN)], VPN, CREATOR, 0),
    "immutable settings are left out": ([lambda api: made(api, **VPN)], {}, CREATOR, 0),
    "one of two is left out": ([lambda api: made(api, **VPN)], {"over_vpn": True}, CREATOR, 0),
    "what is left out does not fit": ([made], {"over_vpn": True}, CREATOR, REFUSED),
    "another stack declares it": ([lambda api: made(api, at=place(THEIRS, name="x"))], {}, CREATOR, REFUSED),
    "another stack, by uuid": (
        [lambda api: made(api, at=place(THEIRS, name="x"))],
        {"adopt": 0},
        CREATOR,
        REFUSED,
    ),
    "adopted from that stack": (
        [lambda api: made(api, at=place(THEIRS, name="x"))],
        {"adopt_from": "shop/x"},
        CREATOR,
        0,
    ),
    "adopted from its identity": (
        [lambda api: made(api, at=place(THEIRS, name="x"))],
        {"adopt_from": THEIRS.upper()},
        CREATOR,
        0,
    ),
    "adopted from a third stack": (
        [lambda api: made(api, at=place(THEIRS, name="x"))],
        {"adopt_from": "shop/y"},
        CREATOR,
        REFUSED,
    ),
    "its state was lost": ([lambda api: made(api, at=place(THEIRS, "encord:Moved::x"))], {}, CREATOR, 0),
    "this stack declares it otherwise": (
        [lambda api: made(api, at=place(path="encord:AwsIntegration::other"))],
        {},
        CREATOR,
        REFUSED,
    ),
    "this stack declares it so": ([lambda api: made(api, at=place())], {}, CREATOR, 0),
    "this stack declares another so": (
        [lambda api: made(api, at=place()), made],
        {"adopt": 1},
        CREATOR,
        REFUSED,
    ),
    "adopted before with what was left out": ([kept_strict], {}, CREATOR, 0),
    "not to be adopted": ([made], {"adopt": False}, CREATOR, NEW),
    "not to be adopted, lost": ([lambda api: made(api, at=place(THEIRS))], {"adopt": False}, CREATOR, NEW),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_preview_and_the_api_take_the_same_object_or_both_none(on_sqlite: Api, name: str) -> None:
    api = on_sqlite
    there, given, who, expected = SITUATIONS[name]
    uuids = [make(api) for make in there]
    adopt = given.get("adopt", True)
    adopt = uuids[adopt] if type(adopt) is int else adopt
    inputs = {**AWS.declared(title="Data", declared_as=place()), **given, "adopt": adopt}
    checked = foreseen(api, of(AWS), inputs, who)
    taken, refusal = happens(api, of(AWS), checked.inputs, who)
    if expected == REFUSED:
        assert refusal
        assert checked.problems
    else:
        assert (checked.problems, refusal) == ([], "")
        assert taken not in uuids if expected == NEW else taken == uuids[expected]


CHANGES: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "nothing": (AWS, {"region": "eu-west-1"}, {}),
    "a role": (AWS, {}, {"role_arn": "arn:aws:iam::123456789012:role/next"}),
    "buckets": (AWS, {"region": "eu-west-1"}, {"buckets": ["acme-training"], "region": "eu-west-1"}),
    "an expiry": (AWS, {"signed_url_expiry": 3600}, {"signed_url_expiry": "12h"}),
    "an expiry in other words": (AWS, {"signed_url_expiry": 3600}, {"signed_url_expiry": "PT60M"}),
    "what was not set": (GCP, {}, {"signed_url_expiry": "90m"}),
    "a title, by uuid": (GCP, {"signed_url_expiry": 60}, {"title": "New"}),
    "a secret": (AZURE, {}, dict(AZURE.renewed)),
    "no secret": (AZURE, {}, {"sas_token": None}),
    "an application": (AZURE, {"sas_token": None, "tenant_id": TENANT}, {"sas_token": None}),
}


def differing(before: Any, after: Any) -> set[str]:
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_preview_says_that_an_adoption_changes_is_what_changes(on_sqlite: Api, name: str) -> None:
    api = on_sqlite
    case, there, given = CHANGES[name]
    reconciler, uuid = of(case), made(api, case, **there)
    inputs = case.declared(title="Data", declared_as=place()) | given | {"adopt": uuid}
    inputs = {name: value for name, value in inputs.items() if value is not None}
    before = LiveSnapshot(api.client()).integrations()[uuid]
    checked = foreseen(api, reconciler, inputs)
    assert checked.problems == []
    assert (checked.inputs["adopts"], checked.notes[0].split()[:3]) == (uuid, ["adopts", '"Data"', uuid])
    said = {match[1] for note in checked.notes if (match := re.match(r"adopting \w+ (\w+)", note))}
    live = Managed(reconciler).create(Session(api.client()), checked.inputs)
    after = LiveSnapshot(api.client()).integrations()[uuid]
    settings = [reconciler.living(view).settings for view in (before, after)]
    secrets = reconciler.secrets & inputs.keys()
    assert said == differing(*settings) | secrets
    # The next preview finds nothing to do, and what was left out is not told to be missing.
    again = reconciler.check(
        inputs, frozenset(), Context(checked.inputs, snapshot=LiveSnapshot(api.client()))
    )
    assert (again.problems, again.notes) == ([], [])
    assert list(reconciler.compare(live.outputs, again.inputs)) == []


def test_an_adopted_object_that_others_change_is_compared_with_what_is_declared_alone(on_sqlite: Api) -> None:
    api, reconciler = on_sqlite, of(AWS)
    uuid = made(api, region="eu-west-1", signed_url_expiry=3600)
    inputs = AWS.declared(title="Data", declared_as=place(), adopt=True)
    first = foreseen(api, reconciler, inputs).inputs
    live = Managed(reconciler).create(Session(api.client()), first)
    wanted = {**live.inputs, "title": "Renamed"}
    updated = Managed(reconciler).update(Session(api.client()), uuid, live.outputs, wanted)
    after = LiveSnapshot(api.client()).integrations()[uuid].model_dump()
    assert (after["title"], after["region"], after["signed_url_expiry"]) == ("Renamed", "eu-west-1", 3600)
    assert updated.outputs["region"] == "eu-west-1"


def test_an_object_that_was_made_here_goes_back_to_its_defaults_though_adopt_is_set(on_sqlite: Api) -> None:
    api, reconciler = on_sqlite, of(AWS)
    made(api, at=place(), region="eu-west-1")
    inputs = AWS.declared(title="Data", declared_as=place(), adopt=True)
    checked = foreseen(api, reconciler, inputs)
    assert checked.inputs["strict_client_only"] is False
    live = Managed(reconciler).create(Session(api.client()), checked.inputs)
    assert "region" not in live.inputs
    assert list(reconciler.compare(live.outputs, checked.inputs)) == []


def test_adopt_may_be_added_to_a_resource_that_was_made_here(on_sqlite: Api) -> None:
    api, reconciler = on_sqlite, of(AWS)
    inputs = AWS.declared(title="Data", declared_as=place())
    before = foreseen(api, reconciler, inputs).inputs
    live = Managed(reconciler).create(Session(api.client()), before)
    for snapshot in (LiveSnapshot(api.client()), Context().snapshot):
        later = reconciler.check({**inputs, "adopt": True}, frozenset(), Context(before, snapshot=snapshot))
        assert later.problems == []
        assert list(reconciler.compare(live.outputs, later.inputs)) == []


def test_another_tenant_is_another_object(on_sqlite: Api) -> None:
    """A preview of its replacement must not find the old one."""
    api, reconciler = on_sqlite, of(AZURE)
    inputs = AZURE.declared(title="Data", declared_as=place(), sas_token=None, tenant_id=TENANT)
    Managed(reconciler).create(Session(api.client()), foreseen(api, reconciler, inputs).inputs)
    for other in ({"tenant_id": OTHER_TENANT}, {"tenant_id": None, **AZURE.renewed}):
        given = {name: value for name, value in {**inputs, **other}.items() if value is not None}
        assert foreseen(api, reconciler, given).notes == []


def test_one_object_is_adopted_by_one_resource_of_a_program(on_sqlite: Api) -> None:
    api, reconciler = on_sqlite, of(AWS)
    made(api)
    inputs = AWS.declared(title="Data", declared_as=place(), adopt=True)
    first = foreseen(api, reconciler, inputs)
    context = Context(declared=first.declares, snapshot=LiveSnapshot(api.client()))
    assert reconciler.check(inputs, frozenset(), context).problems == []
    second = reconciler.check({**inputs, "declared_as": place(path="encord:X::y")}, frozenset(), context)
    [problem] = second.problems
    assert "is adopted by another resource of this program" in str(problem)


def group(api: Api, at: Any = None, **more: Any) -> str:
    body = {"name": "Team", **more}
    if at:
        body["declaredAs"] = wire(at)
    answer = post(api, GROUPS, body)
    assert answer.status == 200, answer.body
    return str(answer.body["groupHash"])


OF_GROUPS: dict[str, tuple[list[Made], dict[str, Any], str, Any]] = {
    "nothing of the name": ([lambda api: group(api, name="Crew")], {}, CREATOR, REFUSED),
    "one of the name": ([group], {}, CREATOR, 0),
    "several of the name": ([group, group], {}, CREATOR, REFUSED),
    "several, one named": ([group, group], {"adopt": 0}, CREATOR, 0),
    "an integration's uuid": ([made], {"adopt": 0}, CREATOR, REFUSED),
    "no admin of the organization": ([group], {}, MEMBER, REFUSED),
    "another stack declares it": ([lambda api: group(api, place(THEIRS, name="x"))], {}, CREATOR, REFUSED),
    "adopted from that stack": (
        [lambda api: group(api, place(THEIRS, name="x"))],
        {"adopt_from": "shop/x"},
        CREATOR,
        0,
    ),
    "its state was lost": ([lambda api: group(api, place(THEIRS))], {}, CREATOR, 0),
    "this stack declares it otherwise": (
        [lambda api: group(api, place(path="encord:UserGroup::x"))],
        {},
        CREATOR,
        REFUSED,
    ),
    "this stack declares another so": (
        [lambda api: group(api, place()), group],
        {"adopt": 1},
        CREATOR,
        REFUSED,
    ),
}


@pytest.mark.parametrize("name", OF_GROUPS)
def test_a_preview_and_the_api_take_the_same_group_or_both_none(on_sqlite: Api, name: str) -> None:
    api, reconciler = on_sqlite, GroupReconciler()
    there, given, who, expected = OF_GROUPS[name]
    uuids = [make(api) for make in there]
    adopt = given.get("adopt", True)
    adopt = uuids[adopt] if type(adopt) is int else adopt
    inputs = {"name": "Team", "declared_as": place(), **given, "adopt": adopt}
    checked = foreseen(api, reconciler, inputs, who)
    taken, refusal = happens(api, reconciler, checked.inputs, who)
    if expected == REFUSED:
        assert (bool(refusal), bool(checked.problems)) == (True, True)
    else:
        assert (checked.problems, refusal, taken) == ([], "", uuids[expected])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, []),
        ({"description": ""}, ["description: Who label -> none"]),
        ({"name": "New"}, ["name: Team -> New"]),
    ],
)
def test_what_a_preview_says_that_a_group_s_adoption_changes_is_what_changes(
    on_sqlite: Api, given: dict[str, Any], said: list[str]
) -> None:
    api, reconciler = on_sqlite, GroupReconciler()
    uuid = group(api, description="Who label")
    inputs = {"name": "Team", "declared_as": place(), **given, "adopt": uuid}
    checked = foreseen(api, reconciler, inputs)
    assert list(checked.notes[1:]) == [f"adopting changes {change}" for change in said]
    live = Managed(reconciler).create(Session(api.client()), checked.inputs)
    expected = {"name": "Team", "description": "Who label", **given}
    assert {name: live.outputs[name] for name in expected} == expected


def test_outputs_that_last_are_known_of_what_is_new_and_of_what_is_adopted(on_sqlite: Api) -> None:
    api, reconciler = on_sqlite, of(AWS)
    inputs = AWS.declared(title="Data", declared_as=place())
    new = foreseen(api, reconciler, inputs).inputs
    assert (new["owner"], "external_id" in new) == (CREATOR, False)
    assert isinstance(LiveSnapshot(api.client()).principals(), Principals)
    uuid = made(api)
    adopted = foreseen(api, reconciler, {**inputs, "adopt": True}).inputs
    live = Managed(reconciler).create(Session(api.client()), adopted)
    assert live.id == uuid
    known = reconciler.stable & live.outputs.keys()
    assert {name: adopted[name] for name in known} == {name: live.outputs[name] for name in known}
