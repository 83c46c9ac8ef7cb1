"""One expiry policy for several integrations."""

import pulumi

from pulumi_encord_integrations import AwsIntegration, GcpIntegration, SignedUrlExpiry

LIFETIME = "12h"
ANNOTATION_TIMES = {"images": "1h", "footage": "4h"}

integrations = {
    "images": AwsIntegration(
        "images",
        title="Production images",
        role_arn="arn:aws:iam::123456789012:role/encord-images",
        buckets=["acme-images"],
    ),
    "footage": GcpIntegration("footage", title="Drone footage", buckets=["acme-drones"]),
}
policies = {
    name: SignedUrlExpiry(
        f"{name}-expiry",
        integration=integration,
        duration=LIFETIME,
        expected_annotation_time=ANNOTATION_TIMES[name],
    )
    for name, integration in integrations.items()
}
pulumi.export("seconds", {name: policy.duration for name, policy in policies.items()})
