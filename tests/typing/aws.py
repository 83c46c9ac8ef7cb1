"""Checked by type checkers alone, never run: integrations with Amazon S3."""

from collections.abc import Sequence
from typing import Literal, assert_type

import pulumi

from pulumi_encord_integrations import AwsIntegration, Bucket, BucketArgs

ROLE = "arn:aws:iam::123456789012:role/encord-prod"


def every_output_has_its_type(made: AwsIntegration) -> None:
    assert_type(made.role_arn, pulumi.Output[str])
    assert_type(made.buckets, pulumi.Output[Sequence[Bucket]])
    assert_type(made.region, pulumi.Output[str | None])
    assert_type(made.signed_url_expiry, pulumi.Output[str | None])
    assert_type(made.external_id, pulumi.Output[str])
    assert_type(made.principal_arn, pulumi.Output[str | None])
    assert_type(made.verified, pulumi.Output[bool])
    assert_type(made.session_seconds, pulumi.Output[int | None])
    assert_type(made.session_limited_by, pulumi.Output[Literal["role_session", "role_chaining"] | None])
    assert_type(AwsIntegration.get("n", made.id), AwsIntegration)


def every_input_may_be_known_later(
    text: pulumi.Output[str], flag: pulumi.Output[bool], buckets: pulumi.Output[list[str | BucketArgs]]
) -> None:
    AwsIntegration(
        "later",
        title=text,
        role_arn=text,
        buckets=buckets,
        region=text,
        signed_url_expiry=text,
        strict_client_only=flag,
        over_vpn=flag,
        adopt=flag,
        adopt_from=text,
        force_destroy=flag,
        opts=pulumi.ResourceOptions(protect=True),
    )


def what_is_optional_may_be_none() -> None:
    AwsIntegration(
        "n",
        title="t",
        role_arn=ROLE,
        buckets=["a"],
        region=None,
        signed_url_expiry=None,
        strict_client_only=None,
        over_vpn=None,
        adopt=None,
        adopt_from=None,
        force_destroy=None,
        opts=None,
    )


def mistakes_are_found(made: AwsIntegration) -> None:
    AwsIntegration("a", title="t", buckets=["a"])  # type: ignore[call-arg]
    AwsIntegration("a", title="t", role_arn=["r"], buckets=["a"])  # type: ignore[arg-type]
    AwsIntegration("a", title="t", role_arn=ROLE, buckets=["a"], signed_url_expiry=1.5)  # type: ignore[arg-type]
    AwsIntegration("a", title="t", role_arn=ROLE, buckets=["a"], sas_token="s")  # type: ignore[call-arg]
    print(made.external)  # type: ignore[attr-defined]
