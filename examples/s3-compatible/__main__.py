"""An integration with MinIO, which speaks S3's protocol."""

import pulumi

from pulumi_encord_integrations import S3CompatibleIntegration

archive = S3CompatibleIntegration(
    "archive",
    title="Archive",
    preset="MINIO",
    endpoint="https://minio.example.com:9000",
    buckets=["archive", {"name": "incoming", "prefixes": ["images/"]}],
    access_key_id="ACMEARCHIVE",
    secret_access_key=pulumi.Config().require_secret("secretAccessKey"),
)

pulumi.export("integration", archive.id)
pulumi.export("credential_fingerprint", archive.credential_fingerprint)
