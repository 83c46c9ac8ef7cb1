"""The audit trail over the wire."""

from typing import TYPE_CHECKING

from pulumi_encord_integrations.client.errors import NotFound
from pulumi_encord_integrations.model.audit import LastWrite

if TYPE_CHECKING:
    # A program only declares: it need not load what speaks HTTP.
    from pulumi_encord_integrations.client.client import Client


def recorded(client: "Client", path: str) -> LastWrite | None:
    """The newest write of the object at a path; None if the trail holds none."""
    try:
        return client.get(f"{path}/last-write", LastWrite)
    except NotFound as error:
        if error.code != "write_not_found":
            raise
        return None
