"""Buckets, and the parts of their configuration that are resources of their own."""

from abc import abstractmethod
from collections.abc import Mapping, Set
from typing import Any, ClassVar

from tests.support.cloud_plugins.aws.kinds import AwsKind, Cloud, found, tag_bag, tag_list
from tests.support.cloud_plugins.kinds import Bag, named, turned


class Bucket(AwsKind):
    """A bucket without any configuration."""

    identity = ("bucket",)
    optional: ClassVar[Mapping[str, Any]] = {"forceDestroy": False, "tags": None}
    named = "bucket"
    ours = frozenset({"forceDestroy"})
    computed = frozenset({"arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName", "region"})

    def made_up(self, name: str, seed: bytes) -> str:
        """Buckets have no capitals."""
        return super().made_up(name, seed).lower()

    def create(self, cloud: Cloud, inputs: Bag) -> None:
        region, more = cloud.s3.meta.region_name, {}
        if region != "us-east-1":
            more = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        cloud.s3.create_bucket(Bucket=inputs["bucket"], **more)
        if inputs.get("tags"):
            self.update(cloud, inputs, {"tags"})

    def read(self, cloud: Cloud, id_: str) -> Bag | None:
        s3, region = cloud.s3, cloud.s3.meta.region_name
        # Unlike HeadBucket, it says why it is refused.
        if found(s3.get_bucket_location, Bucket=id_) is None:
            return None
        return {
            "arn": f"arn:aws:s3:::{id_}",
            "bucket": id_,
            "bucketDomainName": f"{id_}.s3.amazonaws.com",
            "bucketRegion": region,
            "bucketRegionalDomainName": f"{id_}.s3.{region}.amazonaws.com",
            "region": region,
            "tags": tag_bag(found(s3.get_bucket_tagging, Bucket=id_), "TagSet"),
        }

    def update(self, cloud: Cloud, inputs: Bag, changed: Set[str]) -> None:
        if "tags" not in changed:
            return
        bucket, tags = inputs["bucket"], inputs.get("tags")
        if tags:
            cloud.s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_list(tags)})
        else:
            cloud.s3.delete_bucket_tagging(Bucket=bucket)

    def delete(self, cloud: Cloud, id_: str, state: Bag) -> None:
        if state.get("forceDestroy"):
            _empty(cloud.s3, id_)
        found(cloud.s3.delete_bucket, Bucket=id_)


class Configuration(AwsKind):
    """A part of a bucket's configuration, which one call replaces as a whole."""

    identity = ("bucket",)
    computed = frozenset({"region"})

    @abstractmethod
    def put(self, s3: Any, bucket: str, inputs: Bag) -> None:
        """Replaces it."""

    @abstractmethod
    def get(self, s3: Any, bucket: str) -> Bag | None:
        """What is there, of the inputs but the bucket."""

    @abstractmethod
    def remove(self, s3: Any, bucket: str) -> None:
        """Takes it away."""

    def create(self, cloud: Cloud, inputs: Bag) -> None:
        self.put(cloud.s3, inputs["bucket"], inputs)

    def read(self, cloud: Cloud, id_: str) -> Bag | None:
        there = self.get(cloud.s3, id_)
        return None if there is None else {**there, "bucket": id_, "region": cloud.s3.meta.region_name}

    def update(self, cloud: Cloud, inputs: Bag, changed: Set[str]) -> None:
        self.create(cloud, inputs)

    def delete(self, cloud: Cloud, id_: str, state: Bag) -> None:
        self.remove(cloud.s3, id_)


class Cors(Configuration):
    """Which pages may read a bucket from a browser."""

    required = frozenset({"bucket", "corsRules"})
    fields: ClassVar[Mapping[str, str]] = {
        "allowedHeaders": "AllowedHeaders",
        "allowedMethods": "AllowedMethods",
        "allowedOrigins": "AllowedOrigins",
        "exposeHeaders": "ExposeHeaders",
        "id": "ID",
        "maxAgeSeconds": "MaxAgeSeconds",
    }

    def put(self, s3: Any, bucket: str, inputs: Bag) -> None:
        rules = named(inputs["corsRules"], self.fields)
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})

    def get(self, s3: Any, bucket: str) -> Bag | None:
        answer = found(s3.get_bucket_cors, Bucket=bucket)
        return answer and {"corsRules": named(answer["CORSRules"], turned(self.fields))}

    def remove(self, s3: Any, bucket: str) -> None:
        found(s3.delete_bucket_cors, Bucket=bucket)


class PublicAccessBlock(Configuration):
    """Which ways to make a bucket public are closed."""

    required = frozenset({"bucket"})
    optional: ClassVar[Mapping[str, Any]] = {
        "blockPublicAcls": False,
        "blockPublicPolicy": False,
        "ignorePublicAcls": False,
        "restrictPublicBuckets": False,
    }

    def put(self, s3: Any, bucket: str, inputs: Bag) -> None:
        ways = {_capital(way): bool(inputs.get(way)) for way in self.optional}
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=ways)

    def get(self, s3: Any, bucket: str) -> Bag | None:
        answer = found(s3.get_public_access_block, Bucket=bucket)
        ways = answer and answer["PublicAccessBlockConfiguration"]
        return ways and {way: bool(ways.get(_capital(way))) for way in self.optional}

    def remove(self, s3: Any, bucket: str) -> None:
        found(s3.delete_public_access_block, Bucket=bucket)


class Encryption(Configuration):
    """How objects are encrypted that do not say it themselves."""

    required = frozenset({"bucket", "rules"})
    fields: ClassVar[Mapping[str, str]] = {
        "applyServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault",
        "bucketKeyEnabled": "BucketKeyEnabled",
        "kmsMasterKeyId": "KMSMasterKeyID",
        "sseAlgorithm": "SSEAlgorithm",
    }

    def put(self, s3: Any, bucket: str, inputs: Bag) -> None:
        rules = {"Rules": named(inputs["rules"], self.fields)}
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)

    def get(self, s3: Any, bucket: str) -> Bag | None:
        answer = found(s3.get_bucket_encryption, Bucket=bucket)
        rules = answer and answer["ServerSideEncryptionConfiguration"]["Rules"]
        return rules and {"rules": named(rules, turned(self.fields))}

    def remove(self, s3: Any, bucket: str) -> None:
        found(s3.delete_bucket_encryption, Bucket=bucket)


def _empty(s3: Any, bucket: str) -> None:
    while listed := found(s3.list_object_versions, Bucket=bucket):
        there = [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]
        if not there:
            return
        objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in there]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]
