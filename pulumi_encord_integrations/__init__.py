"""Encord data integrations, declared with Pulumi.

`AwsIntegration` declares how Encord reaches data in Amazon S3; `declare_organization` declares all that an
`encord.yaml` says; `get_integration` and `list_integrations` look up what exists.
"""

from pulumi_encord_integrations.resources.integrations import AwsIntegration, Bucket, BucketArgs, Integration

__all__ = ["AwsIntegration", "Bucket", "BucketArgs", "Integration"]
