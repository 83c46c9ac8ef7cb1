"""A type of integration for tests: all that a new type costs, with a secret to look for.

`PROBE` is known while `registered()` lasts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import pulumi
from pydantic import BaseModel

from pulumi_encord_integrations.model import integration_registry as registry
from pulumi_encord_integrations.model.base import SecretText
from pulumi_encord_integrations.model.buckets import DISTINCT, NAMED, BucketSpec
from pulumi_encord_integrations.model.integrations import IntegrationSpec, IntegrationType, IntegrationView
from pulumi_encord_integrations.model.marks import IMMUTABLE
from pulumi_encord_integrations.model.objects import DirectUrls
from pulumi_encord_integrations.model.scenarios import Reach
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from pulumi_encord_integrations.resources._adapter import ProviderAdapter
from pulumi_encord_integrations.resources.integrations import Integration
from tests.support import types

CANARY = types.CANARY


class _Settings(BaseModel):
    host: Annotated[str, IMMUTABLE]
    buckets: Annotated[list[Annotated[BucketSpec, NAMED]], DISTINCT]


class ProbeSpec(_Settings, IntegrationSpec):
    """What is declared of a probe."""

    provider: Literal["PROBE"] = "PROBE"
    access_key: SecretText
    session_key: SecretText | None = None

    @property
    def reach(self) -> Reach:
        """As if it were in the matrix."""
        return Reach("AWS", self.strict_client_only, self.over_vpn)


class ProbeView(_Settings, IntegrationView):
    """What is answered of a probe: never its keys."""

    credential_fingerprint: str


PROBE = IntegrationType(
    "PROBE",
    "ProbeIntegration",
    ProbeSpec,
    ProbeView,
    lambda _: DirectUrls(signed=False, known_signatures=False),
)


class ProbeIntegrationProvider(ProviderAdapter):
    reconciler = IntegrationReconciler(PROBE)


class ProbeIntegration(Integration, module="encord", name="ProbeIntegration"):
    """A probe in a Pulumi program."""

    _provider_class = ProbeIntegrationProvider

    host: pulumi.Output[str]
    credential_fingerprint: pulumi.Output[str]

    def __init__(
        self, name: str, *, opts: pulumi.ResourceOptions | None = None, **inputs: pulumi.Input[object]
    ) -> None:
        self._declare(name, inputs, opts)


@contextmanager
def registered() -> Iterator[IntegrationType]:
    """Makes the type known, and unknown again."""
    known = registry._known()
    known[PROBE.provider] = PROBE
    try:
        yield PROBE
    finally:
        del known[PROBE.provider]
