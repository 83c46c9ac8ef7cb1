"""Rows past their time, deleted some at a time, so that no writer waits for long."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select, tuple_, union_all

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.audit import LOOKS
from pulumi_encord_integrations.server.store.database import Database

_AT_ONCE = 2_000
_a, _b = t.audit.c, t.registration_batches.c


def _old_audit(organization: str, before: datetime) -> ColumnElement[bool]:
    """Rows of the audit trail from before a moment, but for the last write of each object that lives."""
    later = t.audit.alias()
    last = select(func.max(later.c.number)).where(
        later.c.organization == _a.organization, later.c.object == _a.object, later.c.action.not_in(LOOKS)
    )
    alive = union_all(
        select(t.integrations.c.uuid).where(t.integrations.c.organization == organization),
        select(t.groups.c.uuid).where(t.groups.c.organization == organization),
    )
    needed = and_(_a.object.in_(alive), _a.number == last.scalar_subquery())
    return and_(_a.organization == organization, _a.at < before, or_(~needed, _a.action.in_(LOOKS)))


def _old_batches(organization: str, before: datetime) -> ColumnElement[bool]:
    """Registered batches from before a moment."""
    theirs = select(t.integrations.c.uuid).where(t.integrations.c.organization == organization)
    return and_(_b.created_at < before, _b.integration.in_(theirs))


_RULES: dict[str, tuple[Table, Callable[[str, datetime], ColumnElement[bool]]]] = {
    "audit": (t.audit, _old_audit),
    "batches": (t.registration_batches, _old_batches),
}


def count(database: Database, what: str, organization: str, before: datetime) -> int:
    """How many rows of an organization there are to delete."""
    table, old = _RULES[what]
    with database.read() as connection:
        query = select(func.count()).select_from(table).where(old(organization, before))
        return connection.scalar(query) or 0


def remove(database: Database, what: str, organization: str, before: datetime, so_far: Counter[str]) -> int:
    """Deletes them, in several transactions; answers how many there were, and counts what is committed."""
    table, old = _RULES[what]
    key = table.primary_key.columns
    some = select(*key).where(old(organization, before)).order_by(*key).limit(_AT_ONCE)
    removed, gone = 0, _AT_ONCE
    while gone == _AT_ONCE:
        with database.write() as connection:
            gone = connection.execute(delete(table).where(tuple_(*key).in_(some))).rowcount
        removed += gone
        so_far[what] += gone
    return removed
