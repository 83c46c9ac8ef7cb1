"""A container that exists, a SAS token that renews itself, and members who are let in once it is proven."""

import pulumi

from pulumi_encord_integrations import IntegrationMember, OrganizationUser
from pulumi_encord_integrations.components import AzureEncordIntegration

config = pulumi.Config()
scans = AzureEncordIntegration(
    "scans",
    {
        "title": "Ward scans",
        "resource_group_name": config.require("resourceGroup"),
        "storage_account": config.require("storageAccount"),
        "container": config.require("container"),
        # The same token in each run, until the first one within `renew_before` of its end.
        "sas": {"window": "90d", "renew_before": "14d", "key_name": "key1"},
        "retry_for": config.require("retryFor"),
    },
)

# Made after the access check: a token that does not work lets nobody in.
lee = OrganizationUser("lee", email="lee@example.com", role="TASKER")
IntegrationMember("lee", integration=scans.integration, user=lee, role="user")

pulumi.export("integration_id", scans.integration_id)
pulumi.export("sas_ends_at", scans.sas_ends_at)
pulumi.export("valid", scans.valid)
