"""Checked by type checkers alone, never run: expiry policies."""

from typing import Literal, assert_type

import pulumi

from pulumi_encord_integrations import AwsIntegration, SignedUrlExpiry


def every_output_has_its_type(made: SignedUrlExpiry) -> None:
    assert_type(made.integration, pulumi.Output[str])
    assert_type(made.duration, pulumi.Output[str])
    assert_type(made.effective_seconds, pulumi.Output[int | None])
    assert_type(made.limited_by, pulumi.Output[Literal["role_session", "role_chaining"] | None])
    assert_type(SignedUrlExpiry.get("n", made.id), SignedUrlExpiry)


def every_input_may_be_known_later(
    text: pulumi.Output[str], integration: AwsIntegration, seconds: pulumi.Output[int]
) -> None:
    SignedUrlExpiry("later", integration=text, duration=text, expected_annotation_time=seconds)
    SignedUrlExpiry("known", integration=integration, duration=43_200, on_delete="keep")


def what_is_missing_or_wrong_is_found(integration: AwsIntegration) -> None:
    SignedUrlExpiry("a", integration=integration)  # type: ignore[call-arg]
    SignedUrlExpiry("b", integration=integration, duration=1.5)  # type: ignore[arg-type]
    SignedUrlExpiry("c", integration=integration, duration="1h", on_delete="stay")  # type: ignore[arg-type]
