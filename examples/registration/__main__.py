"""A strict client-only integration; videos.json lists what is registered with it."""

import pulumi

from pulumi_encord_integrations import GcpIntegration

clinic = GcpIntegration(
    "clinic", title="Clinic videos", buckets=["acme-clinic"], strict_client_only=True, signed_url_expiry="8h"
)
pulumi.export("integration", clinic.id)
pulumi.export("data_types", clinic.data_types)
