"""Integrations with Azure Blob Storage: one by a SAS token, one by an application in your tenant."""

import pulumi

from pulumi_encord_integrations import AzureIntegration

AGAIN = "pulumi up --refresh --run-program"

scans = AzureIntegration(
    "scans",
    title="Ward scans",
    storage_account="acmescans",
    container="wards",
    sas_token=pulumi.Config().require_secret("sasToken"),
)

# Without a token that ends: an application of Encord's is given a role in your tenant.
videos = AzureIntegration(
    "videos",
    title="Ward videos",
    storage_account="acmescans",
    container="videos",
    tenant_id="8c8b1c2e-3a54-4d0e-9a43-0f6d8f1c2b3a",
    strict_client_only=True,
)


def reader(application: str | None) -> str:
    """The application that needs the role Storage Blob Data Reader."""
    if application is None:
        raise pulumi.RunError(f"The API has no application: set encord:azureApplicationId, then {AGAIN}")
    return application


pulumi.export("sas_ends_at", scans.sas_ends_at)
pulumi.export("reader", videos.application_id.apply(reader))
