"""An integration with Google Cloud Storage, and the grant that its buckets need."""

import pulumi

from pulumi_encord_integrations import GcpIntegration

AGAIN = "pulumi up --refresh --run-program"

research = GcpIntegration(
    "research",
    title="Research video",
    buckets=["acme-research", {"name": "acme-drones", "prefixes": ["2026/"]}],
    signed_url_expiry="12h",
)


def grant(service_account: str | None) -> dict[str, str]:
    """The IAM binding for each bucket."""
    if service_account is None:
        raise pulumi.RunError(f"The API has no service account: set encord:gcpServiceAccount, then {AGAIN}")
    return {"role": "roles/storage.objectViewer", "member": f"serviceAccount:{service_account}"}


pulumi.export("integration", research.id)
pulumi.export("grant", research.service_account_email.apply(grant))
