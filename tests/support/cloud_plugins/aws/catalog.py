"""What the plugin knows of AWS."""

from importlib.metadata import version

from botocore.exceptions import BotoCoreError, ClientError

from tests.support.cloud_plugins.aws.buckets import Bucket, Cors, Encryption, PublicAccessBlock
from tests.support.cloud_plugins.aws.kinds import Cloud
from tests.support.cloud_plugins.aws.roles import Role, RolePolicy
from tests.support.cloud_plugins.kinds import Bag, CloudFunction, CloudPlugin

_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"


def caller_identity(cloud: Cloud, _arguments: Bag) -> Bag:
    """As whom the plugin acts."""
    answer = cloud.sts.get_caller_identity()
    account = answer["Account"]
    return {"accountId": account, "arn": answer["Arn"], "id": account, "userId": answer["UserId"]}


def partition(_cloud: Cloud, _arguments: Bag) -> Bag:
    """The one partition there is."""
    return {
        "dnsSuffix": "amazonaws.com",
        "id": "aws",
        "partition": "aws",
        "reverseDnsPrefix": "com.amazonaws",
    }


AWS = CloudPlugin(
    name="aws",
    version=version("pulumi-aws"),
    kinds={
        "aws:iam/role:Role": Role(),
        "aws:iam/rolePolicy:RolePolicy": RolePolicy(),
        "aws:s3/bucket:Bucket": Bucket(),
        "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": Cors(),
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": PublicAccessBlock(),
        _ENCRYPTION: Encryption(),
    },
    functions={
        "aws:index/getCallerIdentity:getCallerIdentity": CloudFunction(caller_identity),
        "aws:index/getPartition:getPartition": CloudFunction(partition),
    },
    connect=Cloud,
    settings=frozenset({"accessKey", "region", "secretKey", "token"}),
    replacing_settings=frozenset({"region"}),
    ignored_settings=frozenset(
        {
            "skipCredentialsValidation",
            "skipMetadataApiCheck",
            "skipRegionValidation",
            "skipRequestingAccountId",
            "version",
        }
    ),
    refusals=(ClientError, BotoCoreError),
)
