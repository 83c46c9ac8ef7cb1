"""Checked by mypy alone, never run: what a program may write, and what it gets."""

from collections.abc import Sequence
from typing import assert_type

import pulumi

from pulumi_encord_integrations import (
    AwsIntegration,
    Bucket,
    BucketArgs,
    get_integration,
    get_integration_output,
    list_integrations,
)
from pulumi_encord_integrations.model.integrations import IntegrationView

ROLE = "arn:aws:iam::123456789012:role/encord-prod"


def every_output_has_its_type(prod: AwsIntegration) -> None:
    assert_type(prod.id, pulumi.Output[str])
    assert_type(prod.organization, pulumi.Output[str])
    assert_type(prod.title, pulumi.Output[str])
    assert_type(prod.strict_client_only, pulumi.Output[bool])
    assert_type(prod.over_vpn, pulumi.Output[bool])
    assert_type(prod.owner, pulumi.Output[str])
    assert_type(prod.created_at, pulumi.Output[str])
    assert_type(prod.origins, pulumi.Output[Sequence[str]])
    assert_type(prod.settings_revision, pulumi.Output[int])
    assert_type(prod.adopted, pulumi.Output[bool])
    assert_type(prod.role_arn, pulumi.Output[str])
    assert_type(prod.buckets, pulumi.Output[Sequence[Bucket]])
    assert_type(prod.region, pulumi.Output[str | None])
    assert_type(prod.external_id, pulumi.Output[str])
    assert_type(prod.principal_arn, pulumi.Output[str | None])
    assert_type(prod.buckets.apply(lambda buckets: buckets[0].prefixes[0]), pulumi.Output[str])


def buckets_may_be_written_in_many_ways(name: pulumi.Output[str]) -> None:
    whole: BucketArgs = {"name": "acme"}
    AwsIntegration("literal", title="t", role_arn=ROLE, buckets=[{"name": "acme", "prefixes": ["videos/"]}])
    AwsIntegration("names", title="t", role_arn=ROLE, buckets=["acme", "other"])
    AwsIntegration("tuple", title="t", role_arn=ROLE, buckets=("acme", whole))
    AwsIntegration("later", title="t", role_arn=ROLE, buckets=[name, {"name": name, "prefixes": [name]}])


def every_input_may_be_known_later(
    text: pulumi.Output[str], flag: pulumi.Output[bool], buckets: pulumi.Output[list[str | BucketArgs]]
) -> None:
    AwsIntegration(
        "later",
        title=text,
        role_arn=text,
        buckets=buckets,
        region=text,
        strict_client_only=flag,
        over_vpn=flag,
        adopt=flag,
        opts=pulumi.ResourceOptions(protect=True),
    )


def what_is_optional_may_be_none() -> None:
    AwsIntegration(
        "n", title="t", role_arn=ROLE, buckets=["a"], region=None, strict_client_only=None, adopt=None
    )


def mistakes_are_found(prod: AwsIntegration) -> None:
    AwsIntegration("a", titel="t", title="t", role_arn=ROLE, buckets=["a"])  # type: ignore[call-arg]
    AwsIntegration("a", title="t", buckets=["a"])  # type: ignore[call-arg]
    AwsIntegration("a", "t", role_arn=ROLE, buckets=["a"])  # type: ignore[call-arg]
    AwsIntegration("a", title="t", role_arn=ROLE, buckets=[{"nam": "a"}])  # type: ignore[list-item]
    AwsIntegration("a", title=7, role_arn=ROLE, buckets=["a"])  # type: ignore[arg-type]
    AwsIntegration("a", title="t", role_arn=ROLE, buckets=["a"], adopt="yes")  # type: ignore[arg-type]
    print(prod.external)  # type: ignore[attr-defined]


def lookups_have_types(title: pulumi.Output[str], found: AwsIntegration) -> None:
    assert_type(get_integration(title="t"), IntegrationView)
    assert_type(get_integration_output(title=title), pulumi.Output[IntegrationView])
    assert_type(list_integrations(mine=True), list[IntegrationView])
    assert_type(AwsIntegration.get("n", found.id), AwsIntegration)
