"""Integrations with storage that speaks S3's protocol."""

from collections.abc import Sequence

import pulumi

from pulumi_encord_integrations.model.integration_types.s3_compatible import Preset
from pulumi_encord_integrations.resources import providers
from pulumi_encord_integrations.resources.integrations import (
    Adopt,
    Bucket,
    Buckets,
    Integration,
    OptionalFlag,
    OptionalText,
)


class S3CompatibleIntegration(Integration, module="encord", name="S3CompatibleIntegration"):
    """An integration with storage that speaks S3's protocol, read with a key pair.

    Changes in place: title, buckets, access_key_id, secret_access_key, region. Replaces: preset, endpoint,
    strict_client_only, over_vpn.
    """

    _provider_class = providers.S3CompatibleIntegrationProvider

    preset: pulumi.Output[Preset]
    """Which service it is."""
    endpoint: pulumi.Output[str]
    """Where the storage is reached."""
    buckets: pulumi.Output[Sequence[Bucket]]
    """The buckets, in the order of their names."""
    access_key_id: pulumi.Output[str]
    """Names the key pair."""
    secret_access_key: pulumi.Output[str]
    """The secret as it was declared; the API never answers it."""
    region: pulumi.Output[str | None]
    """The region that requests are signed for, if one was given."""
    credential_fingerprint: pulumi.Output[str]
    """Changes with the secret, and says nothing about it."""

    def __init__(
        self,
        resource_name: str,
        *,
        title: pulumi.Input[str],
        preset: pulumi.Input[Preset],
        endpoint: pulumi.Input[str],
        buckets: Buckets,
        access_key_id: pulumi.Input[str],
        secret_access_key: pulumi.Input[str],
        region: OptionalText = None,
        strict_client_only: OptionalFlag = None,
        over_vpn: OptionalFlag = None,
        adopt: Adopt = None,
        adopt_from: OptionalText = None,
        force_destroy: OptionalFlag = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares an S3-compatible integration.

        Args:
            resource_name: its name in this program.
            title: the title shown in the app, at most 255 characters.
            preset: MINIO, WASABI, ORACLE, CLOUDFLARE_R2, COREWEAVE or OTHER.
            endpoint: where the storage is reached, as `https://s3.eu-central-1.wasabisys.com`.
            buckets: bucket names, or `{"name": ..., "prefixes": [...]}`; at most 100.
            access_key_id: names the key pair; every signed URL shows it.
            secret_access_key: the key pair's secret; kept secret in the state, whatever is passed.
            region: the region that requests are signed for. Default: what the storage takes for its own.
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
            "preset": preset,
            "endpoint": endpoint,
            "buckets": buckets,
            "access_key_id": access_key_id,
            "secret_access_key": secret_access_key,
            "region": region,
            "strict_client_only": strict_client_only,
            "over_vpn": over_vpn,
            "adopt": adopt,
            "adopt_from": adopt_from,
            "force_destroy": force_destroy,
        }
        self._declare(resource_name, inputs, opts)
