"""The audit trail over the wire."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pulumi_encord_integrations.client.errors import NotFound, UnexpectedAnswer
from pulumi_encord_integrations.model.audit import (
    CHECKED_AT_ONCE,
    AuditEntry,
    AuditFilters,
    AuditHead,
    AuditVerification,
    LastWrite,
    LastWriteOf,
)

if TYPE_CHECKING:
    # A program only declares: it need not load what speaks HTTP.
    from pulumi_encord_integrations.client.client import Client, Query

_PATH = "organisation/audit"


def entries(
    client: "Client",
    filters: AuditFilters,
    *,
    integration: str | None = None,
    after_sequence: int | None = None,
    size: int = 1000,
) -> Iterator[AuditEntry]:
    """The entries that are asked for, page by page: the newest first, or the oldest behind a sequence."""
    query: Query = {
        "since": f"{filters.since.isoformat()}Z" if filters.since else None,
        "until": f"{filters.until.isoformat()}Z" if filters.until else None,
        "integration": integration,
        "object": filters.object or None,
        "actor": filters.actor or None,
        "action": filters.action or None,
        "outcome": filters.outcome or None,
        "key": filters.key or None,
        "stack": filters.stack or None,
        "afterSequence": after_sequence,
    }
    return client.rows(AuditEntry, _PATH, query, size)


def head(client: "Client") -> AuditHead:
    """The newest entry."""
    return client.get(f"{_PATH}/head", AuditHead)


def verified(client: "Client", size: int = CHECKED_AT_ONCE) -> Iterator[AuditVerification]:
    """What the API finds of each stretch of the whole trail, up to the first problem."""
    after = 0
    while True:
        found = client.get(f"{_PATH}/verification", AuditVerification, {"after": after, "pageSize": size})
        yield found
        if not found.valid or found.checked_to >= found.head.sequence:
            return
        if found.checked_to <= after:
            raise UnexpectedAnswer("the API verified the same entries twice", hint="Is it newer?")
        after = found.checked_to


def mac_at(client: "Client", sequence: int) -> str | None:
    """The mac of one entry; None if it is not there any more."""
    rows = entries(client, AuditFilters(), after_sequence=sequence - 1, size=1)
    found = next(rows, None)
    return found.mac if found and found.sequence == sequence else None


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
