"""The examples for Azure live their whole life, unchanged, on Azurite behind our gateway.

What a reader would write into `Pulumi.yaml` or type is configured: names, the application, the app's origin,
how long to wait, where Azure is, and that the API may call this machine. Azurite enforces no role assignment;
the gateway does.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pulumi_encord_integrations.model.policies.azure import azure_cors, sas_end, sas_window
from tests.support.clouds.azure_subscription import ORIGIN, Subscription
from tests.support.engine import operations
from tests.support.examples import ON_AZURE, commands, place

NEW, BY_SAS = ON_AZURE
OF_OTHERS: dict[str, Any] = {**azure_cors([ORIGIN])[0], "allowedOrigins": ["https://own.test"]}


def deploy(subscription: Subscription, settings: Mapping[str, str]) -> dict[str, Any]:
    """Sets what a reader sets, all that the README asks for and what is another on Azurite; the outputs."""
    project = subscription.project
    given = {
        "resourceGroup": subscription.group,
        "storageAccount": subscription.account.name,
        "container": subscription.container,
        "encord:azureApplicationId": subscription.entra.application_id,
        "encord:azureBlobEndpoint": subscription.blob_endpoint,
        "encord:appOrigins": ORIGIN,
        "encord:privateNetworks": "127.0.0.0/8",
        **settings,
    }
    assert {command[2] for command in commands(project.folder, "config set")} <= given.keys()
    words = [word for key, value in given.items() for word in ("--plaintext", f"{key}={value}")]
    project.succeed("config", "set-all", *words)
    assert operations(project.up())["created"] > 2
    outputs = project.outputs()
    assert {output for *_, output in commands(project.folder, "stack output")} <= outputs.keys()
    assert outputs["valid"] is True
    return outputs


def lives_on_and_ends(subscription: Subscription) -> None:
    project = subscription.project
    project.unchanged()
    assert operations(project.refresh()).keys() <= {"unchanged"}
    project.destroy()
    assert project.export() == []
    assert subscription.role_assignments() == []


def test_the_example_of_a_new_container_and_roles_that_our_gateway_enforces(
    subscription: Subscription,
) -> None:
    place(NEW, subscription.project)
    identity = {"tenantId": subscription.tenant_id, "principalId": subscription.principal_id}
    outputs = deploy(subscription, identity)
    assert outputs["application_id"] == subscription.entra.application_id
    assert len(subscription.role_assignments()) == 2
    assert set(subscription.blobs()) == {f".encord/{outputs['integration_id']}"}
    assert subscription.members() == {"mia@example.com"}
    lives_on_and_ends(subscription)
    assert (subscription.left(), len(subscription.cors())) == ({subscription.container}, 1)


def test_the_example_of_a_sas_token_for_a_container_that_exists(subscription: Subscription) -> None:
    subscription.put("scan.dcm")
    owned = [*azure_cors([ORIGIN]), OF_OTHERS]
    subscription.set_cors(*owned)
    place(BY_SAS, subscription.project)
    outputs = deploy(subscription, {"retryFor": "5s"})
    assert outputs["sas_ends_at"] == sas_end(datetime.now(UTC), sas_window()).isoformat()
    assert subscription.members() == {"lee@example.com"}
    lives_on_and_ends(subscription)
    assert (subscription.blobs(), subscription.cors()) == ({"scan.dcm": b"data"}, owned)
