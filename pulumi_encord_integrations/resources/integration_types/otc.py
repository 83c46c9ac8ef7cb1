"""Integrations with the Open Telekom Cloud."""

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


class OtcIntegration(Integration, module="encord", name="OtcIntegration"):
    """An integration with Object Storage Service of the Open Telekom Cloud, read with a key pair.

    Changes in place: title, region, buckets, access_key_id, secret_access_key, signed_url_expiry. Replaces:
    endpoint, strict_client_only, over_vpn.
    """

    _provider_class = providers.OtcIntegrationProvider

    endpoint: pulumi.Output[str]
    """Where the storage is reached."""
    region: pulumi.Output[str]
    """The region of the buckets."""
    buckets: pulumi.Output[Sequence[Bucket]]
    """The buckets, in the order of their names."""
    access_key_id: pulumi.Output[str]
    """Names the key pair."""
    secret_access_key: pulumi.Output[str]
    """The secret as it was declared; the API never answers it."""
    signed_url_expiry: pulumi.Output[str | None]
    """How long a signed URL lives, as `12h`; None for the default of 1 week."""
    credential_fingerprint: pulumi.Output[str]
    """Changes with the secret, and says nothing about it."""

    def __init__(
        self,
        resource_name: str,
        *,
        title: pulumi.Input[str],
        endpoint: pulumi.Input[str],
        region: pulumi.Input[str],
        buckets: Buckets,
        access_key_id: pulumi.Input[str],
        secret_access_key: pulumi.Input[str],
        signed_url_expiry: OptionalDuration = None,
        strict_client_only: OptionalFlag = None,
        over_vpn: OptionalFlag = None,
        adopt: Adopt = None,
        adopt_from: OptionalText = None,
        force_destroy: OptionalFlag = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares an OTC integration.

        Args:
            resource_name: its name in this program.
            title: the title shown in the app, at most 255 characters.
            endpoint: where the storage is reached, as `https://obs.eu-de.otc.t-systems.com`.
            region: the region of the buckets, as `eu-de`.
            buckets: bucket names, or `{"name": ..., "prefixes": [...]}`; at most 100.
            access_key_id: names the key pair; every signed URL shows it.
            secret_access_key: the key pair's secret; kept secret in the state, whatever is passed.
            signed_url_expiry: how long a signed URL lives: "90m", "12h", "7d", ISO 8601 or seconds; at most
                7 days. Default: 1 week.
            strict_client_only: keep data out of Encord's servers. Default False.
            over_vpn: refused: the type is not reached over VPN. Default False.
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
            "endpoint": endpoint,
            "region": region,
            "buckets": buckets,
            "access_key_id": access_key_id,
            "secret_access_key": secret_access_key,
            "signed_url_expiry": signed_url_expiry,
            "strict_client_only": strict_client_only,
            "over_vpn": over_vpn,
            "adopt": adopt,
            "adopt_from": adopt_from,
            "force_destroy": force_destroy,
        }
        self._declare(resource_name, inputs, opts)
