"""What the operator does so that nothing grows for ever: what is past its time goes, and space comes back."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial

from pulumi_encord_integrations.model.audit import OPERATOR, AuditProblem
from pulumi_encord_integrations.model.limits import Retention
from pulumi_encord_integrations.server.errors import Conflict
from pulumi_encord_integrations.server.services.audit_verification import stretches
from pulumi_encord_integrations.server.store import audit, organizations, retention
from pulumi_encord_integrations.server.store.database import Database, now
from pulumi_encord_integrations.server.store.retention import Blocking

_Act = Callable[[Database, str, datetime], int]
_COUNT: Mapping[str, _Act] = {"audit": retention.count_entries, "batches": retention.count_batches}
_CENTURY = 36_500
"""Days; nothing here is older, and no calendar goes back for ever."""


@dataclass(frozen=True)
class Removed:
    """How many rows went, or would go."""

    audit: int = 0
    batches: int = 0


def expired(database: Database, kept: Retention) -> Removed:
    """How many rows are past their time."""
    return _sum(_each(_COUNT, database, one, kept) for one in _organizations(database))


def expire(
    database: Database, kept: Retention, so_far: Counter[str] | None = None, *, broken: bool = False
) -> Removed:
    """Deletes rows that are past their time, audited for each organization.

    `so_far` counts them as they go, for whoever is stopped on the way. Raises `Conflict` rather than remove
    entries of an audit trail that is not as it was written, unless `broken` says to.
    """
    count = Counter[str]() if so_far is None else so_far
    for one in _organizations(database):
        _require_clock(database, one, kept)
    return _sum(_expired(database, one, kept, count, broken=broken) for one in _organizations(database))


def blocking(database: Database, kept: Retention) -> list[Blocking]:
    """Entries that are dated in the future, behind which old ones stay."""
    if kept.audit_days is None:
        return []
    latest = now() + timedelta(days=1)
    found = [
        retention.blocking(database, one, _before(kept.audit_days), latest)
        for one in _organizations(database)
    ]
    return [one for one in found if one is not None]


def _require_clock(database: Database, organization: str, kept: Retention) -> None:
    """Raises `Conflict` if even the newest entry is past its time: with a wrong clock all others would go."""
    if kept.audit_days is None or not retention.count_entries(
        database, organization, _before(kept.audit_days)
    ):
        return
    newest = retention.newest_at(database, organization)
    if newest is not None and newest < _before(kept.audit_days):
        raise Conflict(
            "all_entries_old",
            f"even the newest entry of the trail of {organization}, of {newest:%Y-%m-%d}, is older than "
            f"{kept.audit_days} days by this machine's clock ({now():%Y-%m-%d}); nothing was removed",
            "Check the clock. If it is right, run maintain once without ENCORD_AUDIT_DAYS: it leaves a new "
            "entry; then run it again with it",
        )


def _before(days: int) -> datetime:
    return now() - timedelta(days=min(days, _CENTURY))


def _expired(
    database: Database, organization: str, kept: Retention, so_far: Counter[str], *, broken: bool
) -> Removed:
    problem = _problem(database, organization, kept)
    if problem is not None and not broken:
        raise Conflict(
            "audit_trail_broken",
            f"the audit trail of {organization} is not as it was written: {problem.message}; "
            "nothing of it was removed",
            "Keep a copy of the database as evidence, then run maintain --despite-broken-trail",
        )
    remove: Mapping[str, _Act] = {
        "audit": partial(retention.remove_entries, so_far=so_far),
        "batches": partial(retention.remove_batches, so_far=so_far),
    }
    removed = _each(remove, database, organization, kept)
    detail = {"removed": asdict(removed), "auditDays": kept.audit_days, "batchDays": kept.batch_days}
    with database.write() as connection:
        audit.record(
            connection,
            database.vault,
            organization=organization,
            actor=OPERATOR,
            action="maintain",
            object_=organization,
            detail={**detail, "brokenAt": problem.sequence} if problem else detail,
        )
    return removed


def _problem(database: Database, organization: str, kept: Retention) -> AuditProblem | None:
    """Why what would be removed of the trail is not as it was written."""
    if not _each(_COUNT, database, organization, kept).audit:
        return None
    return stretches(database, organization)[-1].problem


def _each(
    rules: Mapping[str, _Act],
    database: Database,
    organization: str,
    kept: Retention,
) -> Removed:
    days = {"audit": kept.audit_days, "batches": kept.batch_days}
    return Removed(
        **{
            what: rules[what](database, organization, _before(some))
            for what, some in days.items()
            if some is not None
        }
    )


def _organizations(database: Database) -> list[str]:
    with database.read() as connection:
        return organizations.uuids(connection)


def _sum(found: Iterable[Removed]) -> Removed:
    every = list(found)
    return Removed(sum(one.audit for one in every), sum(one.batches for one in every))
