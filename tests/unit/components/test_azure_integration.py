"""What AzureEncordIntegration registers, in which order, and what it refuses."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations import AzureIntegration, IntegrationMember
from pulumi_encord_integrations.components import AzureContainerAccess, AzureEncordIntegration
from pulumi_encord_integrations.components.azure import sas
from pulumi_encord_integrations.model.policies.control import challenge_object
from tests.support.types import OTHER_TENANT, TENANT, sas_token
from tests.unit.components.azure_cloud import (
    APPLICATION,
    CHALLENGE,
    INTEGRATION,
    NOW,
    PRINCIPAL,
    SUBSCRIPTION,
    Azure,
    children,
    dependencies,
    run,
)
from tests.unit.resources.mocked import Recorded, unknown

BASE: dict[str, Any] = {
    "title": "Training",
    "resource_group_name": "data",
    "storage_account": "acmestorage",
    "container": "training",
}
BY_PRINCIPAL: dict[str, Any] = {**BASE, "principal_id": PRINCIPAL, "tenant_id": TENANT}
BY_SAS: dict[str, Any] = {**BASE, "sas": {}}
ROLES = {
    f"encord-data-acmestorage-training-{PRINCIPAL}",
    f"encord-delegator-acmestorage-{PRINCIPAL}",
}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sas, "now", lambda: NOW)


def made(args: Mapping[str, Any], preview: bool = False, **more: Any) -> tuple[Recorded, Azure]:
    return run(lambda: AzureEncordIntegration("train", {**args, **more}), preview=preview)  # type: ignore[typeddict-item]


def of_type(recorded: Recorded, kind: str) -> Any:
    (found,) = [request for request in recorded.requests if request.type.endswith(f":{kind}")]
    return found


def declared(recorded: Recorded) -> dict[str, Any]:
    sent = of_type(recorded, "AzureIntegration").object
    return dict(pulumi.runtime.rpc.deserialize_properties(sent))


def test_with_an_application_the_integration_comes_first() -> None:
    recorded, _ = made(BY_PRINCIPAL)
    assert children(recorded) == {
        "train": "pulumi-python:dynamic/encord:AzureIntegration",
        "train-access": "encord:index:AzureContainerAccess",
        **dict.fromkeys(ROLES, "azure-native:authorization:RoleAssignment"),
        "train-access-challenge": "azure-native:storage:Blob",
        "train-check": "pulumi-python:dynamic/encord:AccessCheck",
    }
    assert declared(recorded)["tenant_id"] == TENANT
    proof = challenge_object(INTEGRATION, CHALLENGE, "training")
    blob = recorded.inputs("train-access-challenge")
    assert (blob["blobName"], blob["source"].text) == (proof.key, proof.value)
    assert {"train-access-challenge", "train"} <= dependencies(recorded, "train-check")


def test_with_a_token_the_access_comes_first() -> None:
    recorded, _ = made(BY_SAS)
    assert children(recorded) == {
        "train": "pulumi-python:dynamic/encord:AzureIntegration",
        "train-access": "encord:index:AzureContainerAccess",
        "train-check": "pulumi-python:dynamic/encord:AccessCheck",
    }
    token = sas_token("acmestorage", "2027-03-07T00:00:00Z")
    assert declared(recorded)["sas_token"]["value"] == token
    assert "tenant_id" not in declared(recorded)


def test_the_token_reaches_the_engine_as_a_secret() -> None:
    sent = declared(made(BY_SAS)[0])["sas_token"]
    assert sent[pulumi.runtime.rpc._special_sig_key] == pulumi.runtime.rpc._special_secret_sig


def test_all_of_it_previews_while_the_integration_is_not_made() -> None:
    recorded, _ = made(BY_PRINCIPAL, preview=True, create=True, manage_cors=True)
    assert len(ROLES & children(recorded).keys()) == 2
    for role in ROLES:
        assert recorded.inputs(role).keys() >= {"scope", "roleDefinitionId", "principalId"}


def test_the_providers_own_tenant_is_not_asked_for() -> None:
    """A runner that is logged in to another tenant would otherwise replace the integration."""
    _, azure = made(BY_PRINCIPAL, subscription_id=SUBSCRIPTION)
    assert azure.calls == []


def test_the_tenant_and_the_subscription_may_be_others_than_the_providers() -> None:
    other = "9a8b7c6d-2f6e-4b8c-9a55-3f1f1f0b7c11"
    recorded, azure = made(BY_PRINCIPAL, tenant_id=OTHER_TENANT, subscription_id=other)
    assert azure.calls == []
    assert declared(recorded)["tenant_id"] == OTHER_TENANT
    assert all(recorded.inputs(role)["scope"].startswith(f"/subscriptions/{other}/") for role in ROLES)


@pytest.mark.parametrize("args", [BY_PRINCIPAL, BY_SAS], ids=["principal", "sas"])
def test_options_reach_what_they_are_of(args: dict[str, Any]) -> None:
    recorded, _ = made(
        args, strict_client_only=True, over_vpn=True, create=True, manage_cors=True, writable=True
    )
    assert declared(recorded)["strict_client_only"] is declared(recorded)["over_vpn"] is True
    assert recorded.inputs("train-access-container")["publicAccess"] == "None"
    [rule] = recorded.inputs("train-cors")["cors"]["corsRules"]
    assert rule["allowedOrigins"] == ["https://app.test"]
    assert {"train-cors", "train-access-container"} <= dependencies(recorded, "train-check")
    assert recorded.inputs("train-check")["writable"] is True


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"over_vpn": True, "strict_client_only": True}, False),
        ({"over_vpn": True, "strict_client_only": True, "write_challenge": True}, True),
        ({"over_vpn": pulumi.Output.from_input(True), "strict_client_only": True}, True),
        ({"write_challenge": False}, False),
    ],
)
def test_where_nobody_reads_a_challenge_object_none_is_written(given: dict[str, Any], written: bool) -> None:
    recorded, _ = made(BY_PRINCIPAL, **given)
    assert ("train-access-challenge" in children(recorded)) is written
    assert dependencies(recorded, "train-check") >= ({"train-access-challenge"} if written else ROLES)


@pytest.mark.parametrize("renew_before", ["14d", "40d"])
def test_nobody_is_told_to_renew_a_token_that_renews_itself(
    monkeypatch: pytest.MonkeyPatch, renew_before: str
) -> None:
    spans: list[Any] = []
    monkeypatch.setattr(AzureIntegration, "_warn", lambda _self, _token, span: spans.append(span.days))
    made(BASE, sas={"window": "90d", "renew_before": renew_before})
    assert spans == [int(renew_before[:-1])]


@pytest.mark.parametrize("args", [BY_PRINCIPAL, BY_SAS], ids=["principal", "sas"])
@pytest.mark.parametrize("required", [True, False])
def test_members_wait_for_the_check_if_it_is_required(args: dict[str, Any], required: bool) -> None:
    def program() -> None:
        given: Any = {**args, "require_access": required}
        training = AzureEncordIntegration("train", given)
        IntegrationMember("mia", integration=training.integration, user="mia@example.com", role="user")

    assert ("train-check" in dependencies(run(program)[0], "mia")) is required


def test_the_check_asks_anew_when_the_token_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    first = made(BY_SAS)[0].inputs("train-check")["triggers"]
    assert made(BY_SAS)[0].inputs("train-check")["triggers"] == first
    monkeypatch.setattr(sas, "now", lambda: NOW.replace(year=2028))
    assert made(BY_SAS)[0].inputs("train-check")["triggers"] != first


def test_outputs_are_those_of_the_check_and_the_token() -> None:
    def program() -> Any:
        training = AzureEncordIntegration("train", {**BY_SAS})  # type: ignore[typeddict-item]
        return {"ends": training.sas_ends_at, "valid": training.valid, "id": training.integration_id}

    found = run(program)[0].result
    assert found == {"ends": "2027-03-07T00:00:00+00:00", "valid": True, "id": INTEGRATION}


def test_an_integration_that_is_retained_is_not_taken_for_one_that_ends_all_access() -> None:
    def program() -> None:
        opts = pulumi.ResourceOptions(retain_on_delete=True)
        training = AzureEncordIntegration("train", {**BY_PRINCIPAL}, opts)  # type: ignore[typeddict-item]
        IntegrationMember("mia", integration=training.integration, user="mia@example.com", role="user")

    recorded, _ = run(program)
    assert not recorded.named("mia").deletedWith
    assert all(recorded.named(role).retainOnDelete for role in ROLES)


REFUSED: dict[str, tuple[Mapping[str, Any], str]] = {
    "an application and a token": (
        {**BY_PRINCIPAL, "sas": {}},
        "exactly one of principal_id and sas; both are given",
    ),
    "neither of both": (BASE, "exactly one of principal_id and sas; neither is given"),
    "the application as principal": (
        {**BY_PRINCIPAL, "principal_id": APPLICATION},
        "principal_id is the id of the application, .* az ad sp show --id APPLICATION_ID --query id",
    ),
    "the application by its own name": (
        {**BASE, "application_id": APPLICATION},
        "give its object id as princ",
    ),
    "no tenant": ({**BASE, "principal_id": PRINCIPAL}, "tenant_id is required with principal_id"),
    "a challenge object beside a token": (
        {**BY_SAS, "write_challenge": True},
        "write_challenge goes with principal_id",
    ),
    "a tenant beside a token": ({**BY_SAS, "tenant_id": TENANT}, "tenant_id goes with principal_id"),
    "a flag in words": ({**BY_SAS, "require_access": "no"}, "require_access must be True or False"),
    "a key that is spelled wrong": (
        {**BY_SAS, "titel": "x"},
        'titel: unknown key "titel"; did you mean "title"',
    ),
    "a window that is none": ({**BASE, "sas": {"window": "x"}}, "sas: window: must be a duration"),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("preview", [True, False])
def test_one_resource_refuses(what: str, preview: bool) -> None:
    given, words = REFUSED[what]
    with pytest.raises(pulumi.RunError, match=words) as error:
        made(given, preview)
    assert 'AzureEncordIntegration "train"' in str(error.value)


def test_an_api_without_an_application_is_told() -> None:
    with pytest.raises(pulumi.RunError, match="set encord:azureApplicationId where it runs"):
        run(lambda: AzureEncordIntegration("train", {**BY_PRINCIPAL}), application_id=None)  # type: ignore[typeddict-item]


def test_an_import_is_refused_with_the_way_that_works() -> None:
    opts = pulumi.ResourceOptions(import_=INTEGRATION)
    with pytest.raises(pulumi.RunError, match="adopt=True"):
        run(lambda: AzureEncordIntegration("train", {**BY_SAS}, opts))  # type: ignore[typeddict-item]


def test_two_integrations_do_not_own_the_rules_of_one_account() -> None:
    def program() -> None:
        for container in ("one", "two"):
            given: Any = {**BY_SAS, "container": container, "manage_cors": True}
            AzureEncordIntegration(container, given)

    words = 'AzureEncordIntegration "one" owns the CORS rules of storage account acmestorage already'
    with pytest.raises(pulumi.RunError, match=words):
        run(program)


def test_an_integration_and_an_access_beside_it_share_the_roles() -> None:
    def program() -> None:
        AzureEncordIntegration("train", {**BY_PRINCIPAL})  # type: ignore[typeddict-item]
        place = {name: BASE[name] for name in ("resource_group_name", "storage_account")}
        beside = {"container": "other", "integration_id": INTEGRATION, "challenge": CHALLENGE}
        given: Any = {**place, **beside, "principal_id": PRINCIPAL.upper()}
        AzureContainerAccess("other", given)

    found = children(run(program)[0])
    assert sum(kind.endswith("RoleAssignment") for kind in found.values()) == 3


def test_an_account_that_is_known_later_previews() -> None:
    recorded, _ = made(BY_SAS, preview=True, storage_account=unknown(), manage_cors=True)
    assert {"train", "train-cors", "train-check"} <= children(recorded).keys()
