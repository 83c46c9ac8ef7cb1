"""The types and functions that the plugin knows, by their tokens."""

from collections.abc import Callable

from tests.support.aws_plugin.buckets import Bucket, Cors, Encryption, PublicAccessBlock
from tests.support.aws_plugin.kinds import Bag, Cloud, Kind
from tests.support.aws_plugin.roles import Role, RolePolicy


def caller_identity(cloud: Cloud) -> Bag:
    """As whom the plugin acts."""
    answer = cloud.sts.get_caller_identity()
    account = answer["Account"]
    return {"accountId": account, "arn": answer["Arn"], "id": account, "userId": answer["UserId"]}


def partition(cloud: Cloud) -> Bag:
    """The one partition there is."""
    return {
        "dnsSuffix": "amazonaws.com",
        "id": "aws",
        "partition": "aws",
        "reverseDnsPrefix": "com.amazonaws",
    }


KINDS: dict[str, Kind] = {
    "aws:iam/role:Role": Role(),
    "aws:iam/rolePolicy:RolePolicy": RolePolicy(),
    "aws:s3/bucket:Bucket": Bucket(),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": Cors(),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": PublicAccessBlock(),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Encryption(),
}
FUNCTIONS: dict[str, Callable[[Cloud], Bag]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": caller_identity,
    "aws:index/getPartition:getPartition": partition,
}
SETTINGS = frozenset({"accessKey", "region", "secretKey", "token"})
"""Settings of the provider that are heeded."""
IGNORED_SETTINGS = frozenset(
    {
        "skipCredentialsValidation",
        "skipMetadataApiCheck",
        "skipRegionValidation",
        "skipRequestingAccountId",
        "version",
    }
)
"""Settings that the classes or the engine add, or that name checks which are never made."""
