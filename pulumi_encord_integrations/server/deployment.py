"""The configuration of one deployment of the API."""

from dataclasses import dataclass, field

from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.server.vault import Vault

SIGNATURE_WINDOW = 300
"""Seconds that a signature may be old, or ahead of the server's clock."""


@dataclass(frozen=True)
class Deployment:
    """What the service needs to run."""

    vault: Vault
    principals: Principals = field(default_factory=Principals)
    window: int = SIGNATURE_WINDOW
