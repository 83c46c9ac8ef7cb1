"""Every type is reconciled the same way; secrets are carried by the state alone."""

from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.client.errors import NotFound, Refused, UnexpectedAnswer
from pulumi_encord_integrations.lifecycle.reconciler import Context, Live, Properties
from pulumi_encord_integrations.model.integration_registry import integration_type
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from tests.support.lifecycles import Managed
from tests.support.types import CASES, Case
from tests.unit.reconcilers.fake_api import DECLARED_AS, FakeApi

every_type = pytest.mark.parametrize("case", CASES.values(), ids=str)
every_secret = pytest.mark.parametrize(
    ("case", "name"), [(case, name) for case in CASES.values() for name in case.secrets], ids=str
)


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def reconciler(case: Case) -> IntegrationReconciler:
    kind = integration_type(case.provider)
    assert kind
    return IntegrationReconciler(kind)


def checked(case: Case, **more: Any) -> Properties:
    found = reconciler(case).check(case.declared(declared_as=DECLARED_AS, **more), frozenset())
    assert not found.problems
    return found.inputs


def read(api: FakeApi, case: Case, live: Live) -> Live:
    found = Managed(reconciler(case)).read(api.session(), live.id, live.outputs)
    assert found
    return found


def differing(case: Case, live: Live, inputs: Properties) -> set[str]:
    """What a diff would name."""
    old, new = reconciler(case).comparable(live.outputs), reconciler(case).comparable(inputs)
    return {name for name in new if old[name] != new[name]}


@every_type
def test_what_was_created_reads_back_as_it_was_declared(api: FakeApi, case: Case) -> None:
    inputs = checked(case)
    made = Managed(reconciler(case)).create(api.session(), inputs)
    found = read(api, case, made)
    lasting = {*reconciler(case).stable, "settings_revision"}
    known = {name: made.outputs[name] for name in lasting & made.outputs.keys()}
    assert made.inputs == found.inputs == {**inputs, **known}
    assert found.outputs == made.outputs
    assert differing(case, found, inputs) == set()


@every_type
def test_an_update_leaves_nothing_to_change(api: FakeApi, case: Case) -> None:
    made = Managed(reconciler(case)).create(api.session(), checked(case))
    inputs = checked(case, **case.renewed, **dict([case.change]))
    assert differing(case, made, inputs) == {case.change[0], *case.secrets}
    updated = Managed(reconciler(case)).update(api.session(), made.id, made.outputs, inputs)
    assert differing(case, updated, inputs) == set()
    assert {name: updated.outputs[name] for name in case.secrets} == case.renewed


@every_secret
def test_a_secret_that_somebody_else_set_is_named_by_the_next_diff(
    api: FakeApi, case: Case, name: str
) -> None:
    inputs = checked(case)
    made = Managed(reconciler(case)).create(api.session(), inputs)
    api.rows[made.id]["credentialFingerprint"] = "of another secret"
    found = read(api, case, made)
    assert name not in found.outputs
    assert name not in found.inputs
    assert differing(case, found, inputs) == {name}


@every_secret
def test_a_drifted_secret_stays_drifted_until_it_is_set_again(api: FakeApi, case: Case, name: str) -> None:
    inputs = checked(case)
    made = Managed(reconciler(case)).create(api.session(), inputs)
    api.rows[made.id]["credentialFingerprint"] = "of another secret"
    twice = read(api, case, read(api, case, made))
    assert differing(case, twice, inputs) == {name}
    again = Managed(reconciler(case)).update(api.session(), made.id, twice.outputs, inputs)
    assert differing(case, read(api, case, again), inputs) == set()
    assert next(r for r in api.requests if r.method == "PATCH").read().count(inputs[name].encode()) == 1


@every_secret
def test_a_secret_that_is_left_out_is_left_alone(api: FakeApi, case: Case, name: str) -> None:
    made = Managed(reconciler(case)).create(api.session(), checked(case))
    api.rows[made.id]["credentialFingerprint"] = "of another secret"
    drifted = read(api, case, made)
    known = case.declared(declared_as=DECLARED_AS, title="New", **{name: None})
    found = reconciler(case).check(known, frozenset(), Context(before=drifted.inputs))
    assert (found.problems, name in found.inputs) == ([], False)
    updated = Managed(reconciler(case)).update(api.session(), made.id, drifted.outputs, found.inputs)
    sent = api.body()
    assert (to_camel(name) in sent, sent["title"]) == (False, "New")
    assert updated.outputs["title"] == "New"
    assert read(api, case, updated).inputs == found.inputs


every_key_pair = pytest.mark.parametrize("case", [CASES["OTC"], CASES["S3_COMPATIBLE"]], ids=str)
OTHER_ID = "AKEXAMPLE7654321"
PAIR = ("access_key_id", "secret_access_key")


@every_key_pair
def test_an_access_key_id_does_not_change_without_its_secret(case: Case) -> None:
    before = checked(case)
    known = {**before, "access_key_id": OTHER_ID}
    del known["secret_access_key"]
    [problem] = reconciler(case).check(known, frozenset(), Context(before=before)).problems
    assert str(problem) == (
        "access_key_id: differs from the one in use, and secret_access_key is left out; "
        "give both, or name both in ignore_changes"
    )


@every_key_pair
@pytest.mark.parametrize("later", [{"access_key_id"}, {"secret_access_key"}, set(PAIR)], ids=sorted)
def test_half_a_key_pair_may_be_known_later(case: Case, later: set[str]) -> None:
    before = checked(case)
    known = {**before, "access_key_id": OTHER_ID, "title": "New"}
    known = {name: value for name, value in known.items() if name not in later}
    assert reconciler(case).check(known, frozenset(later), Context(before=before)).problems == []


@every_key_pair
def test_a_key_pair_that_others_rotated_is_kept_where_both_halves_are_ignored(
    api: FakeApi, case: Case
) -> None:
    made = Managed(reconciler(case)).create(api.session(), checked(case))
    api.rows[made.id] |= {"accessKeyId": OTHER_ID, "credentialFingerprint": "of another secret"}
    drifted = read(api, case, made)
    # What the engine hands over: the old inputs of whatever is ignored.
    known = case.declared(declared_as=DECLARED_AS, title="New", secret_access_key=None)
    context = Context(before=drifted.inputs)
    assert reconciler(case).check(known, frozenset(), context).problems
    found = reconciler(case).check({**known, "access_key_id": OTHER_ID}, frozenset(), context)
    assert found.problems == []
    Managed(reconciler(case)).update(api.session(), made.id, drifted.outputs, found.inputs)
    sent = api.body()
    assert (sent["accessKeyId"], "secretAccessKey" in sent) == (OTHER_ID, False)


@every_secret
def test_a_secret_is_needed_to_create(case: Case, name: str) -> None:
    known = case.declared(declared_as=DECLARED_AS, **{name: None})
    [problem] = reconciler(case).check(known, frozenset()).problems
    assert str(problem).startswith(f"{name}: is required")


@every_type
def test_all_that_a_create_needs_but_secrets_is_answered_by_a_read(case: Case) -> None:
    kind = reconciler(case).kind
    needed = {name for name, field in kind.spec.model_fields.items() if field.is_required()}
    assert needed - set(case.secrets) <= kind.view.model_fields.keys()


@every_secret
def test_other_drift_keeps_the_secret(api: FakeApi, case: Case, name: str) -> None:
    inputs = checked(case)
    made = Managed(reconciler(case)).create(api.session(), inputs)
    api.rows[made.id]["title"] = "Changed behind its back"
    found = read(api, case, made)
    assert found.outputs[name] == inputs[name]
    assert differing(case, found, inputs) == {"title"}


@every_secret
def test_a_lookup_knows_no_secret(api: FakeApi, case: Case, name: str) -> None:
    made = Managed(reconciler(case)).create(api.session(), checked(case))
    found = Managed(reconciler(case)).read(api.session(), made.id, {})
    assert found
    assert name not in found.outputs


@every_type
def test_what_replaces_is_what_the_table_of_cases_says(case: Case) -> None:
    never = {"over_vpn"} if case.provider in {"OTC", "S3_COMPATIBLE"} else set()
    assert reconciler(case).replaces - never == {by.name for by in case.replacing}


@every_type
def test_an_object_of_another_type_is_refused_by_name(api: FakeApi, case: Case) -> None:
    other = CASES["GCP" if case.provider == "AWS" else "AWS"]
    made = Managed(reconciler(other)).create(api.session(), checked(other))
    with pytest.raises(Refused, match=f"is of type {other.provider}, not {case.provider}") as refusal:
        Managed(reconciler(case)).read(api.session(), made.id, {})
    assert refusal.value.hint == f"Use {other.resource}"


def test_settings_of_a_newer_api_are_no_drift(api: FakeApi) -> None:
    case = CASES["S3_COMPATIBLE"]
    made = Managed(reconciler(case)).create(api.session(), checked(case))
    api.rows[made.id]["preset"] = "TAPE_ARCHIVE"
    with pytest.raises(UnexpectedAnswer, match="cannot read"):
        read(api, case, made)


@every_type
def test_what_cannot_be_read_does_not_hide_the_others(api: FakeApi, case: Case) -> None:
    strange = Managed(reconciler(CASES["OTC"])).create(api.session(), checked(CASES["OTC"]))
    api.rows[strange.id] |= {"region": "MARS 1", "dataTypes": ["HOLOGRAM"]}
    made = Managed(reconciler(case)).create(api.session(), checked(case))
    assert read(api, case, made).outputs["title"] == made.outputs["title"]


@every_type
def test_what_is_no_uuid_is_told_before_anything_is_asked(api: FakeApi, case: Case) -> None:
    with pytest.raises(NotFound, match='"nope" is not the uuid of an integration'):
        Managed(reconciler(case)).read(api.session(), "nope", {})


def test_a_uuid_is_found_however_it_is_spelled(api: FakeApi) -> None:
    case = CASES["GCP"]
    made = Managed(reconciler(case)).create(api.session(), checked(case))
    api.listed = False
    found = Managed(reconciler(case)).read(api.session(), f"{{{made.id.upper()}}}", {})
    assert found
    assert found.id == made.id
