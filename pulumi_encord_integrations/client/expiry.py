"""The expiry of signed URLs over the wire."""

from typing import TYPE_CHECKING

from pulumi_encord_integrations.client.errors import NotFound
from pulumi_encord_integrations.model.expiry import ExpiryView
from pulumi_encord_integrations.model.text import uuid_in

if TYPE_CHECKING:
    # A program only declares: it need not load what speaks HTTP.
    from pulumi_encord_integrations.client.client import Client


def change(client: "Client", integration: str, seconds: int) -> ExpiryView:
    """Sets how long signed URLs live; raises `Refused` for types that have no custom expiry."""
    return client.ask(ExpiryView, "PUT", _of(integration), body={"duration": seconds})


def restore(client: "Client", integration: str) -> ExpiryView:
    """Sets it back to 1 week; raises `NotFound`."""
    return client.ask(ExpiryView, "DELETE", _of(integration))


def _of(integration: str) -> str:
    found = uuid_in(integration)
    if found is None:
        raise NotFound(f'"{integration}" is not the uuid of an integration', code="integration_not_found")
    return f"cloud-integrations/{found}/signed-url-expiry"
