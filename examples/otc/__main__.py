"""An integration with Object Storage Service of the Open Telekom Cloud."""

import pulumi

from pulumi_encord_integrations import OtcIntegration

roads = OtcIntegration(
    "roads",
    title="Road images",
    endpoint="https://obs.eu-de.otc.t-systems.com",
    region="eu-de",
    buckets=["acme-roads"],
    access_key_id="ACMEROADS",
    secret_access_key=pulumi.Config().require_secret("secretAccessKey"),
    signed_url_expiry="1d",
)

pulumi.export("integration", roads.id)
pulumi.export("credential_fingerprint", roads.credential_fingerprint)
