"""A new container, an application that reads it, and a member who is let in once that is proven."""

import pulumi

from pulumi_encord_integrations import IntegrationMember, OrganizationUser
from pulumi_encord_integrations.components import AzureEncordIntegration

config = pulumi.Config()
videos = AzureEncordIntegration(
    "videos",
    {
        "title": "Ward videos",
        "resource_group_name": config.require("resourceGroup"),
        "storage_account": config.require("storageAccount"),
        "container": config.require("container"),
        "create": True,
        # All CORS rules of the account are then owned here: those that it has are replaced.
        "manage_cors": True,
        "tenant_id": config.require("tenantId"),
        # Of the application's service principal in your tenant, which is given two roles.
        "principal_id": config.require("principalId"),
        # Azure may take ten minutes to know a new role.
        "retry_for": "15m",
    },
)

# Made after the access check: a container that cannot be read lets nobody in.
mia = OrganizationUser("mia", email="mia@example.com")
IntegrationMember("mia", integration=videos.integration, user=mia, role="user")

pulumi.export("integration_id", videos.integration_id)
pulumi.export("application_id", videos.integration.application_id)
pulumi.export("valid", videos.valid)
