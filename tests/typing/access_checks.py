"""Checked by type checkers alone, never run: checks of access, and the AWS side."""

from collections.abc import Mapping, Sequence
from typing import Any, assert_type

import pulumi

from pulumi_encord_integrations import (
    AccessCheck,
    AwsIntegration,
    CheckedAccess,
    DirectAccessIntegration,
    IntegrationMember,
    cors_rules,
    read_policy,
    trust_policy,
)
from pulumi_encord_integrations.components import (
    AwsBucketAccess,
    AwsBucketAccessArgs,
    AwsEncordIntegration,
)


def every_output_has_its_type(made: AccessCheck) -> None:
    assert_type(made.integration, pulumi.Output[str])
    assert_type(made.valid, pulumi.Output[bool | None])
    assert_type(made.checks, pulumi.Output[Sequence[CheckedAccess]])
    made.checks.apply(lambda checks: [(one.name, one.success, one.message, one.remedy) for one in checks])


def every_input_may_be_known_later(
    text: pulumi.Output[str], flag: pulumi.Output[bool], aws: AwsIntegration, direct: DirectAccessIntegration
) -> None:
    AccessCheck("later", integration=text, writable=flag, retry_for=text, triggers=text)
    AccessCheck("aws", integration=aws, required=False, retry_for=300, triggers=[text, {"a": flag}])
    AccessCheck("direct", integration=direct, urls=[text, "https://files.example.com/a.mp4"])


def what_is_wrong_is_found(aws: AwsIntegration) -> None:
    AccessCheck("a")  # type: ignore[call-arg]
    AccessCheck("b", integration=7)  # type: ignore[arg-type]
    AccessCheck("c", integration=aws, writable="yes")  # type: ignore[arg-type]


def the_role_beside_its_integration(aws: AwsIntegration, principal: pulumi.Output[str]) -> None:
    made = AwsBucketAccess(
        "access",
        {
            "role_name": "encord",
            "principal_arn": principal,
            "external_id": aws.external_id,
            "buckets": [
                {"name": "acme-train", "prefixes": ["videos/"]},
                {"name": "acme-new", "create": True},
            ],
            "origins": aws.origins,
            "tags": {"team": "vision"},
        },
    )
    assert_type(made.role_arn, pulumi.Output[str])
    assert_type(made.trust_policy, pulumi.Output[str])
    assert_type(made.read_policy, pulumi.Output[str])
    assert_type(made.cors_rules, pulumi.Output[str])
    AwsBucketAccess("b", {"role_name": "encord"})  # type: ignore[typeddict-item]


def arguments_can_be_kept(args: AwsBucketAccessArgs) -> None:
    AwsBucketAccess("kept", args, pulumi.ResourceOptions(protect=True))


def one_resource_for_all_of_it() -> None:
    made = AwsEncordIntegration(
        "training", {"title": "Training", "buckets": [{"name": "acme-train"}], "role_name": "encord"}
    )
    assert_type(made.integration, AwsIntegration)
    assert_type(made.integration_id, pulumi.Output[str])
    assert_type(made.external_id, pulumi.Output[str])
    assert_type(made.role_arn, pulumi.Output[str])
    assert_type(made.valid, pulumi.Output[bool])
    IntegrationMember("mia", integration=made.integration, user="mia@example.com", role="user")


def policies_need_no_pulumi() -> None:
    documents: list[Mapping[str, Any]] = [
        trust_policy("arn:aws:iam::123456789012:user/encord", "id"),
        read_policy(["acme", {"name": "raw", "prefixes": ["a/"]}], writable=True, kms_key_arns=["arn"]),
        *cors_rules(["https://app.example.com"]),
    ]
    print(documents)
