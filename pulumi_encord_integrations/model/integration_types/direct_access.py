"""Direct Access: you supply the URLs, nobody signs any."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pulumi_encord_integrations.model.base import Deferred, rule
from pulumi_encord_integrations.model.integrations import (
    IntegrationSpec,
    IntegrationType,
    IntegrationView,
)
from pulumi_encord_integrations.model.marks import IMMUTABLE
from pulumi_encord_integrations.model.objects import DirectUrls
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.scenarios import Reach, Source, UrlKind, judge


class _Settings(Deferred):
    source: Annotated[Source, IMMUTABLE]
    url_kind: Annotated[UrlKind, IMMUTABLE]


class DirectAccessSpec(_Settings, IntegrationSpec):
    """A Direct Access integration as declared."""

    provider: Literal["DIRECT_ACCESS"] = "DIRECT_ACCESS"

    @property
    def reach(self) -> Reach:
        """Adds the source and the kind of URLs."""
        return Reach(self.provider, self.strict_client_only, self.over_vpn, self.url_kind, self.source)

    @rule("provider", "strict_client_only", "over_vpn", "source", "url_kind")
    def in_the_matrix(self) -> Iterator[Problem]:
        """The settings amount to a scenario of Encord's page."""
        yield from judge(self.reach).refusal


class DirectAccessView(_Settings, IntegrationView):
    """A Direct Access integration as answered."""


_KNOWN_SIGNATURES = {"GCP", "AWS", "AZURE", "MINIO", "DIGITAL_OCEAN"}
"""Sources whose signed URLs can be told from others."""


def _urls(settings: Mapping[str, Any]) -> DirectUrls:
    return DirectUrls(settings["url_kind"] == "SIGNED", settings["source"] in _KNOWN_SIGNATURES)


DIRECT_ACCESS = IntegrationType(
    "DIRECT_ACCESS", "DirectAccessIntegration", DirectAccessSpec, DirectAccessView, _urls
)
