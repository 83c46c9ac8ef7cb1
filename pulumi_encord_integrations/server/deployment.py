"""The configuration of one deployment of the API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pulumi_encord_integrations.model.limits import Quotas
from pulumi_encord_integrations.model.principals import CloudAccess, Principals
from pulumi_encord_integrations.server.auth import Acceptance
from pulumi_encord_integrations.server.vault import Vault

if TYPE_CHECKING:
    from pulumi_encord_integrations.server.clouds.adapter import CloudAdapter

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

    @cached_property
    def adapters(self) -> "Mapping[str, CloudAdapter]":
        """How data of each type of integration is reached, by provider."""
        from pulumi_encord_integrations.server.clouds.registry import adapters

        return adapters(self.principals, self.clouds)
