"""The probe for programs on the real engine, known to every process that imports this."""

from pulumi_encord_integrations.model import integrations as model
from tests.support.probe import PROBE, ProbeIntegration, ProbeIntegrationProvider

model._known()[PROBE.provider] = PROBE


class KnownProbeProvider(ProbeIntegrationProvider):
    """Unpickled by this module's name, which registers the type."""


class KnownProbe(ProbeIntegration, module="encord", name="ProbeIntegration"):
    """A probe in a Pulumi program."""

    _provider_class = KnownProbeProvider
