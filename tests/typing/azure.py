"""Checked by type checkers alone, never run: integrations with Azure Blob Storage."""

from typing import assert_type

import pulumi

from pulumi_encord_integrations import AzureIntegration


def every_output_has_its_type(made: AzureIntegration) -> None:
    assert_type(made.storage_account, pulumi.Output[str])
    assert_type(made.container, pulumi.Output[str])
    assert_type(made.sas_token, pulumi.Output[str | None])
    assert_type(made.tenant_id, pulumi.Output[str | None])
    assert_type(made.sas_ends_at, pulumi.Output[str | None])
    assert_type(made.application_id, pulumi.Output[str | None])
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
        opts=None,
    )


def mistakes_are_found(made: AzureIntegration) -> None:
    AzureIntegration("a", title="t", container="c")  # type: ignore[call-arg]
    AzureIntegration("a", title="t", storage_account="a", container=1)  # type: ignore[arg-type]
    AzureIntegration("a", title="t", storage_account="a", container="c", signed_url_expiry="1d")  # type: ignore[call-arg]
    print(made.buckets)  # type: ignore[attr-defined]
