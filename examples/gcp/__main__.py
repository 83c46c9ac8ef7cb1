"""A new bucket, what lets a service account read it, and a member who is let in once both are proven."""

import pulumi

from pulumi_encord_integrations import IntegrationMember, OrganizationUser
from pulumi_encord_integrations.components import GcpBucketArgs, GcpEncordIntegration

config = pulumi.Config()
bucket: GcpBucketArgs = {
    "name": config.require("bucket"),
    "create": True,
    "location": config.require("location"),
}
research = GcpEncordIntegration("research", {"title": "Research video", "buckets": [bucket]})

# Made after the access check: a bucket that cannot be read lets nobody in.
mia = OrganizationUser("mia", email="mia@example.com")
IntegrationMember("mia", integration=research.integration, user=mia, role="user")

pulumi.export("service_account", research.service_account_email)
pulumi.export("valid", research.valid)
