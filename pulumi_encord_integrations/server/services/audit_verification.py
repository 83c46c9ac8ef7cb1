"""Whether a stretch of an organization's audit trail is as it was written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pulumi_encord_integrations.model.audit import (
    CHECKED_AT_ONCE,
    AuditHead,
    AuditProblem,
    AuditVerification,
)
from pulumi_encord_integrations.server.services.authorization import require_organization_reader
from pulumi_encord_integrations.server.services.unit_of_work import Transaction
from pulumi_encord_integrations.server.store import audit_queries as store
from pulumi_encord_integrations.server.store import organizations
from pulumi_encord_integrations.server.store.audit_queries import Link
from pulumi_encord_integrations.server.store.database import Connection, Database
from pulumi_encord_integrations.server.store.matching_key import follows, signed


@dataclass(frozen=True)
class _Start:
    """What the first entry of a stretch has to follow."""

    sequence: int
    mac: str
    number: int = 0


def verification(tx: Transaction, after: int, size: int) -> AuditVerification:
    """Verifies the entries behind a sequence; for admins and auditors of the organization."""
    require_organization_reader(tx)
    key = tx.deployment.vault.audit_key
    return stretch(tx.connection, key, tx.caller.organization, after, size)


def current_head(tx: Transaction) -> AuditHead:
    """The newest entry."""
    require_organization_reader(tx)
    return _head(tx.connection, tx.caller.organization)


def stretches(
    database: Database, organization: str, size: int = CHECKED_AT_ONCE
) -> Sequence[AuditVerification]:
    """Verifies a whole trail, some entries at a time, up to the first problem."""
    found: list[AuditVerification] = []
    after, key = 0, database.vault.audit_key
    while True:
        with database.read() as connection:
            one = stretch(connection, key, organization, after, size)
        found.append(one)
        if not one.valid or one.checked_to >= one.head.sequence:
            return found
        after = one.checked_to


def all_organizations(database: Database) -> Sequence[tuple[str, str]]:
    """Uuid and name of each organization, oldest first."""
    with database.read() as connection:
        uuids = organizations.uuids(connection)
        return [(uuid, organizations.name_of(connection, uuid)) for uuid in uuids]


def mac_at(database: Database, organization: str, sequence: int) -> str | None:
    """The mac of one entry, or of the last one that was removed; None if it is not known."""
    with database.read() as connection:
        found = store.link(connection, organization, sequence)
        kept = store.checkpoint(connection, organization)
    if found is not None:
        return found.mac
    return kept.mac if kept and kept.sequence == sequence else None


def stretch(
    connection: Connection, key: bytes, organization: str, after: int, size: int
) -> AuditVerification:
    """Verifies at most `size` entries behind a sequence, in one transaction."""
    head = _head(connection, organization)
    start = _start(connection, key, organization, after)
    if isinstance(start, AuditProblem):
        return _answer(after + 1, after, start, head)
    links = store.links(connection, organization, start.sequence, size)
    problem = _broken(key, start, links)
    if problem is None and not links and after == 0:
        problem = _emptied(start)
    elif problem is None and store.has_unnumbered(connection, organization):
        problem = _unnumbered(max(head.sequence, start.sequence) + 1)
    last = (links[-1].sequence if links else None) or start.sequence
    return _answer(start.sequence + 1, last if problem is None else problem.sequence, problem, head)


def _emptied(start: _Start) -> AuditProblem:
    """A trail begins with the making of its organization, and retention never removes the newest entry."""
    which = "all entries are gone"
    if start.sequence:
        which = f"the entries behind {start.sequence}, up to which retention removed the trail, are gone"
    return AuditProblem(sequence=start.sequence + 1, kind="cut", message=which)


def _answer(first: int, last: int, problem: AuditProblem | None, head: AuditHead) -> AuditVerification:
    return AuditVerification(
        checked_from=first, checked_to=last, valid=problem is None, problem=problem, head=head
    )


def _head(connection: Connection, organization: str) -> AuditHead:
    sequence, mac = store.head(connection, organization)
    return AuditHead(sequence=sequence, mac=mac)


def _start(connection: Connection, key: bytes, organization: str, after: int) -> _Start | AuditProblem:
    """What the stretch follows: nothing, a checkpoint whose signature is right, or the entry before it."""
    kept = store.checkpoint(connection, organization)
    start = _Start(0, "")
    if kept is not None:
        if not signed(key, organization, kept):
            place = max(kept.sequence, 0)
            said = f"the checkpoint at {place} is not one that this API signed"
            return AuditProblem(sequence=place, kind="changed", message=said)
        start = _Start(kept.sequence, kept.mac)
    first = store.first(connection, organization)
    if first is not None and first <= start.sequence:
        said = f"entry {first} was inserted: the trail begins with {start.sequence + 1}"
        return AuditProblem(sequence=first, kind="inserted", message=said)
    if after <= start.sequence:
        return start
    before = store.link(connection, organization, after)
    if before is None:
        return AuditProblem(sequence=after, kind="cut", message=f"entry {after} and what followed are gone")
    return _Start(after, before.mac, before.number)


def _broken(key: bytes, start: _Start, links: Sequence[Link]) -> AuditProblem | None:
    """The first entry that does not follow from the one before it."""
    last = Link(start.sequence, None, start.mac, start.number)
    expected = start.sequence
    for link in links:
        expected += 1
        if link.sequence is None:
            return _unnumbered(expected)
        if link.sequence != expected:
            return _removed(expected, link.sequence - 1)
        if not follows(key, last.mac, link):
            return _changed(key, last.mac, link, expected, links)
        if link.number <= last.number:
            said = f"entry {expected} is not at its place in the table"
            return AuditProblem(sequence=expected, kind="changed", message=said)
        last = link
    return None


def _unnumbered(sequence: int) -> AuditProblem:
    said = f"an entry that was not in front of {sequence} has no whole number any more"
    return AuditProblem(sequence=sequence, kind="changed", message=said)


def _changed(key: bytes, previous: str, link: Link, sequence: int, links: Sequence[Link]) -> AuditProblem:
    """Tells an entry that was put between two others from one that was altered, where that can be seen."""
    at = links.index(link) + 1
    following = links[at] if at < len(links) else None
    if following and following.entry:
        as_before = replace(following, entry=replace(following.entry, sequence=sequence))
        if follows(key, previous, as_before):
            said = f"entry {sequence} was inserted: the one behind it follows the one before it"
            return AuditProblem(sequence=sequence, kind="inserted", message=said)
    said = f"entry {sequence} is not as it was written"
    return AuditProblem(sequence=sequence, kind="changed", message=said)


def _removed(first: int, last: int) -> AuditProblem:
    which = f"entry {first} is" if first == last else f"the entries {first} to {last} are"
    return AuditProblem(sequence=first, kind="removed", message=f"{which} missing")
