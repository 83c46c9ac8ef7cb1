"""The caller's organization."""

from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.model.users import CurrentOrganization


def current(client: Client) -> CurrentOrganization:
    """Who calls, and for which organization."""
    return client.get("user/current-organisation", CurrentOrganization)
