"""What stands in for Azure and the API under the Azure components: it writes down what it is asked."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pulumi

from pulumi_encord_integrations.model.policies.azure import azure_role_assignments
from tests.support.types import TENANT, sas_token
from tests.unit.resources.mocked import IDENTITY, Recorded, deploy

SUBSCRIPTION = "5b6d4e0a-2f6e-4b8c-9a55-3f1f1f0b7c11"
PRINCIPAL = "1f0c2f6a-5a0e-4a52-8e5d-6f0d0b7e9c11"
APPLICATION = "0b1f9c53-6f7e-4a0c-8f51-2d5e9c7a4b60"
INTEGRATION = "3f0c1c53-8d0b-4d9c-9d1a-6a5f6f3d2b11"
CHALLENGE = "c7f1"
NOW = datetime(2026, 11, 28, tzinfo=UTC)
PLACE: dict[str, Any] = {
    "resource_group_name": "data",
    "storage_account": "acmestorage",
    "container": "training",
}
BY_PRINCIPAL: dict[str, Any] = {
    **PLACE,
    "principal_id": PRINCIPAL,
    "integration_id": INTEGRATION,
    "challenge": CHALLENGE,
}
BY_SAS: dict[str, Any] = {**PLACE, "sas": {}}
READER = f"encord-data-acmestorage-training-{PRINCIPAL}"
DELEGATOR = f"encord-delegator-acmestorage-{PRINCIPAL}"


class Azure(pulumi.runtime.Mocks):
    """Answers each resource with its inputs and what the API would add, in a preview with what is known."""

    def __init__(self, preview: bool, application_id: str | None) -> None:
        self._preview, self._application_id = preview, application_id
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ == IDENTITY and self._preview:
            return None, args.inputs
        added = {
            "challenge": CHALLENGE if args.inputs.get("tenant_id") else None,
            "application_id": self._application_id,
            "origins": ["https://app.test"],
            "settings_revision": 1.0,
            "valid": True,
            "checks": [],
        }
        return INTEGRATION if "AzureIntegration" in args.typ else f"id-of-{args.name}", {
            **args.inputs,
            **added,
        }

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        self.calls.append((args.token, args.args))
        if args.token.endswith("getClientConfig"):
            return {"subscriptionId": SUBSCRIPTION, "tenantId": TENANT}, []
        end = args.args["sharedAccessExpiryTime"]
        return {"accountSasToken": sas_token(args.args["accountName"], end)}, []


def run(
    program: Callable[[], Any], *, preview: bool = False, application_id: str | None = APPLICATION
) -> tuple[Recorded, Azure]:
    """Runs a program; what it registered, and the calls that it made."""
    recorded, azure = Recorded(preview=preview), Azure(preview, application_id)
    recorded.mocks = azure
    deploy(program, preview=preview, recorded=recorded)
    return recorded, azure


def roles(**more: Any) -> list[dict[str, Any]]:
    """The roles of an application by the pure function."""
    given = {**PLACE, "subscription_id": SUBSCRIPTION, "principal_id": PRINCIPAL, **more}
    return [asdict(one) for one in azure_role_assignments(**given)]


def children(recorded: Recorded) -> dict[str, str]:
    """Name -> type of all that was registered, the stack and its identity apart."""
    apart = {"pulumi:pulumi:Stack", IDENTITY}
    return {request.name: request.type for request in recorded.requests if request.type not in apart}


def dependencies(recorded: Recorded, name: str) -> set[str]:
    """Names of what a resource waits for."""
    return {urn.rpartition("::")[2] for urn in recorded.named(name).dependencies}
