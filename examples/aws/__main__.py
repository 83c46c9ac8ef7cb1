"""A new bucket, the role that reads it, and a member who is let in once both are proven."""

import pulumi

from pulumi_encord_integrations import IntegrationMember, OrganizationUser
from pulumi_encord_integrations.components import AwsEncordIntegration

training = AwsEncordIntegration(
    "training",
    {
        "title": "Training data",
        "role_name": "encord-training",
        "buckets": [{"name": pulumi.Config().require("bucket"), "create": True}],
    },
)

# Made after the access check: a role that does not work lets nobody in.
mia = OrganizationUser("mia", email="mia@example.com")
IntegrationMember("mia", integration=training.integration, user=mia, role="user")

pulumi.export("role_arn", training.role_arn)
pulumi.export("external_id", training.external_id)
pulumi.export("valid", training.valid)
