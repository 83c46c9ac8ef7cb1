"""Data integrations: how Encord reaches the data in a cloud."""

from collections.abc import Sequence
from typing import Any, NotRequired, Self, TypedDict

import pulumi

from pulumi_encord_integrations.resources import providers
from pulumi_encord_integrations.resources._resource import EncordResource


class BucketArgs(TypedDict):
    """A bucket, whole or only what lies under some prefixes."""

    name: pulumi.Input[str]
    """The bucket's name, without a scheme: `acme-training`."""
    prefixes: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Key prefixes such as `videos/2026/`; at most 1,000. Default: the whole bucket."""


@pulumi.output_type
class Bucket(dict[str, Any]):
    """A bucket as the API keeps it."""

    name: str = pulumi.property("name")
    """The bucket's name."""
    prefixes: Sequence[str] = pulumi.property("prefixes")
    """Key prefixes, sorted; empty for the whole bucket."""


Buckets = pulumi.Input[Sequence[pulumi.Input[str | BucketArgs]]]


class Integration(EncordResource, module="encord", name="Integration"):
    """What integrations of all types have in common."""

    title: pulumi.Output[str]
    """The title shown in the app; need not be unique."""
    strict_client_only: pulumi.Output[bool]
    """Whether data stays out of Encord's servers."""
    over_vpn: pulumi.Output[bool]
    """Whether the data is reached over a VPN."""
    owner: pulumi.Output[str]
    """E-mail of the user who created the integration and became its administrator."""
    created_at: pulumi.Output[str]
    """When it was created: ISO 8601, UTC."""
    origins: pulumi.Output[Sequence[str]]
    """Browser origins of the app, for the CORS rules of the buckets; empty if the API has none configured."""
    settings_revision: pulumi.Output[int]
    """Counts up with each change of the settings; a new title does not count."""
    adopted: pulumi.Output[bool]
    """True if it existed before: destroying this resource leaves it alive."""

    @classmethod
    def get(
        cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> Self:
        """Reads an existing integration by its uuid, without managing it.

        Fails if there is none, or if the caller is no member of it.
        """
        return cls._look_up(resource_name, id, opts)


class AwsIntegration(Integration, module="encord", name="AwsIntegration"):
    """An integration with Amazon S3, read through a role of yours.

    The role need not exist yet: declare the integration with the ARN that the role will have, and build the
    role's trust policy from the outputs `principal_arn` and `external_id`.

    Changes in place: title, role_arn, buckets, region. Replaces: strict_client_only, over_vpn.
    """

    _provider_class = providers.AwsIntegrationProvider

    role_arn: pulumi.Output[str]
    """The role that is assumed to read the buckets."""
    buckets: pulumi.Output[Sequence[Bucket]]
    """The buckets, in the order of their names."""
    region: pulumi.Output[str | None]
    """The region of the buckets, if one was given."""
    external_id: pulumi.Output[str]
    """The id that the role's trust policy must demand; made by the API, stable for the integration's life."""
    principal_arn: pulumi.Output[str | None]
    """Who assumes the role; None if the API has no AWS principal configured."""

    def __init__(
        self,
        resource_name: str,
        *,
        title: pulumi.Input[str],
        role_arn: pulumi.Input[str],
        buckets: Buckets,
        region: pulumi.Input[str | None] | None = None,
        strict_client_only: pulumi.Input[bool | None] | None = None,
        over_vpn: pulumi.Input[bool | None] | None = None,
        adopt: pulumi.Input[bool | None] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares an AWS integration.

        Args:
            resource_name: its name in this program.
            title: the title shown in the app, at most 255 characters.
            role_arn: the IAM role to assume, as `arn:aws:iam::123456789012:role/encord-prod`.
            buckets: bucket names, or `{"name": ..., "prefixes": [...]}`; at most 100.
            region: the AWS region of the buckets. Default: found out when they are read.
            strict_client_only: keep data out of Encord's servers. Default False.
            over_vpn: reach the data over a VPN; needs strict_client_only. Default False.
            adopt: take over the one existing integration of that title instead of creating one; destroying
                the resource then leaves it alive. Default False.
            opts: Pulumi's resource options; an explicit provider is refused.

        """
        inputs = {
            "title": title,
            "role_arn": role_arn,
            "buckets": buckets,
            "region": region,
            "strict_client_only": strict_client_only,
            "over_vpn": over_vpn,
            "adopt": adopt,
        }
        self._declare(resource_name, inputs, opts)
