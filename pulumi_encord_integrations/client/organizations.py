"""The caller's organization."""

from typing import TYPE_CHECKING

from pulumi_encord_integrations.model.users import CurrentOrganization

if TYPE_CHECKING:
    # A program only declares: it need not load what speaks HTTP.
    from pulumi_encord_integrations.client.client import Client


def current(client: "Client") -> CurrentOrganization:
    """Who calls, and for which organization."""
    return client.get("user/current-organisation", CurrentOrganization)
