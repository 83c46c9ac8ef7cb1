"""Checked by type checkers alone, never run: integrations with Google Cloud Storage."""

from collections.abc import Sequence
from typing import assert_type

import pulumi

from pulumi_encord_integrations import (
    Bucket,
    BucketArgs,
    ChallengeObject,
    GcpIntegration,
    IntegrationMember,
    challenge_object,
)
from pulumi_encord_integrations.components import (
    GcpBucketAccess,
    GcpBucketAccessArgs,
    GcpEncordIntegration,
)


def every_output_has_its_type(made: GcpIntegration) -> None:
    assert_type(made.buckets, pulumi.Output[Sequence[Bucket]])
    assert_type(made.signed_url_expiry, pulumi.Output[str | None])
    assert_type(made.service_account_email, pulumi.Output[str | None])
    assert_type(made.challenge, pulumi.Output[str])
    assert_type(made.verified, pulumi.Output[bool])
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
        adopt_from=text,
        force_destroy=flag,
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
        adopt_from=None,
        force_destroy=None,
        opts=None,
    )


def the_bindings_beside_their_integration(gcp: GcpIntegration) -> None:
    made = GcpBucketAccess(
        "access",
        {
            "service_account_email": gcp.service_account_email,
            "integration_id": gcp.id,
            "challenge": gcp.challenge,
            "buckets": [
                {"name": "acme-train", "prefixes": ["videos/"]},
                {"name": "acme-new", "create": True, "location": "EU"},
            ],
            "origins": gcp.origins,
            "write_challenge": True,
            "labels": {"team": "vision"},
        },
    )
    assert_type(made.bindings, pulumi.Output[str])
    assert_type(made.challenge_keys, pulumi.Output[Sequence[str]])
    assert_type(made.cors_rules, pulumi.Output[str])
    GcpBucketAccess("b", {"buckets": []})  # type: ignore[typeddict-item]


def arguments_can_be_kept(args: GcpBucketAccessArgs) -> None:
    GcpBucketAccess("kept", args, pulumi.ResourceOptions(protect=True))


def one_resource_for_all_of_it() -> None:
    made = GcpEncordIntegration("research", {"title": "Research", "buckets": [{"name": "acme-train"}]})
    assert_type(made.integration, GcpIntegration)
    assert_type(made.integration_id, pulumi.Output[str])
    assert_type(made.service_account_email, pulumi.Output[str])
    assert_type(made.valid, pulumi.Output[bool])
    IntegrationMember("mia", integration=made.integration, user="mia@example.com", role="user")


def a_challenge_object_needs_no_pulumi() -> None:
    made = challenge_object("id", "challenge", "acme-train", ["videos/"])
    assert_type(made, ChallengeObject)
    assert_type((made.key, made.value), tuple[str, str])


def mistakes_are_found(made: GcpIntegration) -> None:
    GcpIntegration("a", title="t")  # type: ignore[call-arg]
    GcpIntegration("a", title="t", buckets=[7])  # type: ignore[list-item]
    GcpIntegration("a", title="t", buckets=["a"], role_arn="r")  # type: ignore[call-arg]
    print(made.external_id)  # type: ignore[attr-defined]
