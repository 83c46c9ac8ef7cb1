"""Expiry policies: how long an integration's signed URLs live."""

from typing import Literal, Self, cast

import pulumi

from pulumi_encord_integrations.model.expiry import LimitedBy
from pulumi_encord_integrations.reconcilers.expiry import FIELD
from pulumi_encord_integrations.resources import providers
from pulumi_encord_integrations.resources._claims import Claim
from pulumi_encord_integrations.resources._expiry import warn_of_expiry
from pulumi_encord_integrations.resources._references import integration_of
from pulumi_encord_integrations.resources._resource import EncordResource
from pulumi_encord_integrations.resources.integrations import Integration, OptionalDuration, kind_of


class SignedUrlExpiry(EncordResource, module="encord", name="SignedUrlExpiry"):
    """How long an integration's signed URLs live: the same as `signed_url_expiry` of the integration.

    For AWS, GCP and OTC alone. Destroying it sets the default of 1 week again.

    Changes in place: duration. Replaces: integration.
    """

    _provider_class = providers.SignedUrlExpiryProvider

    integration: pulumi.Output[str]
    """uuid of the integration."""
    duration: pulumi.Output[str]
    """How long signed URLs live, as `12h`."""
    effective_seconds: pulumi.Output[int | None]
    """What the cloud makes of it; None until the API has assumed the role once."""
    limited_by: pulumi.Output[LimitedBy | None]
    """What ends URLs earlier: role_session, the longest session that the role allows, or role_chaining."""

    def __init__(
        self,
        resource_name: str,
        *,
        integration: pulumi.Input[str] | Integration,
        duration: pulumi.Input[str | int],
        expected_annotation_time: OptionalDuration = None,
        on_delete: pulumi.Input[Literal["remove", "keep"]] = "remove",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares an expiry policy; needs an Admin of the integration.

        Args:
            resource_name: its name in this program.
            integration: the integration, or its uuid; one that does not declare `signed_url_expiry`.
            duration: how long signed URLs live: "90m", "12h", "7d", ISO 8601 or seconds; at most 7 days.
            expected_annotation_time: how long files take to annotate and review; a shorter expiry is warned
                about. It reaches no API. Default: not known.
            on_delete: remove (default), or keep: destroying the resource leaves the expiry as it is.
            opts: Pulumi's resource options; an explicit provider is refused.

        """
        kind = kind_of(integration)
        if kind and FIELD not in kind.spec.model_fields:
            raise pulumi.RunError(f"{type(self).__name__}: {kind.spec.elsewhere[FIELD]}")
        claim = Claim(f'SignedUrlExpiry "{resource_name}"', about="setting")
        inputs = {
            "integration": claim.on(integration, integration_of),
            "duration": claim.expiry(duration),
            "expected_annotation_time": expected_annotation_time,
            "on_delete": on_delete,
        }
        known = isinstance(integration, Integration) and integration._deletable
        self._grant(resource_name, inputs, opts, cast(pulumi.Resource, integration) if known else None)
        by_role = kind is not None and kind.signs_by_role
        warn_of_expiry(self, duration, by_role=by_role, expected=expected_annotation_time)

    @classmethod
    def get(
        cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> Self:
        """Reads the expiry of an integration by its uuid, without managing it."""
        return cls._look_up(resource_name, id, opts)
