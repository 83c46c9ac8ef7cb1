"""What integrations of all types have in common in a program; `integration_types/` has a file for each."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, Self, TypedDict

import pulumi

from pulumi_encord_integrations.lifecycle.core import NOTHING_KNOWN
from pulumi_encord_integrations.model.integrations import IntegrationType
from pulumi_encord_integrations.model.scenarios import DataType, Feature, ScenarioName
from pulumi_encord_integrations.reconcilers.expiry import FIELD as EXPIRY
from pulumi_encord_integrations.reconcilers.integrations import MEMBERS, IntegrationReconciler
from pulumi_encord_integrations.resources._claims import Claim
from pulumi_encord_integrations.resources._declared_members import DeclaredMembers
from pulumi_encord_integrations.resources._expiry import warn_of_expiry
from pulumi_encord_integrations.resources._references import integration_of
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
OptionalText = pulumi.Input[str | None] | None
OptionalFlag = pulumi.Input[bool | None] | None
Adopt = pulumi.Input[bool | str | None] | None
"""Whether to take over an existing integration: True for the only one of the title, or its uuid."""
OptionalDuration = pulumi.Input[str | int | None] | None


class Integration(EncordResource, module="encord", name="Integration"):
    """What integrations of all types have in common."""

    _stands_for = "integration"

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
    scenario: pulumi.Output[ScenarioName]
    """The row of Encord's table of scenarios that the settings amount to."""
    secure: pulumi.Output[bool]
    """Whether Encord's table calls that scenario secure."""
    data_types: pulumi.Output[Sequence[DataType]]
    """What kinds of data the scenario supports."""
    features: pulumi.Output[Sequence[Feature]]
    """What Encord's editor can do in the scenario; empty where all would need the data on its servers."""
    origins: pulumi.Output[Sequence[str]]
    """Browser origins of the app, for the CORS rules of the buckets; empty if the API has none configured."""
    settings_revision: pulumi.Output[int]
    """Counts up with each change of the settings; not with a new title, nor with a `SignedUrlExpiry`."""
    adopted: pulumi.Output[bool]
    """True if it existed before: destroying this resource leaves it alive."""
    adopts: pulumi.Output[str | None]
    """The uuid of the integration that is adopted; known in the preview already. None if none is."""
    force_destroy: pulumi.Output[bool | None]
    """Whether deleting or replacing it destroys its registrations, too."""

    def __new__(cls, *_args: Any, **inputs: Any) -> Self:
        """Says why an input of other types is none of this one, which Python would only call unexpected."""
        reconciler = cls._provider_class.reconciler
        if isinstance(reconciler, IntegrationReconciler):
            spec = reconciler.kind.spec
            for name in spec.elsewhere.keys() & inputs.keys() - spec.model_fields.keys():
                raise pulumi.RunError(f"{cls.__name__}: {name}: {spec.elsewhere[name]}")
        return super().__new__(cls)

    def _declare(
        self,
        name: str,
        inputs: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
        told: Mapping[str, Any] = NOTHING_KNOWN,
    ) -> None:
        expiry, kind = inputs.get(EXPIRY), kind_of(self)
        told = {**told, MEMBERS: DeclaredMembers(self)}
        if not kind or expiry is None:
            super()._declare(name, inputs, opts, told)
            return
        claim = Claim(f'{type(self).__name__} "{name}"', about="setting")
        super()._declare(name, {**inputs, EXPIRY: claim.expiry(expiry)}, opts, told)
        claim.on(self, integration_of)
        warn_of_expiry(self, expiry, by_role=kind.signs_by_role)

    @classmethod
    def get(
        cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> Self:
        """Reads an existing integration by its uuid, without managing it.

        Fails if there is none, or if the caller is no member of it.
        """
        return cls._look_up(resource_name, id, opts)


def kind_of(integration: Any) -> IntegrationType | None:
    """The type of an integration of this program; None of what only names one."""
    reconciler = integration._provider_class.reconciler if isinstance(integration, Integration) else None
    return reconciler.kind if isinstance(reconciler, IntegrationReconciler) else None
