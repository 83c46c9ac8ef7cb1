"""Checked by type checkers alone, never run: integrations with the Open Telekom Cloud."""

from collections.abc import Sequence
from typing import assert_type

import pulumi

from pulumi_encord_integrations import Bucket, BucketArgs, OtcIntegration


def every_output_has_its_type(made: OtcIntegration) -> None:
    assert_type(made.endpoint, pulumi.Output[str])
    assert_type(made.region, pulumi.Output[str])
    assert_type(made.buckets, pulumi.Output[Sequence[Bucket]])
    assert_type(made.access_key_id, pulumi.Output[str])
    assert_type(made.secret_access_key, pulumi.Output[str])
    assert_type(made.signed_url_expiry, pulumi.Output[str | None])
    assert_type(made.credential_fingerprint, pulumi.Output[str])
    assert_type(OtcIntegration.get("n", made.id), OtcIntegration)


def every_input_may_be_known_later(
    text: pulumi.Output[str], flag: pulumi.Output[bool], buckets: pulumi.Output[list[str | BucketArgs]]
) -> None:
    OtcIntegration(
        "later",
        title=text,
        endpoint=text,
        region=text,
        buckets=buckets,
        access_key_id=text,
        secret_access_key=text,
        signed_url_expiry=text,
        strict_client_only=flag,
        over_vpn=flag,
        adopt=flag,
        adopt_from=text,
        force_destroy=flag,
        opts=pulumi.ResourceOptions(protect=True),
    )


def what_is_optional_may_be_none() -> None:
    OtcIntegration(
        "n",
        title="t",
        endpoint="e",
        region="r",
        buckets=["a"],
        access_key_id="i",
        secret_access_key="s",
        signed_url_expiry=None,
        strict_client_only=None,
        over_vpn=None,
        adopt=None,
        adopt_from=None,
        force_destroy=None,
        opts=None,
    )


def mistakes_are_found(made: OtcIntegration, key: str) -> None:
    OtcIntegration("a", title="t", endpoint="e", region="r", buckets=["a"], access_key_id="i")  # type: ignore[call-arg]
    OtcIntegration(  # type: ignore[call-arg]
        "a", title="t", endpoint="e", buckets=["a"], access_key_id="i", secret_access_key=key
    )
    print(made.role_arn)  # type: ignore[attr-defined]
