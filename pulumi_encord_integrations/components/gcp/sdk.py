"""What of Pulumi's SDK for Google Cloud the components use; an extra of the package."""

try:
    from pulumi_gcp.storage import (
        Bucket,
        BucketCorArgs,
        BucketEncryptionArgs,
        BucketIAMMember,
        BucketIAMMemberConditionArgs,
        BucketObject,
    )
except ModuleNotFoundError as error:
    if not str(error.name).startswith("pulumi_gcp"):
        raise
    raise ImportError(
        "the components for Google Cloud need the extra: pip install 'pulumi-encord-integrations[gcp]'"
    ) from None

__all__ = [
    "Bucket",
    "BucketCorArgs",
    "BucketEncryptionArgs",
    "BucketIAMMember",
    "BucketIAMMemberConditionArgs",
    "BucketObject",
]
