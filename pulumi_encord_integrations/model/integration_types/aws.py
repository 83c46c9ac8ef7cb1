"""Amazon S3, read through a role of the customer's that the API assumes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from pulumi_encord_integrations.model.base import Deferred, rule
from pulumi_encord_integrations.model.buckets import (
    DISTINCT,
    FEW,
    NAMED,
    BucketSpec,
    fits_a_host,
    not_an_ip_address,
)
from pulumi_encord_integrations.model.durations import ExpiryDuration
from pulumi_encord_integrations.model.expiry import LimitedBy
from pulumi_encord_integrations.model.integrations import (
    IntegrationSpec,
    IntegrationType,
    IntegrationView,
)
from pulumi_encord_integrations.model.marks import SHARED, STABLE
from pulumi_encord_integrations.model.objects import ObjectUrls, bucket_urls
from pulumi_encord_integrations.model.paths import plus_is_space
from pulumi_encord_integrations.model.problems import Problem

# A path is at most 512 characters long with its slashes.
_ROLE_ARN = re.compile(
    r"arn:aws(?:-[a-z]+)*:iam::\d{12}:role/(?:[\x21-\x7e]{1,510}/)?[\w+=,.@-]{1,64}", re.ASCII
)
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}", re.ASCII)
_HOSTS = re.compile(r"s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.(?:com|com\.cn|eu)")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,254}")
"""All names that S3 ever gave."""
_OTHER_BUCKETS = {"--x-s3": "a directory bucket", "--table-s3": "a table bucket"}
"""How names end of what is read in other ways than objects of a bucket."""
_LEGACY_REGION = "us-east-1"
_PARTITION_OF_REGION = {
    "cn": "aws-cn",
    "us-gov": "aws-us-gov",
    "us-iso": "aws-iso",
    "us-isob": "aws-iso-b",
    "us-isof": "aws-iso-f",
    "eu-isoe": "aws-iso-e",
    "eusc": "aws-eusc",
}
"""How a region's name begins -> its partition; all others are in `aws`."""


def _role_arn(value: str) -> str:
    if not _ROLE_ARN.fullmatch(value):
        raise ValueError("must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/encord-prod")
    return value


def _region(value: str) -> str:
    if not _REGION.fullmatch(value):
        raise ValueError("must be an AWS region, such as eu-west-1")
    return value


def _partition_of(region: str) -> str:
    area = next((area for area in _PARTITION_OF_REGION if region.startswith(f"{area}-")), "")
    return _PARTITION_OF_REGION.get(area, "aws")


def _bucket_name(value: str) -> str:
    if not _BUCKET.fullmatch(value):
        raise ValueError(
            "must be an S3 bucket name: 3 to 63 letters, digits, dots, hyphens and underscores (255 in "
            "us-east-1 before March 2018), beginning with a letter or digit"
        )
    not_an_ip_address(value)
    other = next((what for end, what in _OTHER_BUCKETS.items() if value.endswith(end)), None)
    if other:
        raise ValueError(f"names {other}; only objects of general purpose buckets can be read")
    return value


def legacy_names(names: Sequence[str]) -> list[str]:
    """Those of the bucket names that S3 gave in us-east-1 alone, before March 2018."""
    return [name for name in names if not fits_a_host(name)]


def advice(names: Sequence[str], region: str | None) -> str | None:
    """What is worth a word about bucket names: whether they are meant so."""
    found = [name for name in legacy_names(names) if _BUCKET.fullmatch(name)] if region is None else []
    if not found:
        return None
    return (
        f"S3 no longer allows such bucket names: {', '.join(found)}. If these are buckets of us-east-1 from "
        f'before March 2018, say so: region="{_LEGACY_REGION}"'
    )


RoleArn = Annotated[str, AfterValidator(_role_arn)]
Region = Annotated[str, AfterValidator(_region)]


class AwsBucket(BucketSpec):
    """An S3 bucket."""

    name: Annotated[str, AfterValidator(_bucket_name)]


class _Settings(Deferred):
    role_arn: RoleArn
    buckets: Annotated[list[Annotated[AwsBucket, NAMED]], FEW, DISTINCT]
    region: Region | None = None
    signed_url_expiry: Annotated[ExpiryDuration | None, SHARED] = None


class AwsSpec(_Settings, IntegrationSpec):
    """An AWS integration as declared."""

    provider: Literal["AWS"] = "AWS"

    @rule("role_arn", "region")
    def one_partition(self) -> Iterator[Problem]:
        """The role and the region lie in one AWS partition."""
        if self.region:
            partition = self.role_arn.split(":")[1]
            expected = _partition_of(self.region)
            # A partition that is newer than this table has regions that it does not know either.
            known = partition in {"aws", *_PARTITION_OF_REGION.values()}
            if expected != partition and (known or expected != "aws"):
                yield Problem(
                    ("region",), f"{self.region} is in partition {expected}, the role is in {partition}"
                )

    @rule("buckets", "region")
    def legacy_region(self) -> Iterator[Problem]:
        """Some names existed in one region only."""
        for index, bucket in enumerate(self.buckets):
            if self.region not in {None, _LEGACY_REGION} and legacy_names([bucket.name]):
                yield Problem(
                    ("buckets", index, "name"),
                    f"{self.region} has no bucket of that name: only us-east-1 ever allowed upper case, "
                    "underscores, two dots in a row or more than 63 characters",
                    "check the name and the region",
                )


class AwsView(_Settings, IntegrationView):
    """An AWS integration as answered."""

    external_id: Annotated[str, STABLE]
    """The id that the role's trust policy must demand; made by the API, stable for life."""
    principal_arn: Annotated[str | None, STABLE]
    """Who assumes the role; None if the deployment has not configured it."""
    verified: bool = False
    """Whether AWS was seen to refuse everybody who does not give this external id."""
    session_seconds: int | None = None
    """How long a session of the role lasts at most; None until it is verified."""
    session_limited_by: LimitedBy | None = None

    @property
    def credential(self) -> str:
        """The role that is assumed."""
        return "role"


def _urls(settings: Mapping[str, Any]) -> ObjectUrls:
    return bucket_urls(settings, _HOSTS, plus_is_space)


AWS = IntegrationType("AWS", "AwsIntegration", AwsSpec, AwsView, _urls, signs_by_role=True)
