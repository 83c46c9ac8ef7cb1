"""Rows past their time, deleted some at a time, so that no writer waits for long."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, tuple_, union_all

from pulumi_encord_integrations.server.store import audit_queries
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.audit_chain import checkpoint_signature
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.stored_values import is_a_number, number_of

_AT_ONCE = 2_000
_a, _b, _w, _p = t.audit.c, t.registration_batches.c, t.last_writes.c, t.audit_checkpoints.c


def _old_entries(connection: Connection, organization: str, before: datetime) -> tuple[int, int]:
    """First and last sequence of what may go of the trail; the last is below the first if nothing may.

    Only a beginning goes, up to the first entry that is not old, and never the newest entry.
    """
    mine = (_a.organization == organization, is_a_number(_a.sequence))
    first, newest = connection.execute(
        select(func.min(_a.sequence), func.max(_a.sequence)).where(*mine)
    ).one()
    if first is None:
        return 1, 0
    kept = connection.scalar(select(func.min(_a.sequence)).where(*mine, _a.at >= before))
    return number_of(first), number_of(newest if kept is None else kept) - 1


@dataclass(frozen=True)
class Blocking:
    """An entry that is dated in the future, and old ones that stay because they are behind it."""

    sequence: int
    at: datetime
    behind: int


def blocking(database: Database, organization: str, before: datetime, latest: datetime) -> Blocking | None:
    """The first entry that is not old, if it is dated behind `latest` and keeps old ones from going."""
    with database.read() as connection:
        first, last = _old_entries(connection, organization, before)
        found = audit_queries.link(connection, organization, last + 1)
        if first > last + 1 or found is None or found.entry is None or found.entry.at <= latest:
            return None
        old = (_a.organization == organization, _a.sequence > last + 1, _a.at < before)
        behind = connection.scalar(select(func.count()).select_from(t.audit).where(*old)) or 0
    return Blocking(last + 1, found.entry.at, behind) if behind else None


def newest_at(database: Database, organization: str) -> datetime | None:
    """When the newest entry was written; None if there is none, or that cannot be read."""
    with database.read() as connection:
        found = audit_queries.last_links(connection, organization, 1)
    return found[0].entry.at if found and found[0].entry else None


def count_entries(database: Database, organization: str, before: datetime) -> int:
    """How many entries of the audit trail there are to delete."""
    with database.read() as connection:
        first, last = _old_entries(connection, organization, before)
        old = (_a.organization == organization, _a.sequence >= first, _a.sequence <= last)
        return connection.scalar(select(func.count()).select_from(t.audit).where(*old)) or 0


def remove_entries(database: Database, organization: str, before: datetime, so_far: Counter[str]) -> int:
    """Deletes them, in several transactions, each of which leaves a checkpoint to verify the rest from."""
    with database.read() as connection:
        first, last = _old_entries(connection, organization, before)
    removed = 0
    for begin in range(first, last + 1, _AT_ONCE):
        removed += _remove_up_to(database, organization, min(begin + _AT_ONCE - 1, last), so_far)
    _forget_writes(database, organization, before)
    return removed


def _remove_up_to(database: Database, organization: str, sequence: int, so_far: Counter[str]) -> int:
    mine = _a.organization == organization
    with database.write() as connection:
        newest = connection.execute(
            select(_a.sequence, _a.mac, _a.at)
            .where(mine, _a.sequence <= sequence)
            .order_by(_a.sequence.desc())
            .limit(1)
        ).first()
        if newest is None:
            # Somebody else removes them at the same time.
            return 0
        gone = connection.execute(delete(t.audit).where(mine, _a.sequence <= sequence)).rowcount
        connection.execute(delete(t.audit_checkpoints).where(_p.organization == organization))
        sealed = (organization, newest.sequence, newest.mac, newest.at)
        signature = checkpoint_signature(database.vault.audit_key, *sealed)
        names = ("organization", "sequence", "mac", "at")
        connection.execute(
            insert(t.audit_checkpoints), {**dict(zip(names, sealed, strict=True)), "signature": signature}
        )
    so_far["audit"] += gone
    return gone


def _forget_writes(database: Database, organization: str, before: datetime) -> None:
    """Forgets who wrote what is gone."""
    alive = union_all(
        select(t.integrations.c.uuid).where(t.integrations.c.organization == organization),
        select(t.groups.c.uuid).where(t.groups.c.organization == organization),
    )
    mine = _w.organization == organization
    some = select(_w.object).where(mine, _w.at < before, _w.object.not_in(alive)).limit(_AT_ONCE)
    gone = _AT_ONCE
    while gone == _AT_ONCE:
        with database.write() as connection:
            gone = connection.execute(delete(t.last_writes).where(mine, _w.object.in_(some))).rowcount


def _old_batches(organization: str, before: datetime) -> ColumnElement[bool]:
    """Registered batches from before a moment."""
    theirs = select(t.integrations.c.uuid).where(t.integrations.c.organization == organization)
    return (_b.created_at < before) & _b.integration.in_(theirs)


def count_batches(database: Database, organization: str, before: datetime) -> int:
    """How many registered batches there are to delete."""
    with database.read() as connection:
        old = _old_batches(organization, before)
        return connection.scalar(select(func.count()).select_from(t.registration_batches).where(old)) or 0


def remove_batches(database: Database, organization: str, before: datetime, so_far: Counter[str]) -> int:
    """Deletes them, in several transactions; answers how many there were, and counts what is committed."""
    key = t.registration_batches.primary_key.columns
    some = select(*key).where(_old_batches(organization, before)).order_by(*key).limit(_AT_ONCE)
    removed, gone = 0, _AT_ONCE
    while gone == _AT_ONCE:
        with database.write() as connection:
            gone = connection.execute(delete(t.registration_batches).where(tuple_(*key).in_(some))).rowcount
        removed += gone
        so_far["batches"] += gone
    return removed
