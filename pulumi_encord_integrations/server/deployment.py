"""The configuration of one deployment of the API."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pulumi_encord_integrations.model.principals import CloudAccess, Principals
from pulumi_encord_integrations.server.auth import Address
from pulumi_encord_integrations.server.vault import Vault

if TYPE_CHECKING:
    from pulumi_encord_integrations.server.signing.aws import Roles
    from pulumi_encord_integrations.server.signing.azure import Delegation

SIGNATURE_WINDOW = 300
"""Seconds that a signature may be old, or ahead of the server's clock."""


@dataclass(frozen=True)
class Deployment:
    """What the service needs to run."""

    vault: Vault
    principals: Principals = field(default_factory=Principals)
    clouds: CloudAccess = field(default_factory=CloudAccess)
    window: int = SIGNATURE_WINDOW
    addresses: tuple[Address, ...] = ()
    """Where callers reach the API; empty: where the Host header says."""

    @cached_property
    def roles(self) -> "Roles":
        """Sessions of customers' roles."""
        from pulumi_encord_integrations.server.signing.aws import Roles

        return Roles()

    @cached_property
    def delegation(self) -> "Delegation":
        """Azure's user delegation keys."""
        from pulumi_encord_integrations.server.signing.azure import Delegation, application_credential

        application = application_credential(self.principals.application_id, self.clouds.azure_secret)
        return Delegation(application)
