"""What AzureContainerAccess registers: names, parents, roles, tokens; and what it refuses."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations.components import AzureContainerAccess
from pulumi_encord_integrations.components.azure import sas
from pulumi_encord_integrations.model.policies.azure import azure_cors
from pulumi_encord_integrations.model.policies.control import challenge_object
from tests.support.types import sas_token
from tests.unit.components.azure_cloud import (
    APPLICATION,
    BY_PRINCIPAL,
    BY_SAS,
    CHALLENGE,
    DELEGATOR,
    INTEGRATION,
    NOW,
    PLACE,
    PRINCIPAL,
    READER,
    Azure,
    children,
    dependencies,
    roles,
    run,
)
from tests.unit.resources.mocked import Recorded, unknown


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time by which SAS tokens are made; a test may change it."""
    at = [NOW]
    monkeypatch.setattr(sas, "now", lambda: at[0])
    return at


def made(args: Mapping[str, Any], preview: bool = False, **more: Any) -> tuple[Recorded, Azure]:
    return run(lambda: AzureContainerAccess("train", {**args, **more}), preview=preview)  # type: ignore[typeddict-item]


def outputs(args: Mapping[str, Any], preview: bool = False, **more: Any) -> dict[str, Any]:
    def program() -> Any:
        access = AzureContainerAccess("train", {**args, **more})  # type: ignore[typeddict-item]
        shown = {name: getattr(access, name) for name in AzureContainerAccess.__annotations__}
        return {**shown, "is_secret": pulumi.Output.from_input(access.sas_token.is_secret())}

    return dict(run(program, preview=preview)[0].result)


def test_an_application_gets_two_roles_and_a_challenge_object() -> None:
    recorded, _ = made(BY_PRINCIPAL)
    assert children(recorded) == {
        "train": "encord:index:AzureContainerAccess",
        READER: "azure-native:authorization:RoleAssignment",
        DELEGATOR: "azure-native:authorization:RoleAssignment",
        "train-challenge": "azure-native:storage:Blob",
    }
    assert recorded.named("train-challenge").parent.endswith("::train")


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("writable", [True, False])
def test_the_roles_are_those_of_the_pure_function(preview: bool, writable: bool) -> None:
    waiting = {"integration_id": unknown(), "challenge": unknown()} if preview else {}
    recorded, _ = made(BY_PRINCIPAL, preview, writable=writable, **waiting)
    for name, expected in zip((READER, DELEGATOR), roles(writable=writable), strict=True):
        assert recorded.inputs(name) == {
            "roleAssignmentName": expected["name"],
            "roleDefinitionId": expected["role_definition_id"],
            "scope": expected["scope"],
            "principalId": PRINCIPAL,
            "principalType": "ServicePrincipal",
        }


def test_the_challenge_object_answers_the_challenge() -> None:
    blob = made(BY_PRINCIPAL)[0].inputs("train-challenge")
    proof = challenge_object(INTEGRATION, CHALLENGE, "training")
    assert (blob["blobName"], blob["contentType"]) == (proof.key, "text/plain")
    assert blob["source"].text == proof.value
    assert (blob["accountName"], blob["containerName"]) == ("acmestorage", "training")
    shown = outputs(BY_PRINCIPAL)
    assert shown["challenge_key"] == proof.key
    assert json.loads(shown["role_assignments"]) == roles()
    assert (shown["sas_token"], shown["sas_ends_at"]) == (None, None)


def test_whoever_waits_for_the_challenge_object_waits_for_the_roles() -> None:
    recorded, _ = made(BY_PRINCIPAL, create=True)
    assert dependencies(recorded, "train-challenge") >= {READER, DELEGATOR, "train-container"}
    assert "train-container" in dependencies(recorded, READER)


@pytest.mark.parametrize("preview", [True, False])
def test_without_a_challenge_object_whoever_waits_for_it_waits_for_the_roles(preview: bool) -> None:
    waiting = {"integration_id": unknown(), "challenge": unknown()} if preview else {}

    def program() -> pulumi.Output[Any]:
        given: Any = {**BY_PRINCIPAL, "write_challenge": False, **waiting}
        access = AzureContainerAccess("train", given)
        pulumi.ComponentResource("a:b:C", "after", {"keys": [access.challenge_key]}, remote=True)
        return access.challenge_key

    recorded, _ = run(program, preview=preview)
    assert set(children(recorded)) - {"after"} == {"train", READER, DELEGATOR}
    assert recorded.result is None
    assert dependencies(recorded, "after") == {READER, DELEGATOR}


def test_a_provider_of_the_component_makes_all_of_it() -> None:
    def program() -> None:
        provider = pulumi.ProviderResource("azure-native", "other", {})
        opts = pulumi.ResourceOptions(providers=[provider])
        AzureContainerAccess("train", {**BY_PRINCIPAL, "create": True}, opts)  # type: ignore[typeddict-item]

    recorded, _ = run(program)
    for name in (READER, DELEGATOR, "train-container", "train-challenge"):
        assert "::other::" in recorded.named(name).provider


def test_a_transform_of_the_component_reaches_its_children() -> None:
    def program() -> None:
        def change(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
            if args.type_ != "azure-native:storage:Blob":
                return None
            return pulumi.ResourceTransformationResult({**args.props, "access_tier": "Cool"}, args.opts)

        opts = pulumi.ResourceOptions(transformations=[change])
        AzureContainerAccess("train", {**BY_PRINCIPAL}, opts)  # type: ignore[typeddict-item]

    assert run(program)[0].inputs("train-challenge")["accessTier"] == "Cool"


def test_a_new_container_is_private() -> None:
    recorded, _ = made(BY_SAS, create=True)
    assert recorded.inputs("train-container") == {
        "accountName": "acmestorage",
        "containerName": "training",
        "publicAccess": "None",
        "resourceGroupName": "data",
    }


@pytest.mark.parametrize(("writable", "letters"), [(False, "rl"), (True, "rwlc")])
def test_a_sas_token_is_asked_for_with_exactly_what_is_needed(writable: bool, letters: str) -> None:
    _, azure = made(BY_SAS, writable=writable)
    assert azure.calls == [
        (
            "azure-native:storage:listStorageAccountSAS",
            {
                "accountName": "acmestorage",
                "resourceGroupName": "data",
                "keyToSign": "key1",
                "services": "b",
                "resourceTypes": "co",
                "permissions": letters,
                "protocols": "https",
                "sharedAccessExpiryTime": "2027-03-07T00:00:00Z",
            },
        )
    ]


def test_a_sas_token_gives_no_roles_and_writes_no_object() -> None:
    assert set(children(made(BY_SAS)[0])) == {"train"}


@pytest.mark.parametrize("preview", [True, False])
def test_the_token_is_a_secret_and_says_when_it_ends(preview: bool) -> None:
    shown = outputs(BY_SAS, preview)
    assert shown["sas_token"] == sas_token("acmestorage", "2027-03-07T00:00:00Z")
    assert shown["is_secret"]
    assert shown["sas_ends_at"] == "2027-03-07T00:00:00+00:00"
    assert (json.loads(shown["role_assignments"]), shown["challenge_key"]) == (None, None)


def test_the_token_is_a_secret_where_the_account_is_not_known_yet() -> None:
    kept: list[Any] = []

    def program() -> Any:
        kept.append(AzureContainerAccess("train", {**BY_SAS, "storage_account": unknown()}).sas_token)  # type: ignore[typeddict-item]
        return pulumi.Output.from_input([kept[0].is_secret(), kept[0].is_known()])

    assert list(run(program, preview=True)[0].result) == [True, False]


def test_a_later_run_makes_the_same_token_until_it_is_time_for_the_next(clock: list[datetime]) -> None:
    first = outputs(BY_SAS)["sas_token"]
    renewal = datetime.fromisoformat("2027-03-07T00:00:00+00:00") - timedelta(days=14)
    clock[0] = renewal - timedelta(seconds=1)
    assert outputs(BY_SAS)["sas_token"] == first
    clock[0] = renewal
    assert outputs(BY_SAS)["sas_ends_at"] == "2027-06-05T00:00:00+00:00"


def test_options_of_the_token_reach_azure(clock: list[datetime]) -> None:
    _, azure = made(PLACE, sas={"window": "4w", "renew_before": "1w", "key_name": "key2"})
    asked = azure.calls[0][1]
    assert (asked["keyToSign"], asked["sharedAccessExpiryTime"]) == ("key2", "2026-12-21T00:00:00Z")


def test_the_rules_of_an_account_are_owned_on_request_alone() -> None:
    recorded, _ = made(BY_SAS, manage_cors=True, origins=["https://app.test"])
    assert recorded.inputs("train-cors") == {
        "accountName": "acmestorage",
        "resourceGroupName": "data",
        "blobServicesName": "default",
        "cors": {"corsRules": azure_cors(["https://app.test"])},
    }
    assert json.loads(outputs(BY_SAS, origins=["https://app.test"])["cors_rules"]) == azure_cors(
        ["https://app.test"]
    )


@pytest.mark.parametrize("later", [False, True])
def test_two_components_do_not_own_the_rules_of_one_account(later: bool) -> None:
    def program() -> None:
        account: Any = pulumi.Output.from_input("acmestorage") if later else "acmestorage"
        for name in ("one", "two"):
            place = {"storage_account": account, "container": name}
            given: Any = {**BY_SAS, **place, "manage_cors": True, "origins": ["https://app.test"]}
            AzureContainerAccess(name, given)

    words = 'AzureContainerAccess "one" owns the CORS rules of storage account acmestorage already'
    with pytest.raises(pulumi.RunError, match=words):
        run(program)


def test_all_of_it_previews_while_nothing_is_known() -> None:
    later = {"integration_id": unknown(), "challenge": unknown(), "origins": unknown()}
    recorded, _ = made(BY_PRINCIPAL, preview=True, create=True, manage_cors=True, **later)
    assert len(children(recorded)) == 6
    assert recorded.inputs(READER)["scope"].endswith("/blobServices/default/containers/training")
    [rule] = recorded.inputs("train-cors")["cors"]["corsRules"]
    assert rule["allowedMethods"] == ["GET", "HEAD"]


def without(*names: str) -> dict[str, Any]:
    return {**BY_PRINCIPAL, **dict.fromkeys(names)}


REFUSED: dict[str, tuple[Mapping[str, Any], str]] = {
    "an application and a token": (
        {**BY_PRINCIPAL, "sas": {}},
        "exactly one of principal_id and sas; both are given",
    ),
    "neither of both": (PLACE, "exactly one of principal_id and sas; neither is given"),
    "the application in place of its principal": (
        {**without("principal_id"), "application_id": APPLICATION},
        "give its object id as principal_id, which this tells: az ad sp show --id APPLICATION_ID --query id",
    ),
    "a principal that is none": (
        {**BY_PRINCIPAL, "principal_id": "encord"},
        "principal_id: must be the object",
    ),
    "no integration": (without("integration_id"), "integration_id is required with principal_id"),
    "an integration that is none": ({**BY_PRINCIPAL, "integration_id": "x"}, "integration_id must be the id"),
    "no challenge": (without("challenge"), "challenge must be the output challenge of an integration with"),
    "a challenge beside a token": ({**BY_SAS, "challenge": "c"}, "challenge goes with principal_id"),
    "a subscription beside a token": ({**BY_SAS, "subscription_id": "c"}, "subscription_id goes with princ"),
    "a subscription that is none": (
        {**BY_PRINCIPAL, "subscription_id": "acme"},
        "subscription_id: must be a UUID",
    ),
    "a resource group that is none": (
        {**BY_PRINCIPAL, "resource_group_name": "a/b"},
        "resource_group_name: must be the name of a resource group",
    ),
    "an account that is none": ({**BY_SAS, "storage_account": "Acme"}, "storage_account: must be a storage"),
    "a container that is none": ({**BY_SAS, "container": "-"}, "container: must be a container name"),
    "no container": ({**BY_SAS, "container": None}, "container is required"),
    "a flag in words": ({**BY_SAS, "create": "yes"}, "create must be True or False"),
    "a flag that is known later": (
        {**BY_PRINCIPAL, "writable": pulumi.Output.from_input(True)},
        "writable must be True or False in the program itself",
    ),
    "a key that is spelled wrong": ({**BY_SAS, "conteiner": "x"}, 'did you mean "container"'),
    "a token's key that is spelled wrong": (
        {**PLACE, "sas": {"renew_befor": "1d"}},
        'sas.renew_befor: unknown key "renew_befor"; did you mean "renew_before"',
    ),
    "a token that is no mapping": ({**PLACE, "sas": "90d"}, "sas must be a mapping"),
    "a window that is none": ({**PLACE, "sas": {"window": "3mo"}}, "sas: window: must be a duration such as"),
    "a window that is shorter than its renewal": (
        {**PLACE, "sas": {"window": "7d"}},
        "sas: renew_before: must be shorter than the window",
    ),
    "a window that is known later": (
        {**PLACE, "sas": {"window": pulumi.Output.from_input("90d")}},
        "sas.window must be plain text in the program itself",
    ),
    "a third key": ({**PLACE, "sas": {"key_name": "key3"}}, "sas.key_name must be key1 or key2"),
    "rules without origins": (
        {**BY_SAS, "manage_cors": True},
        "origins is required with manage_cors: the output origins of the integration",
    ),
    "rules with empty origins": (
        {**BY_SAS, "manage_cors": True, "origins": []},
        "the API knows no origin of the app; set encord:appOrigins",
    ),
    "origins that are numbers": ({**BY_SAS, "origins": [7]}, "origins: must be a list of texts"),
    "a challenge object beside a token": (
        {**BY_SAS, "write_challenge": False},
        "write_challenge goes with principal_id",
    ),
    "any origin": ({**BY_SAS, "origins": ["*"]}, 'origins: "\\*" is no origin'),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("preview", [True, False])
def test_it_refuses(what: str, preview: bool) -> None:
    given, words = REFUSED[what]
    with pytest.raises(pulumi.RunError, match=words) as error:
        made(given, preview)
    assert 'AzureContainerAccess "train"' in str(error.value)


def test_a_container_and_the_cors_rules_outlive_the_component() -> None:
    recorded, _ = made(BY_PRINCIPAL, create=True, manage_cors=True, origins=["https://app.test"])
    assert recorded.named("train-container").retainOnDelete
    assert recorded.named("train-cors").retainOnDelete
    assert not recorded.named("train-challenge").retainOnDelete
