"""An integration with Google Cloud Storage together with its cloud side."""

# The analyzer of source-based plugins reads these annotations: no unions but with None, no Literal, no
# callables, and nothing postponed.

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_encord_integrations.components._composite import (
    access_check,
    child_options,
    refuse_import,
    writes_challenge,
)
from pulumi_encord_integrations.components.gcp.access import GcpBucketAccess
from pulumi_encord_integrations.components.gcp.buckets import GcpBucketArgs, opened, require_gcp_buckets
from pulumi_encord_integrations.resources.integration_types.gcp import GcpIntegration

_OF_ACCESS = {"writable", "project", "labels"}
"""What is handed on as it is given."""


class GcpEncordIntegrationArgs(TypedDict):
    """What `GcpEncordIntegration` takes."""

    title: pulumi.Input[str]
    """The title shown in the app, at most 255 characters."""
    buckets: Sequence[GcpBucketArgs]
    """The buckets, at most 100."""
    signed_url_expiry: NotRequired[pulumi.Input[str]]
    """How long signed URLs live: "90m", "12h", ISO 8601. Default 1 week."""
    strict_client_only: NotRequired[pulumi.Input[bool]]
    """Keep data out of Encord's servers. Default False."""
    over_vpn: NotRequired[pulumi.Input[bool]]
    """Reach the data over a VPN; needs strict_client_only. Default False."""
    force_destroy: NotRequired[pulumi.Input[bool]]
    """Let a later deletion or replacement destroy the registrations, too. Default False."""
    writable: NotRequired[bool]
    """Let the service account make objects as well. Default False."""
    project: NotRequired[pulumi.Input[str]]
    """The project of the buckets that are made. Default: that of the provider."""
    labels: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Labels of the buckets that are made. Default: none."""
    write_challenge: NotRequired[bool]
    """Write the challenge objects. Default: unless `over_vpn` is True, where an operator approves instead."""
    require_access: NotRequired[bool]
    """Whether a failed access check fails the update, and memberships wait for it. Default True."""
    retry_for: NotRequired[pulumi.Input[str]]
    """How long the access check asks again while Google Cloud settles. Default "2m"."""


class GcpEncordIntegration(pulumi.ComponentResource):
    """An integration with Google Cloud Storage, what lets its service account in, and the check that it can.

    One `pulumi up` does all of it, in this order: the integration, whose challenge the objects in the buckets
    answer; bindings and objects; the check. Memberships of `integration` wait for the check.
    """

    integration_id: pulumi.Output[str]
    """uuid of the integration; what depends on it waits for the access check."""
    service_account_email: pulumi.Output[str]
    """Who reads the buckets."""
    valid: pulumi.Output[bool]
    """Whether the access check passed."""

    def __init__(
        self, name: str, args: GcpEncordIntegrationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declares the integration, its access and its check.

        Args:
            name: its name in this program; the children's names begin with it.
            args: the integration's title and the buckets.
            opts: Pulumi's resource options; a GCP provider in `providers` makes the cloud side.

        """
        super().__init__("encord:index:GcpEncordIntegration", name, {}, opts)
        self._label = f'GcpEncordIntegration "{name}"'
        require_gcp_buckets(self._label, GcpEncordIntegrationArgs, args)
        refuse_import(self._label, opts, "a GcpIntegration", "a GcpBucketAccess")
        child = child_options(self, opts)
        self._integration = GcpIntegration(
            name,
            title=args["title"],
            buckets=[opened(bucket) for bucket in args["buckets"]],
            signed_url_expiry=args.get("signed_url_expiry"),
            strict_client_only=args.get("strict_client_only"),
            over_vpn=args.get("over_vpn"),
            force_destroy=args.get("force_destroy"),
            opts=child,
        )
        access = GcpBucketAccess(f"{name}-access", self._access(args), child)
        check = access_check(
            name,
            args,
            integration=self._integration,
            deciding=[access.bindings, access.cors_rules, self._integration.service_account_email],
            after=[access],
            opts=child,
        )
        # Of the check, so that whoever takes it waits for that.
        self.integration_id = check.integration
        self.service_account_email = self._integration.service_account_email.apply(str)
        self.valid = check.valid.apply(bool)
        self.register_outputs(
            {
                "integration_id": self.integration_id,
                "service_account_email": self.service_account_email,
                "valid": self.valid,
            }
        )

    @property
    def integration(self) -> GcpIntegration:
        """The integration, as memberships and expiry policies take it."""
        return self._integration

    def _access(self, args: GcpEncordIntegrationArgs) -> Any:
        made = self._integration
        given = {name: value for name, value in args.items() if name in _OF_ACCESS}
        return {
            "service_account_email": made.service_account_email,
            "integration_id": made.id,
            "challenge": made.challenge,
            "buckets": args["buckets"],
            "origins": made.origins,
            "write_challenge": writes_challenge(args),
            **given,
        }
