"""Checked by type checkers alone, never run: integrations with storage that speaks S3's protocol."""

from collections.abc import Sequence
from typing import assert_type

import pulumi

from pulumi_encord_integrations import Bucket, BucketArgs, S3CompatibleIntegration
from pulumi_encord_integrations.model.integration_types.s3_compatible import Preset


def every_output_has_its_type(made: S3CompatibleIntegration) -> None:
    assert_type(made.preset, pulumi.Output[Preset])
    assert_type(made.endpoint, pulumi.Output[str])
    assert_type(made.buckets, pulumi.Output[Sequence[Bucket]])
    assert_type(made.access_key_id, pulumi.Output[str])
    assert_type(made.secret_access_key, pulumi.Output[str])
    assert_type(made.region, pulumi.Output[str | None])
    assert_type(made.credential_fingerprint, pulumi.Output[str])
    assert_type(S3CompatibleIntegration.get("n", made.id), S3CompatibleIntegration)


def every_input_may_be_known_later(
    text: pulumi.Output[str],
    flag: pulumi.Output[bool],
    buckets: pulumi.Output[list[str | BucketArgs]],
    preset: pulumi.Output[Preset],
) -> None:
    S3CompatibleIntegration(
        "later",
        title=text,
        preset=preset,
        endpoint=text,
        buckets=buckets,
        access_key_id=text,
        secret_access_key=text,
        region=text,
        strict_client_only=flag,
        over_vpn=flag,
        adopt=flag,
        adopt_from=text,
        force_destroy=flag,
        opts=pulumi.ResourceOptions(protect=True),
    )


def what_is_optional_may_be_none() -> None:
    S3CompatibleIntegration(
        "n",
        title="t",
        preset="MINIO",
        endpoint="e",
        buckets=["a"],
        access_key_id="i",
        secret_access_key="s",
        region=None,
        strict_client_only=None,
        over_vpn=None,
        adopt=None,
        adopt_from=None,
        force_destroy=None,
        opts=None,
    )


def mistakes_are_found(made: S3CompatibleIntegration, key: str) -> None:
    S3CompatibleIntegration(
        "a",
        title="t",
        preset="MINO",  # type: ignore[arg-type]
        endpoint="e",
        buckets=["a"],
        access_key_id="i",
        secret_access_key=key,
    )
    S3CompatibleIntegration(  # type: ignore[call-arg]
        "a", title="t", preset="MINIO", endpoint="e", buckets=["a"], access_key_id="i"
    )
    print(made.signed_url_expiry)  # type: ignore[attr-defined]
