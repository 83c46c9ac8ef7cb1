"""The audit trail as it is read: pages of entries, its head, and the links of its chain."""

import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    String,
    func,
    select,
    type_coerce,
    union_all,
)

from pulumi_encord_integrations.model.audit import AuditFilters
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.audit import LONG, counted
from pulumi_encord_integrations.server.store.audit_chain import Entry
from pulumi_encord_integrations.server.store.chunks import batches

_c, _p = t.audit.c, t.audit_checkpoints.c
_LOOKED_AT = 50_000
"""Entries that one page looks at: no index leads to those of an actor, an action or a time."""
_CLOCKS = timedelta(days=1)
"""By how much the clocks may differ that entries were dated by."""
# Whatever somebody wrote into the columns is read, and judged later.
_RAW = (
    *(_c[field.name] for field in fields(Entry) if field.name not in {"at"}),
    type_coerce(_c.at, String).label("at"),
    type_coerce(_c.long_detail, LargeBinary).label("long_detail"),
    _c.mac,
    _c.number,
)


@dataclass(frozen=True)
class AuditRows:
    """Some entries, and where the next ones begin."""

    rows: Sequence[Row[Any]]
    next: int | None


def _conditions(filters: AuditFilters) -> list[ColumnElement[bool]]:
    exact = {name: getattr(filters, name) for name in ("object", "actor", "outcome", "key", "stack")}
    return [
        *(_c[name] == value for name, value in exact.items() if value),
        *([_c.action.startswith(filters.action, autoescape=True)] if filters.action else []),
        *([_c.at >= filters.since] if filters.since else []),
        *([_c.at < filters.until] if filters.until else []),
    ]


def newest_first(
    connection: Connection, organization: str, filters: AuditFilters, size: int, before: int | None
) -> AuditRows:
    """The newest entries in front of a sequence; fewer than asked for where it takes long to find them."""
    if filters.object:
        return _of_object(connection, organization, filters, size, before)
    top = _last(connection, organization) + 1 if before is None else before
    bottom = max(top - _LOOKED_AT, 1)
    window = (_c.organization == organization, _c.sequence < top, _c.sequence >= bottom)
    query = select(*_RAW).where(*window, *_conditions(filters)).order_by(_c.sequence.desc()).limit(size + 1)
    rows = connection.execute(query).all()
    if len(rows) > size:
        return AuditRows(rows[:size], int(rows[size - 1].sequence))
    ends = bottom == 1 or _all_older(connection, organization, bottom, filters.since)
    return AuditRows(rows, None if ends else bottom)


def _of_object(
    connection: Connection, organization: str, filters: AuditFilters, size: int, before: int | None
) -> AuditRows:
    # Numbers count up as sequences do, and the index of objects is in their order.
    behind = [] if before is None else [_c.sequence < before]
    query = select(*_RAW).where(_c.organization == organization, *behind, *_conditions(filters))
    rows = connection.execute(query.order_by(_c.number.desc()).limit(size + 1)).all()
    return AuditRows(rows[:size], int(rows[size - 1].sequence) if len(rows) > size else None)


def oldest_first(
    connection: Connection, organization: str, filters: AuditFilters, size: int, after: int
) -> AuditRows:
    """The entries behind a sequence, likewise."""
    last = _last(connection, organization)
    begin = max(after, (first(connection, organization) or 1) - 1)
    top = min(begin + _LOOKED_AT, last)
    window = (_c.organization == organization, _c.sequence > begin, _c.sequence <= top)
    query = select(*_RAW).where(*window, *_conditions(filters)).order_by(_c.sequence).limit(size + 1)
    rows = connection.execute(query).all()
    if len(rows) > size:
        return AuditRows(rows[:size], int(rows[size - 1].sequence))
    return AuditRows(rows, None if top >= last else top)


def _all_older(connection: Connection, organization: str, bottom: int, since: datetime | None) -> bool:
    """Whether nothing in front of a sequence can be as new as that."""
    query = select(*_RAW).where(_c.organization == organization, _c.sequence < bottom)
    row = connection.execute(query.order_by(_c.sequence.desc()).limit(1)).first()
    return row is None or (since is not None and moment_of(row) < since - _CLOCKS)


def _last(connection: Connection, organization: str) -> int:
    query = select(func.max(_c.sequence)).where(_c.organization == organization)
    return int(connection.scalar(query) or 0)


def detail_of(row: Row[Any]) -> dict[str, Any]:
    """The whole detail of an entry; what cannot be read is said to be unreadable."""
    try:
        found = json.loads(_whole(row))
    except (ValueError, TypeError, zlib.error):
        found = None
    return found if isinstance(found, dict) else {"unreadable": True}


def moment_of(row: Row[Any]) -> datetime:
    """When an entry was written; the year 1 if that cannot be read."""
    try:
        return _at(row)
    except (ValueError, TypeError):
        return datetime(1, 1, 1)  # noqa: DTZ001  as databases keep it


def _at(row: Row[Any]) -> datetime:
    return row.at if isinstance(row.at, datetime) else datetime.fromisoformat(row.at)


def _whole(row: Row[Any]) -> str:
    return str(row.detail) if row.long_detail is None else zlib.decompress(row.long_detail).decode()


@dataclass(frozen=True)
class Link:
    """An entry as its chain is verified."""

    sequence: int
    entry: Entry | None
    """None if it is in no form that the API writes."""
    mac: str
    number: int
    """Its place in the table."""


def links(connection: Connection, organization: str, after: int, size: int) -> list[Link]:
    """The entries behind a sequence, in order."""
    query = select(*_RAW).where(_c.organization == organization, _c.sequence > after)
    rows = connection.execute(query.order_by(_c.sequence).limit(size)).all()
    return [Link(row.sequence, _entry(row), row.mac, row.number) for row in rows]


def link(connection: Connection, organization: str, sequence: int) -> Link | None:
    """One entry."""
    found = links(connection, organization, sequence - 1, 1)
    return found[0] if found and found[0].sequence == sequence else None


def _entry(row: Row[Any]) -> Entry | None:
    try:
        values = {field.name: getattr(row, field.name) for field in fields(Entry)}
        detail = _whole(row)
        entry = Entry(**{**values, "at": _at(row), "detail": detail})
        short = detail if row.long_detail is None else counted(json.loads(detail))
        misplaced = row.long_detail is not None and len(detail) <= LONG
    except (ValueError, TypeError, AttributeError, zlib.error):
        return None
    # The chain binds the whole detail, so what else is kept of it has to follow from that.
    whole = short == row.detail and not misplaced
    return entry if whole and isinstance(row.sequence, int) else None


def head(connection: Connection, organization: str) -> tuple[int, str]:
    """Sequence and mac of the newest entry; 0 and nothing if there is none."""
    query = select(_c.sequence, _c.mac).where(_c.organization == organization)
    row = connection.execute(query.order_by(_c.sequence.desc()).limit(1)).first()
    return (row.sequence, row.mac) if row else (0, "")


def first(connection: Connection, organization: str) -> int | None:
    """The sequence of the oldest entry that is there."""
    found: int | None = connection.scalar(
        select(func.min(_c.sequence)).where(_c.organization == organization)
    )
    return found


@dataclass(frozen=True)
class Checkpoint:
    """Up to where the trail was removed."""

    sequence: int
    mac: str
    at: datetime
    signature: str


def checkpoint(connection: Connection, organization: str) -> Checkpoint | None:
    """The newest one of the organization."""
    at = type_coerce(_p.at, String).label("at")
    query = select(_p.sequence, _p.mac, at, _p.signature).where(_p.organization == organization)
    row = connection.execute(query.order_by(_p.sequence.desc()).limit(1)).first()
    return Checkpoint(row.sequence, row.mac, moment_of(row), row.signature) if row else None


def titles(connection: Connection, organization: str, uuids: Collection[str]) -> dict[str, str]:
    """Uuid -> title or name of those that are integrations or groups of the organization."""
    i, g = t.integrations.c, t.groups.c
    found: dict[str, str] = {}
    for some in batches(uuids):
        both = union_all(
            select(i.uuid, i.title).where(i.organization == organization, i.uuid.in_(some)),
            select(g.uuid, g.name).where(g.organization == organization, g.uuid.in_(some)),
        )
        found |= {uuid: title for uuid, title in connection.execute(both)}  # noqa: C416
    return found


def key_names(connection: Connection, organization: str, uuids: Collection[str]) -> Mapping[str, str]:
    """Uuid -> name of a key, or subject of a federation."""
    k, f = t.user_keys.c, t.federations.c
    found: dict[str, str] = {}
    for some in batches(uuids):
        both = union_all(
            select(k.uuid, k.name).where(k.organization == organization, k.uuid.in_(some)),
            select(f.uuid, f.subject).where(f.organization == organization, f.uuid.in_(some)),
        )
        found |= {uuid: name for uuid, name in connection.execute(both)}  # noqa: C416
    return found
