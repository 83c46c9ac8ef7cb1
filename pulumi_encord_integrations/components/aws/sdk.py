"""What of Pulumi's SDK for AWS the components use; an extra of the package."""

try:
    from pulumi_aws.get_caller_identity import get_caller_identity_output
    from pulumi_aws.get_partition import get_partition_output
    from pulumi_aws.iam import Role, RolePolicy
    from pulumi_aws.s3 import (
        Bucket,
        BucketCorsConfiguration,
        BucketCorsConfigurationCorsRuleArgs,
        BucketPublicAccessBlock,
        BucketServerSideEncryptionConfiguration,
        BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs,
        BucketServerSideEncryptionConfigurationRuleArgs,
    )
except ModuleNotFoundError as error:
    if not str(error.name).startswith("pulumi_aws"):
        raise
    raise ImportError(
        "the components for AWS need the extra: pip install 'pulumi-encord-integrations[aws]'"
    ) from None

__all__ = [
    "Bucket",
    "BucketCorsConfiguration",
    "BucketCorsConfigurationCorsRuleArgs",
    "BucketPublicAccessBlock",
    "BucketServerSideEncryptionConfiguration",
    "BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs",
    "BucketServerSideEncryptionConfigurationRuleArgs",
    "Role",
    "RolePolicy",
    "get_caller_identity_output",
    "get_partition_output",
]
