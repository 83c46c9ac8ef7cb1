"""What a declaration is checked for and compared by, offline."""

from typing import Any

import pytest

from pulumi_encord_integrations.model.base import SecretText
from pulumi_encord_integrations.model.integration_types.aws import AWS, AwsSpec
from pulumi_encord_integrations.model.integrations import IntegrationType, IntegrationView
from pulumi_encord_integrations.model.marks import SECRET
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from tests.unit.reconcilers.fake_api import DECLARED_AS, INPUTS, STACK

RECONCILER = IntegrationReconciler(AWS)
NONE: frozenset[str] = frozenset()


class KeyedSpec(AwsSpec):
    secret_key: SecretText | None = None


KEYED = IntegrationReconciler(
    IntegrationType("AWS", "KeyedIntegration", KeyedSpec, IntegrationView, AWS.urls)
)


def problems(known: dict[str, Any], *unknown: str) -> list[str]:
    return [str(problem) for problem in RECONCILER.check(known, frozenset(unknown)).problems]


def test_inputs_are_made_canonical() -> None:
    messy = {
        "title": "Mu\u0308nchen",
        "role_arn": INPUTS["role_arn"],
        "buckets": ["b-b", "a-a"],
        "adopt": False,
    }
    assert RECONCILER.check(messy, NONE).inputs == {
        "title": "M\u00fcnchen",
        "role_arn": INPUTS["role_arn"],
        "buckets": [{"name": "a-a", "prefixes": []}, {"name": "b-b", "prefixes": []}],
        "strict_client_only": False,
        "over_vpn": False,
        "adopt": False,
    }


def test_what_an_adoption_leaves_out_is_not_invented() -> None:
    adopting = {"title": "Production", "role_arn": INPUTS["role_arn"], "buckets": ["a-a"], "adopt": True}
    checked = RECONCILER.check(adopting, NONE).inputs
    assert checked == {**adopting, "buckets": [{"name": "a-a", "prefixes": []}]}


def test_canonical_inputs_are_their_own_canonical_form() -> None:
    once = RECONCILER.check(INPUTS, NONE).inputs
    assert RECONCILER.check(once, NONE).inputs == once == INPUTS


def test_a_secret_is_an_input_like_any_other() -> None:
    checked = KEYED.check({**INPUTS, "secret_key": "canary"}, NONE)
    assert checked.inputs["secret_key"] == "canary"
    assert KEYED.secrets == KeyedSpec.marked(SECRET) == {"secret_key"}


def test_what_is_wrong_is_told_at_once_also_beside_unknowns() -> None:
    wrong = {"title": " ", "role_arn": "r", "strict_client_only": "no", "adopt": "yes", "titel": 1}
    places = {line.split(":")[0] for line in problems(wrong, "buckets")}
    assert places == {"title", "role_arn", "strict_client_only", "adopt", "titel"}


def test_everything_may_be_unknown() -> None:
    names = (*AwsSpec.model_fields, "adopt", "declared_as")
    checked = RECONCILER.check({}, frozenset(names))
    assert (checked.problems, checked.inputs) == ([], {})


@pytest.mark.parametrize("name", ["title", "role_arn", "buckets", "region", "strict_client_only", "over_vpn"])
def test_any_field_may_be_unknown_and_is_not_invented(name: str) -> None:
    known = {key: value for key, value in INPUTS.items() if key != name}
    checked = RECONCILER.check(known, frozenset({name}))
    assert checked.problems == []
    assert checked.inputs == known


def test_rules_over_several_fields_wait_for_the_last() -> None:
    known = {**INPUTS, "over_vpn": True}
    assert [line.split(":")[0] for line in problems(known)] == ["over_vpn"]
    del known["strict_client_only"]
    assert problems(known, "strict_client_only") == []


@pytest.mark.parametrize("adopt", ["yes", 1, [], "true"])
def test_adopt_is_a_flag_or_a_uuid(adopt: Any) -> None:
    assert problems({**INPUTS, "adopt": adopt}) == ["adopt: must be true, false or the uuid of the object"]


@pytest.mark.parametrize("spelled", [STACK.upper(), f"{{{STACK}}}", STACK])
def test_a_uuid_to_adopt_is_made_canonical(spelled: str) -> None:
    assert RECONCILER.check({**INPUTS, "adopt": spelled}, NONE).inputs["adopt"] == STACK


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"adopt_from": "data/dev"}, "adopt_from: says nothing without adopt"),
        ({"adopt": True, "adopt_from": "data"}, "adopt_from: must be a stack as project/stack, or the uuid"),
        ({"adopt": True, "adopt_from": "/dev"}, "adopt_from: must be a stack as project/stack, or the uuid"),
        ({"force_destroy": "yes"}, "force_destroy: must be true or false"),
        ({"force_destroy": 1}, "force_destroy: must be true or false"),
    ],
)
def test_what_is_said_beside_the_settings_is_checked(given: dict[str, Any], problem: str) -> None:
    [found] = problems({**INPUTS, **given})
    assert found.startswith(problem)


@pytest.mark.parametrize("adopt_from", ["data/dev", STACK])
def test_a_stack_to_adopt_from_has_two_names(adopt_from: str) -> None:
    given = {**INPUTS, "adopt": True, "adopt_from": adopt_from}
    assert RECONCILER.check(given, NONE).inputs["adopt_from"] == adopt_from


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({}, False),
        ({"adopt": True}, False),
        ({"adopt_from": "data/dev"}, False),
        ({"force_destroy": False}, False),
        ({"force_destroy": True}, True),
        ({"incarnation": "x", "owner": "y", "settings_revision": 9}, False),
        ({"region": None}, False),
        ({"declared_as": {**DECLARED_AS, "project": "p", "stack": "s"}}, False),
        ({"declared_as": {**DECLARED_AS, "path": "p"}}, True),
        ({"declared_as": {**DECLARED_AS, "stack_id": "s"}}, True),
        ({"declared_as": None}, True),
        ({"title": "New"}, True),
        ({"region": "eu-west-1"}, True),
        ({"buckets": []}, True),
        ({"over_vpn": True}, True),
    ],
)
def test_what_counts_as_a_change(change: dict[str, Any], differs: bool) -> None:
    same = RECONCILER.comparable({**INPUTS, **change}) == RECONCILER.comparable(INPUTS)
    assert same is not differs


def test_only_what_the_page_forbids_to_change_replaces() -> None:
    assert RECONCILER.replaces == {"strict_client_only", "over_vpn"}
