"""Signing URLs in the clouds: a file for each way to do it. Nothing that is minted here is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pulumi_encord_integrations.server.errors import Fault


@dataclass(frozen=True)
class Signed:
    """Minted URLs in the order of the objects, all with one end."""

    urls: Sequence[str]
    expires_at: datetime


def not_configured(what: str, remedy: str) -> Fault:
    """501: this deployment lacks what it would sign with."""
    return Fault(501, "signing_not_configured", f"the API cannot sign: {what}", remedy)


def not_installed(missing: ImportError) -> Fault:
    """The same for a library."""
    return not_configured(
        f"it lacks {missing.name}", "Install the extra: pip install 'pulumi-encord-integrations[signing]'"
    )


def cloud_failed(what: str) -> Fault:
    """424, since clients take a 502 for a gateway's and ask again, which would not help."""
    return Fault(424, "cloud_failed", what, "See the API's log, and what the cloud says of its credentials")
