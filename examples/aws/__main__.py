"""An integration with Amazon S3, and the trust policy that lets Encord, and nobody else, assume its role."""

import json

import pulumi

from pulumi_encord_integrations import AwsIntegration

AGAIN = "pulumi up --refresh --run-program"

# The role need not exist yet: its trust policy is made from what the integration answers.
role_arn = "arn:aws:iam::123456789012:role/encord-training"

training = AwsIntegration(
    "training",
    title="Training data",
    role_arn=role_arn,
    buckets=["acme-training", {"name": "acme-raw", "prefixes": ["videos/"]}],
    region="eu-west-1",
    signed_url_expiry="12h",
)


def trust_policy(principal: str | None, external_id: str) -> str:
    """The policy document for the role."""
    if principal is None:
        raise pulumi.RunError(f"The API has no AWS principal: set encord:awsPrincipalArn, then {AGAIN}")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


pulumi.export("integration", training.id)
pulumi.export(
    "trust_policy",
    pulumi.Output.all(training.principal_arn, training.external_id).apply(lambda known: trust_policy(*known)),
)
