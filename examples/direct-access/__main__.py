"""A Direct Access integration: you supply the URLs, and browsers read them as they are."""

import pulumi

from pulumi_encord_integrations import DirectAccessIntegration

surgery = DirectAccessIntegration(
    "surgery",
    title="Surgery videos",
    source="MINIO",
    url_kind="UNSIGNED",
    strict_client_only=True,
    over_vpn=True,
)

pulumi.export("scenario", surgery.scenario)
pulumi.export("data_types", surgery.data_types)
pulumi.export("cors_origins", surgery.origins)
