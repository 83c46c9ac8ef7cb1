"""Integrations with Google Cloud Storage."""

from collections.abc import Sequence

import pulumi

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


class GcpIntegration(Integration, module="encord", name="GcpIntegration"):
    """An integration with Google Cloud Storage, read by a service account of the API's.

    Grant the output `service_account_email` access to the buckets, and put a challenge object into each: it
    proves that you control the bucket. `GcpBucketAccess` does both.

    Changes in place: title, buckets, signed_url_expiry. Replaces: strict_client_only, over_vpn.
    """

    _provider_class = providers.GcpIntegrationProvider

    buckets: pulumi.Output[Sequence[Bucket]]
    """The buckets, in the order of their names."""
    signed_url_expiry: pulumi.Output[str | None]
    """How long a signed URL lives, as `12h`; None for the default of 1 week."""
    service_account_email: pulumi.Output[str | None]
    """Who reads the buckets; None if the API has no service account configured."""
    challenge: pulumi.Output[str]
    """What `challenge_object` makes the content of each bucket's challenge object from."""
    verified: pulumi.Output[bool]
    """Whether the API has seen the challenge object in every bucket; as of the last refresh."""

    def __init__(
        self,
        resource_name: str,
        *,
        title: pulumi.Input[str],
        buckets: Buckets,
        signed_url_expiry: OptionalDuration = None,
        strict_client_only: OptionalFlag = None,
        over_vpn: OptionalFlag = None,
        adopt: Adopt = None,
        adopt_from: OptionalText = None,
        force_destroy: OptionalFlag = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares a GCP integration.

        Args:
            resource_name: its name in this program.
            title: the title shown in the app, at most 255 characters.
            buckets: bucket names, or `{"name": ..., "prefixes": [...]}`; at most 100.
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
            "buckets": buckets,
            "signed_url_expiry": signed_url_expiry,
            "strict_client_only": strict_client_only,
            "over_vpn": over_vpn,
            "adopt": adopt,
            "adopt_from": adopt_from,
            "force_destroy": force_destroy,
        }
        self._declare(resource_name, inputs, opts)
