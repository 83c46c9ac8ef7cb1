"""Checked by type checkers alone, never run: integrations with Google Cloud Storage."""

from collections.abc import Sequence
from typing import assert_type

import pulumi

from pulumi_encord_integrations import Bucket, BucketArgs, GcpIntegration


def every_output_has_its_type(made: GcpIntegration) -> None:
    assert_type(made.buckets, pulumi.Output[Sequence[Bucket]])
    assert_type(made.signed_url_expiry, pulumi.Output[int | None])
    assert_type(made.service_account_email, pulumi.Output[str | None])
    assert_type(GcpIntegration.get("n", made.id), GcpIntegration)


def every_input_may_be_known_later(
    text: pulumi.Output[str], flag: pulumi.Output[bool], buckets: pulumi.Output[list[str | BucketArgs]]
) -> None:
    GcpIntegration(
        "later",
        title=text,
        buckets=buckets,
        signed_url_expiry=text,
        strict_client_only=flag,
        over_vpn=flag,
        adopt=flag,
        opts=pulumi.ResourceOptions(protect=True),
    )


def what_is_optional_may_be_none() -> None:
    GcpIntegration(
        "n",
        title="t",
        buckets=["a"],
        signed_url_expiry=None,
        strict_client_only=None,
        over_vpn=None,
        adopt=None,
        opts=None,
    )


def mistakes_are_found(made: GcpIntegration) -> None:
    GcpIntegration("a", title="t")  # type: ignore[call-arg]
    GcpIntegration("a", title="t", buckets=[7])  # type: ignore[list-item]
    GcpIntegration("a", title="t", buckets=["a"], role_arn="r")  # type: ignore[call-arg]
    print(made.external_id)  # type: ignore[attr-defined]
