"""Who reads the buckets: the cloud principals and browser origins of one deployment of the API."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pydantic import Field

from pulumi_encord_integrations.model.base import Received

Network = IPv4Network | IPv6Network


class Principals(Received):
    """Configuration of the deployment; a principal that is not configured is None, never invented."""

    principal_arn: str | None = None
    """AWS principal that assumes the customers' roles."""
    service_account_email: str | None = None
    """GCP service account that reads the customers' buckets."""
    application_id: str | None = None
    """Azure application (client) id that the customers' tenants grant access to."""
    origins: list[str] = Field(default_factory=list)
    """Browser origins of the app, for the CORS rules of buckets."""


@dataclass(frozen=True)
class CloudAccess:
    """What a deployment itself reaches clouds with; AWS is found by its standard chain."""

    gcp_key_file: Path | None = None
    """JSON key of the service account."""
    azure_secret: str | None = field(default=None, repr=False)
    """Secret of the application."""
    gcs_endpoint: str = "https://storage.googleapis.com"
    azure_blob_endpoint: str = "https://{account}.blob.core.windows.net"
    private_networks: tuple[Network, ...] = ()
    """Networks beside the public internet in which the API may call addresses that customers typed."""
