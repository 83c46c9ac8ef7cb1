"""The configuration of one deployment of the API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pulumi_encord_integrations.model.limits import REQUESTS_PER_MINUTE, Quotas
from pulumi_encord_integrations.model.principals import CloudAccess, Principals
from pulumi_encord_integrations.server.auth import Acceptance
from pulumi_encord_integrations.server.vault import Vault

if TYPE_CHECKING:
    from pulumi_encord_integrations.server.clouds.adapter import CloudAdapter
    from pulumi_encord_integrations.server.federation.issuers import Issuers

SIGNATURE_WINDOW = 300
"""Seconds that a signature may be old, or ahead of the server's clock."""


@dataclass(frozen=True)
class Deployment:
    """What the service needs to run."""

    vault: Vault
    principals: Principals = field(default_factory=Principals)
    clouds: CloudAccess = field(default_factory=CloudAccess)
    accepted: Acceptance = field(default_factory=lambda: Acceptance(SIGNATURE_WINDOW))
    quotas: Quotas = field(default_factory=Quotas)
    requests_per_minute: int = REQUESTS_PER_MINUTE
    """Of one identity."""

    @cached_property
    def adapters(self) -> "Mapping[str, CloudAdapter]":
        """How data of each type of integration is reached, by provider."""
        from pulumi_encord_integrations.server.clouds.registry import adapters

        return adapters(self.principals, self.clouds)

    @cached_property
    def issuers(self) -> "Issuers":
        """The keys of the issuers that federations trust."""
        from pulumi_encord_integrations.server.clouds.outbound import Outbound
        from pulumi_encord_integrations.server.federation.issuers import Issuers

        return Issuers(Outbound(self.clouds.private_networks))
