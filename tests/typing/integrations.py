"""Checked by type checkers alone, never run: what all types of integration have, and look-ups."""

from collections.abc import Sequence
from typing import assert_type

import pulumi

from pulumi_encord_integrations import (
    Bucket,
    BucketArgs,
    GcpIntegration,
    Integration,
    Organization,
    declare_organization,
    get_integration,
    get_integration_output,
    list_integrations,
)
from pulumi_encord_integrations.model.integrations import IntegrationView
from pulumi_encord_integrations.model.scenarios import DataType, Feature, ScenarioName


def every_output_has_its_type(made: Integration) -> None:
    assert_type(made.id, pulumi.Output[str])
    assert_type(made.organization, pulumi.Output[str])
    assert_type(made.title, pulumi.Output[str])
    assert_type(made.strict_client_only, pulumi.Output[bool])
    assert_type(made.over_vpn, pulumi.Output[bool])
    assert_type(made.owner, pulumi.Output[str])
    assert_type(made.created_at, pulumi.Output[str])
    assert_type(made.scenario, pulumi.Output[ScenarioName])
    assert_type(made.secure, pulumi.Output[bool])
    assert_type(made.data_types, pulumi.Output[Sequence[DataType]])
    assert_type(made.features, pulumi.Output[Sequence[Feature]])
    assert_type(made.origins, pulumi.Output[Sequence[str]])
    assert_type(made.settings_revision, pulumi.Output[int])
    assert_type(made.adopted, pulumi.Output[bool])
    assert_type(made.adopts, pulumi.Output[str | None])
    assert_type(made.force_destroy, pulumi.Output[bool | None])


def every_part_of_a_bucket_has_its_type(bucket: Bucket) -> None:
    assert_type(bucket.name, str)
    assert_type(bucket.prefixes, Sequence[str])


def buckets_may_be_written_in_many_ways(name: pulumi.Output[str]) -> None:
    whole: BucketArgs = {"name": "acme"}
    GcpIntegration("literal", title="t", buckets=[{"name": "acme", "prefixes": ["videos/"]}])
    GcpIntegration("names", title="t", buckets=["acme", "other"])
    GcpIntegration("tuple", title="t", buckets=("acme", whole))
    GcpIntegration("later", title="t", buckets=[name, {"name": name, "prefixes": [name]}])


def a_lifetime_may_be_written_in_many_ways(seconds: pulumi.Output[int]) -> None:
    GcpIntegration("text", title="t", buckets=["a"], signed_url_expiry="12h")
    GcpIntegration("number", title="t", buckets=["a"], signed_url_expiry=43200)
    GcpIntegration("later", title="t", buckets=["a"], signed_url_expiry=seconds)


def mistakes_are_found() -> None:
    GcpIntegration("a", titel="t", title="t", buckets=["a"])  # type: ignore[call-arg]
    GcpIntegration("a", "t", buckets=["a"])  # type: ignore[call-arg]
    GcpIntegration("a", title="t", buckets=[{"nam": "a"}])  # type: ignore[list-item]
    GcpIntegration("a", title=7, buckets=["a"])  # type: ignore[arg-type]
    GcpIntegration("a", title="t", buckets=["a"], adopt=7)  # type: ignore[arg-type]


def lookups_have_types(title: pulumi.Output[str]) -> None:
    assert_type(get_integration(title="t"), IntegrationView)
    assert_type(get_integration_output(title=title), pulumi.Output[IntegrationView])
    assert_type(list_integrations(mine=True), list[IntegrationView])


def an_organization_has_types() -> None:
    assert_type(declare_organization(), Organization)
    assert_type(declare_organization().integrations["prod-images"], Integration)
