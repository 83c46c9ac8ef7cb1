"""Whether a stretch of an organization's audit trail is as it was written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hmac import compare_digest
from itertools import pairwise

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
from pulumi_encord_integrations.server.store.audit_chain import checkpoint_signature, mac_of
from pulumi_encord_integrations.server.store.audit_queries import Link
from pulumi_encord_integrations.server.store.database import Connection, Database


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
    if problem is None and not links and after == 0 and start.sequence:
        # The newest entry is never removed by retention.
        said = (
            f"the entries behind {start.sequence}, up to which the trail was removed by retention, are gone"
        )
        problem = AuditProblem(sequence=start.sequence + 1, kind="cut", message=said)
    last = links[-1].sequence if links else start.sequence
    return _answer(start.sequence + 1, last if problem is None else problem.sequence, problem, head)


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
        signature = checkpoint_signature(key, organization, kept.sequence, kept.mac, kept.at)
        if not compare_digest(signature.encode(), str(kept.signature).encode()):
            said = f"the checkpoint at {kept.sequence} is not one that this API signed"
            return AuditProblem(sequence=kept.sequence, kind="changed", message=said)
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
    return _Start(before.sequence, before.mac, before.number)


def _broken(key: bytes, start: _Start, links: Sequence[Link]) -> AuditProblem | None:
    """The first entry that does not follow from the one before it."""
    before = Link(start.sequence, None, start.mac, start.number)
    for last, link in pairwise((before, *links)):
        if link.sequence != last.sequence + 1:
            return _removed(last.sequence + 1, link.sequence - 1)
        if not _follows(key, last.mac, link):
            return _changed(key, last.mac, link, links)
        if link.number <= last.number:
            said = f"entry {link.sequence} is not at its place in the table"
            return AuditProblem(sequence=link.sequence, kind="changed", message=said)
    return None


def _follows(key: bytes, previous: str, link: Link) -> bool:
    if link.entry is None:
        return False
    return compare_digest(mac_of(key, previous, link.entry).encode(), str(link.mac).encode())


def _changed(key: bytes, previous: str, link: Link, links: Sequence[Link]) -> AuditProblem:
    """Tells an entry that was put between two others from one that was altered, where that can be seen."""
    at = links.index(link) + 1
    following = links[at] if at < len(links) else None
    if following and following.entry:
        as_before = replace(following, entry=replace(following.entry, sequence=link.sequence))
        if _follows(key, previous, as_before):
            said = f"entry {link.sequence} was inserted: the one behind it follows the one before it"
            return AuditProblem(sequence=link.sequence, kind="inserted", message=said)
    said = f"entry {link.sequence} is not as it was written"
    return AuditProblem(sequence=link.sequence, kind="changed", message=said)


def _removed(first: int, last: int) -> AuditProblem:
    which = f"entry {first} is" if first == last else f"the entries {first} to {last} are"
    return AuditProblem(sequence=first, kind="removed", message=f"{which} missing")
