"""The audit trail over the wire."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pulumi_encord_integrations.client.errors import NotFound
from pulumi_encord_integrations.model.audit import LastWrite, LastWriteOf

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


def by_uuid(rows: Iterable[LastWriteOf]) -> dict[str, LastWrite]:
    """The newest write of each object."""
    return {row.uuid: row for row in rows}
