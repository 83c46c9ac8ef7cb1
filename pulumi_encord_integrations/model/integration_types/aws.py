"""Amazon S3, read through a role of the customer's that the API assumes."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel

from pulumi_encord_integrations.model.base import SHARED, rule
from pulumi_encord_integrations.model.buckets import DISTINCT, FEW, NAMED, Bucket, s3_name
from pulumi_encord_integrations.model.durations import UrlLifetime
from pulumi_encord_integrations.model.expiry import LimitedBy
from pulumi_encord_integrations.model.integrations import (
    IntegrationSpec,
    IntegrationType,
    IntegrationView,
)
from pulumi_encord_integrations.model.objects import ObjectUrls, bucket_urls
from pulumi_encord_integrations.model.paths import plus_is_space
from pulumi_encord_integrations.model.problems import Problem

# A path is at most 512 characters long with its slashes.
_ROLE_ARN = re.compile(
    r"arn:aws(?:-[a-z]+)*:iam::\d{12}:role/(?:[\x21-\x7e]{1,510}/)?[\w+=,.@-]{1,64}", re.ASCII
)
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}", re.ASCII)
_HOSTS = re.compile(r"s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.(?:com|com\.cn|eu)")
_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
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
    s3_name(value)
    reserved = [p for p in _RESERVED_PREFIXES if value.startswith(p)]
    reserved += [s for s in _RESERVED_SUFFIXES if value.endswith(s)]
    if reserved:
        raise ValueError(f'must not begin or end with "{reserved[0]}", which S3 reserves')
    return value


RoleArn = Annotated[str, AfterValidator(_role_arn)]
Region = Annotated[str, AfterValidator(_region)]


class AwsBucket(Bucket):
    """An S3 bucket."""

    name: Annotated[str, AfterValidator(_bucket_name)]


class _Settings(BaseModel):
    role_arn: RoleArn
    buckets: Annotated[list[Annotated[AwsBucket, NAMED]], FEW, DISTINCT]
    region: Region | None = None
    signed_url_expiry: Annotated[UrlLifetime | None, SHARED] = None


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


class AwsView(_Settings, IntegrationView):
    """An AWS integration as answered."""

    external_id: str
    """The id that the role's trust policy must demand; made by the API, stable for life."""
    principal_arn: str | None
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


AWS = IntegrationType("AWS", "AwsIntegration", AwsSpec, AwsView, _urls)
