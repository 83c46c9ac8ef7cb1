"""Integrations with Amazon S3."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_encord_integrations.model.expiry import LimitedBy
from pulumi_encord_integrations.model.integration_types.aws import advice
from pulumi_encord_integrations.resources import providers
from pulumi_encord_integrations.resources.integrations import (
    Adopt,
    Bucket,
    Buckets,
    Integration,
    OptionalDuration,
    OptionalFlag,
    OptionalText,
)


class AwsIntegration(Integration, module="encord", name="AwsIntegration"):
    """An integration with Amazon S3, read through a role of yours.

    The role need not exist yet: declare the integration with the ARN that the role will have, and build the
    role's trust policy from the outputs `principal_arn` and `external_id`.

    Changes in place: title, role_arn, buckets, region, signed_url_expiry. Replaces: strict_client_only,
    over_vpn.
    """

    _provider_class = providers.AwsIntegrationProvider

    role_arn: pulumi.Output[str]
    """The role that is assumed to read the buckets."""
    buckets: pulumi.Output[Sequence[Bucket]]
    """The buckets, in the order of their names."""
    region: pulumi.Output[str | None]
    """The region of the buckets, if one was given."""
    signed_url_expiry: pulumi.Output[str | None]
    """How long a signed URL lives, as `12h`; None for the default of 1 week."""
    external_id: pulumi.Output[str]
    """The id that the role's trust policy must demand; made by the API, stable for the integration's life."""
    principal_arn: pulumi.Output[str | None]
    """Who assumes the role; None if the API has no AWS principal configured."""
    verified: pulumi.Output[bool]
    """Whether AWS was seen to refuse everybody who does not give the external id; as of the last refresh."""
    session_seconds: pulumi.Output[int | None]
    """How long a session of the role lasts at most, and URLs signed with it; None until it is verified."""
    session_limited_by: pulumi.Output[LimitedBy | None]
    """What bounds sessions: role_session, the role itself, or role_chaining; None until it is verified."""

    def __init__(
        self,
        resource_name: str,
        *,
        title: pulumi.Input[str],
        role_arn: pulumi.Input[str],
        buckets: Buckets,
        region: OptionalText = None,
        signed_url_expiry: OptionalDuration = None,
        strict_client_only: OptionalFlag = None,
        over_vpn: OptionalFlag = None,
        adopt: Adopt = None,
        adopt_from: OptionalText = None,
        force_destroy: OptionalFlag = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares an AWS integration.

        Args:
            resource_name: its name in this program.
            title: the title shown in the app, at most 255 characters.
            role_arn: the IAM role to assume, as `arn:aws:iam::123456789012:role/encord-prod`.
            buckets: bucket names, or `{"name": ..., "prefixes": [...]}`; at most 100.
            region: the AWS region of the buckets. Default: found out when they are read.
            signed_url_expiry: how long a signed URL lives: "90m", "12h", "7d", ISO 8601 or seconds; at most
                7 days. Default: 1 week.
            strict_client_only: keep data out of Encord's servers. Default False.
            over_vpn: reach the data over a VPN; needs strict_client_only. Default False.
            adopt: take over an existing integration instead of creating one: True for the only one of that
                title, or its uuid. Settings that are left out stay as they are, and destroying the resource
                leaves the integration alive. Default False.
            adopt_from: the stack that declares the adopted integration so far, as "project/stack" or by the
                uuid of its identity; needed if that is another stack.
            force_destroy: let a later deletion or replacement destroy the registrations, too; it counts
                from the `up` after the one that sets it. Default False.
            opts: Pulumi's resource options; an explicit provider is refused.

        """
        inputs = {
            "title": title,
            "role_arn": role_arn,
            "buckets": buckets,
            "region": region,
            "signed_url_expiry": signed_url_expiry,
            "strict_client_only": strict_client_only,
            "over_vpn": over_vpn,
            "adopt": adopt,
            "adopt_from": adopt_from,
            "force_destroy": force_destroy,
        }
        self._declare(resource_name, inputs, opts)
        pulumi.Output.all(buckets=buckets, region=region).apply(self._warn)

    def _warn(self, given: Mapping[str, Any]) -> None:
        listed = given["buckets"] if isinstance(given["buckets"], (list, tuple)) else ()
        named = (one.get("name") if isinstance(one, Mapping) else one for one in listed)
        said = advice([name for name in named if isinstance(name, str)], given["region"])
        if said:
            pulumi.log.warn(said, resource=self)
