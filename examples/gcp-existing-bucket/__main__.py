"""A bucket that exists, of which some prefixes are read: integration, access and check, one by one."""

import pulumi

from pulumi_encord_integrations import (
    AccessCheck,
    GcpIntegration,
    IntegrationMembers,
    OrganizationUser,
    UserGroup,
    UserGroupMembers,
)
from pulumi_encord_integrations.components import GcpBucketAccess

config = pulumi.Config()
name, prefixes = config.require("bucket"), config.require_object("prefixes")

drones = GcpIntegration(
    "drones",
    title="Drone footage",
    buckets=[{"name": name, "prefixes": prefixes}],
    signed_url_expiry="12h",
)
access = GcpBucketAccess(
    "drones-access",
    {
        "service_account_email": drones.service_account_email,
        "integration_id": drones.id,
        # Its digest in the bucket shows that whoever declares the integration can write there.
        "challenge": drones.challenge,
        "buckets": [{"name": name, "prefixes": prefixes}],
        "origins": drones.origins,
    },
)
check = AccessCheck(
    "drones-check",
    integration=drones,
    retry_for=config.require("retryFor"),
    triggers=[access.bindings, access.challenge_keys, access.cors_rules],
    opts=pulumi.ResourceOptions(depends_on=[access]),
)

# Members of an integration wait for its checks: nobody is let in before they pass.
emails: list[str] = config.require_object("annotators")
annotators = UserGroup("annotators", name="Annotators of drone footage")
people = [OrganizationUser(email, email=email, role="TASKER") for email in emails]
UserGroupMembers("annotators", group=annotators, users=people, exclusive=True)
IntegrationMembers("drones", integration=drones, members=[{"group": annotators, "role": "user"}])

# Nothing of the bucket itself is changed. Whoever owns it adds these rules, and keeps others.
pulumi.export("cors_rules", access.cors_rules)
pulumi.export("bindings", access.bindings)
pulumi.export("checks", check.checks)
