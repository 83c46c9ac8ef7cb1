"""What the operator does so that nothing grows for ever: what is past its time goes, and space comes back."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial

from pulumi_encord_integrations.model.limits import Retention
from pulumi_encord_integrations.server.services.operations import OPERATOR
from pulumi_encord_integrations.server.store import audit, organizations, retention
from pulumi_encord_integrations.server.store.database import Database, now

_CENTURY = 36_500
"""Days; nothing here is older, and no calendar goes back for ever."""


@dataclass(frozen=True)
class Removed:
    """How many rows went, or would go."""

    audit: int = 0
    batches: int = 0


def expired(database: Database, kept: Retention) -> Removed:
    """How many rows are past their time."""
    return _sum(_each(retention.count, database, one, kept) for one in _organizations(database))


def expire(database: Database, kept: Retention, so_far: Counter[str] | None = None) -> Removed:
    """Deletes rows that are past their time, audited for each organization.

    `so_far` counts them as they go, for whoever is stopped on the way.
    """
    count = Counter[str]() if so_far is None else so_far
    return _sum(_expired(database, one, kept, count) for one in _organizations(database))


def _expired(database: Database, organization: str, kept: Retention, so_far: Counter[str]) -> Removed:
    removed = _each(partial(retention.remove, so_far=so_far), database, organization, kept)
    with database.write() as connection:
        audit.record(
            connection,
            database.vault,
            organization=organization,
            actor=OPERATOR,
            action="maintain",
            object_=organization,
            detail={"removed": asdict(removed), "auditDays": kept.audit_days, "batchDays": kept.batch_days},
        )
    return removed


def _each(
    act: Callable[[Database, str, str, datetime], int], database: Database, organization: str, kept: Retention
) -> Removed:
    days = {"audit": kept.audit_days, "batches": kept.batch_days}
    return Removed(
        **{
            what: act(database, what, organization, now() - timedelta(days=min(some, _CENTURY)))
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
