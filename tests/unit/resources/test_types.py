"""The typed constructor of every type of integration: its inputs, its secrets, its outputs, its words."""

import inspect
import re
from typing import Any

import pulumi
import pytest

import pulumi_encord_integrations as package
from pulumi_encord_integrations.model.integration_registry import integration_type
from pulumi_encord_integrations.model.integrations import IntegrationType
from pulumi_encord_integrations.model.marks import IMMUTABLE
from tests.support.types import CANARY, CASES, EXPIRING, Case
from tests.unit.resources.mocked import IDENTITY, deploy

every_type = pytest.mark.parametrize("case", CASES.values(), ids=str)
BESIDE = {"adopt", "adopt_from", "force_destroy"}
OWN = {"self", "resource_name", "opts", "renew_before", *BESIDE}
NOT_OUTPUTS = {"uuid", "provider", "role", "permissions", "declared_as", "declared_here", "registrations"}
MADE_HERE = {"adopts", "force_destroy"}
PAGE = "custom signed URL expiration times are only available for AWS, GCP, and OTC integrations"


def resource(case: Case) -> type[package.Integration]:
    found: type[package.Integration] = getattr(package, case.resource)
    return found


def kind(case: Case) -> IntegrationType:
    found = integration_type(case.provider)
    assert found
    return found


def parameters(case: Case) -> dict[str, inspect.Parameter]:
    found = inspect.signature(resource(case).__init__).parameters
    return {name: one for name, one in found.items() if name not in OWN}


@every_type
def test_a_program_s_inputs_are_sent_as_written(case: Case) -> None:
    recorded = deploy(lambda: resource(case)("prod", **case.declared()))
    token = f"pulumi-python:dynamic/encord:{case.resource}"
    assert sorted(recorded.types()) == sorted([token, IDENTITY])
    assert recorded.path("prod") == f"{token}::prod"
    sent = recorded.inputs("prod")
    assert sent.keys() == {*case.declared(), "declared_as", "__provider", "__program"}
    plain = {name: value for name, value in case.declared().items() if name not in case.secrets}
    assert sent.items() >= plain.items()


@every_type
def test_every_input_of_the_constructor_is_sent(case: Case) -> None:
    given: dict[str, Any] = dict.fromkeys([*parameters(case), *BESIDE], "given")
    recorded = deploy(lambda: resource(case)("prod", **given))
    sent = recorded.inputs("prod")
    assert sent.keys() - {"declared_as", "__provider", "__program"} == given.keys()
    assert all(sent[name] == "given" for name in given if name not in case.secrets)


@every_type
def test_the_provider_of_a_state_is_the_type_s_own(case: Case) -> None:
    assert resource(case)._provider_class.__name__ == f"{case.resource}Provider"
    assert resource(case)._provider_class.reconciler.replaces == kind(case).spec.marked(IMMUTABLE)


@every_type
@pytest.mark.parametrize("passed", [str, pulumi.Output.from_input, pulumi.Output.secret])
def test_secrets_are_secret_whatever_the_program_passed(case: Case, passed: Any) -> None:
    hidden = {name: passed(case.inputs[name]) for name in case.secrets}
    recorded = deploy(lambda: resource(case)("prod", **case.declared(**hidden)))
    sent = recorded.named("prod")
    assert list(sent.additionalSecretOutputs) == list(case.secrets)
    assert all(pulumi.runtime.rpc._special_sig_key in sent.object[name] for name in case.secrets)
    assert str(sent).count(CANARY) == len(case.secrets)


@every_type
def test_a_constructor_takes_exactly_what_can_be_declared(case: Case) -> None:
    fields = {name: f for name, f in kind(case).spec.model_fields.items() if name != "provider"}
    taken = parameters(case)
    assert taken.keys() == fields.keys()
    required = {name for name, one in taken.items() if one.default is inspect.Parameter.empty}
    assert required == {name for name, field in fields.items() if field.is_required()}
    assert all(one.kind is inspect.Parameter.KEYWORD_ONLY for one in taken.values())


@every_type
def test_every_input_and_every_answer_is_an_output(case: Case) -> None:
    expected = {*kind(case).view.model_fields, *kind(case).spec.model_fields} - NOT_OUTPUTS
    assert set(resource(case)._outputs()) == expected | MADE_HERE


@every_type
def test_the_documentation_says_what_changes_in_place_and_what_replaces(case: Case) -> None:
    words = " ".join((inspect.getdoc(resource(case)) or "").split())
    found = re.search(r"Changes in place: ([\w, ]+)\. Replaces: ([\w, ]+)\.", words)
    assert found
    in_place, replaces = (set(part.split(", ")) for part in found.groups())
    fixed = kind(case).spec.marked(IMMUTABLE)
    assert replaces == fixed
    assert in_place == parameters(case).keys() - fixed


@pytest.mark.parametrize("case", [c for c in CASES.values() if c.provider not in EXPIRING], ids=str)
def test_an_expiry_is_refused_with_the_page_s_words(case: Case) -> None:
    with pytest.raises(pulumi.RunError, match=f"^{case.resource}: signed_url_expiry: {PAGE}"):
        deploy(lambda: resource(case)("prod", **case.declared(), signed_url_expiry="12h"))


@pytest.mark.parametrize("case", [c for c in CASES.values() if c.provider != "DIRECT_ACCESS"], ids=str)
def test_a_kind_of_urls_is_refused_where_all_are_signed(case: Case) -> None:
    with pytest.raises(pulumi.RunError, match="only Direct Access integrations choose it"):
        deploy(lambda: resource(case)("prod", **case.declared(), url_kind="UNSIGNED"))


@every_type
def test_any_other_unknown_input_is_python_s_own_error(case: Case) -> None:
    with pytest.raises(TypeError, match="titel"):
        deploy(lambda: resource(case)("prod", **case.declared(), titel="x"))
