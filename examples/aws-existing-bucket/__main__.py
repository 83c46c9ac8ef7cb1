"""A bucket that exists, encrypted with a key of yours: integration, role and check, one by one."""

import pulumi

from pulumi_encord_integrations import (
    AccessCheck,
    AwsIntegration,
    IntegrationMembers,
    OrganizationUser,
    UserGroup,
    UserGroupMembers,
)
from pulumi_encord_integrations.components import AwsBucketAccess, AwsBucketArgs

AGAIN = "pulumi up --refresh --run-program"
LIFETIME, LONGEST_SESSION = "4h", 5 * 3600

config = pulumi.Config()
name, prefixes = config.require("bucket"), config.require_object("prefixes")
role_arn = config.require("roleArn")


def trusted(principal: str | None) -> str:
    """Whom the role trusts."""
    if principal is None:
        raise pulumi.RunError(f"The API has no AWS principal: set encord:awsPrincipalArn, then {AGAIN}")
    return principal


# The role need not exist yet: whom it trusts, and with which external id, the integration answers.
raw = AwsIntegration(
    "raw",
    title="Raw footage",
    role_arn=role_arn,
    buckets=[{"name": name, "prefixes": prefixes}],
    signed_url_expiry=LIFETIME,
)
bucket: AwsBucketArgs = {"name": name, "prefixes": prefixes, "kms_key_arn": config.require("kmsKeyArn")}
access = AwsBucketAccess(
    "raw-access",
    {
        "role_name": role_arn.rpartition("/")[2],
        "principal_arn": raw.principal_arn.apply(trusted),
        "external_id": raw.external_id,
        "buckets": [bucket],
        "origins": raw.origins,
        # URLs end with the session that signs them.
        "max_session_duration": LONGEST_SESSION,
        "permissions_boundary_arn": config.require("permissionsBoundaryArn"),
        "tags": config.require_object("tags"),
    },
)
check = AccessCheck(
    "raw-check",
    integration=raw,
    retry_for=config.require("retryFor"),
    triggers=[access.role_arn, access.trust_policy, access.read_policy, access.cors_rules],
    opts=pulumi.ResourceOptions(depends_on=[access]),
)

# Members of an integration wait for its checks: nobody is let in before they pass.
emails: list[str] = config.require_object("annotators")
annotators = UserGroup("annotators", name="Annotators of raw footage")
people = [OrganizationUser(email, email=email, role="TASKER") for email in emails]
UserGroupMembers("annotators", group=annotators, users=people, exclusive=True)
IntegrationMembers("raw", integration=raw, members=[{"group": annotators, "role": "user"}])

# Nothing of the bucket itself is changed. Whoever owns it adds these rules, and keeps others.
pulumi.export("cors_rules", access.cors_rules)
pulumi.export("role_arn", access.role_arn)
pulumi.export("checks", check.checks)
