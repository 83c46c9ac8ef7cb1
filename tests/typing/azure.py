"""Checked by type checkers alone, never run: integrations with Azure Blob Storage."""

from typing import assert_type

import pulumi

from pulumi_encord_integrations import AzureIntegration, IntegrationMember
from pulumi_encord_integrations.components import (
    AzureContainerAccess,
    AzureContainerAccessArgs,
    AzureEncordIntegration,
    AzureSasArgs,
)


def every_output_has_its_type(made: AzureIntegration) -> None:
    assert_type(made.storage_account, pulumi.Output[str])
    assert_type(made.container, pulumi.Output[str])
    assert_type(made.sas_token, pulumi.Output[str | None])
    assert_type(made.tenant_id, pulumi.Output[str | None])
    assert_type(made.sas_ends_at, pulumi.Output[str | None])
    assert_type(made.application_id, pulumi.Output[str | None])
    assert_type(made.challenge, pulumi.Output[str | None])
    assert_type(made.verified, pulumi.Output[bool | None])
    assert_type(made.credential_fingerprint, pulumi.Output[str | None])
    assert_type(AzureIntegration.get("n", made.id), AzureIntegration)


def every_input_may_be_known_later(text: pulumi.Output[str], flag: pulumi.Output[bool]) -> None:
    AzureIntegration(
        "later",
        title=text,
        storage_account=text,
        container=text,
        sas_token=text,
        tenant_id=text,
        strict_client_only=flag,
        over_vpn=flag,
        adopt=flag,
        adopt_from=text,
        force_destroy=flag,
        opts=pulumi.ResourceOptions(protect=True),
    )


def what_is_optional_may_be_none() -> None:
    AzureIntegration(
        "n",
        title="t",
        storage_account="a",
        container="c",
        sas_token=None,
        tenant_id=None,
        strict_client_only=None,
        over_vpn=None,
        adopt=None,
        adopt_from=None,
        force_destroy=None,
        opts=None,
    )


def the_access_beside_its_integration(azure: AzureIntegration) -> None:
    by_roles = AzureContainerAccess(
        "roles",
        {
            "resource_group_name": "acme",
            "storage_account": "acmestorage",
            "container": "training",
            "principal_id": "8c8b1c2e-3a54-4d0e-9a43-0f6d8f1c2b3a",
            "integration_id": azure.id,
            "challenge": azure.challenge,
            "origins": azure.origins,
        },
    )
    assert_type(by_roles.role_assignments, pulumi.Output[str])
    assert_type(by_roles.challenge_key, pulumi.Output[str | None])
    assert_type(by_roles.cors_rules, pulumi.Output[str])
    assert_type(by_roles.sas_token, pulumi.Output[str | None])
    assert_type(by_roles.sas_ends_at, pulumi.Output[str | None])
    AzureContainerAccess("b", {"container": "training"})  # type: ignore[typeddict-item]


def arguments_can_be_kept(args: AzureContainerAccessArgs, sas: AzureSasArgs) -> None:
    AzureContainerAccess("kept", {**args, "sas": sas}, pulumi.ResourceOptions(protect=True))


def one_resource_for_all_of_it() -> None:
    made = AzureEncordIntegration(
        "scans",
        {
            "title": "Scans",
            "resource_group_name": "acme",
            "storage_account": "acmestorage",
            "container": "scans",
            "sas": {"window": "90d", "renew_before": "14d", "key_name": "key2"},
        },
    )
    AzureEncordIntegration(
        "wards",
        {
            "title": "Wards",
            "resource_group_name": "acme",
            "storage_account": "acmestorage",
            "container": "wards",
            "principal_id": "8c8b1c2e-3a54-4d0e-9a43-0f6d8f1c2b3a",
            "tenant_id": "2f6e4b8c-9a55-4f1f-8b7c-115b6d4e0a3f",
            "write_challenge": False,
        },
    )
    assert_type(made.integration, AzureIntegration)
    assert_type(made.integration_id, pulumi.Output[str])
    assert_type(made.sas_ends_at, pulumi.Output[str | None])
    assert_type(made.valid, pulumi.Output[bool])
    IntegrationMember("mia", integration=made.integration, user="mia@example.com", role="user")


def mistakes_are_found(made: AzureIntegration) -> None:
    AzureIntegration("a", title="t", container="c")  # type: ignore[call-arg]
    AzureIntegration("a", title="t", storage_account="a", container=1)  # type: ignore[arg-type]
    AzureIntegration("a", title="t", storage_account="a", container="c", signed_url_expiry="1d")  # type: ignore[call-arg]
    print(made.buckets)  # type: ignore[attr-defined]
