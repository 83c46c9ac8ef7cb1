"""The audit trail as it is read: pages of entries, its head, and the links of its chain."""

import json
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    String,
    func,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.types import NullType

from pulumi_encord_integrations.model.audit import AuditFilters
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.audit import HEAD, LONG, counted
from pulumi_encord_integrations.server.store.audit_chain import Entry
from pulumi_encord_integrations.server.store.chunks import batches
from pulumi_encord_integrations.server.store.stored_values import (
    MOST,
    is_a_number,
    number_of,
    rows_of,
    text_of,
)

_c, _p = t.audit.c, t.audit_checkpoints.c
_LOOKED_AT = 50_000
"""Entries that one page looks at: no index leads to those of an actor, an action or a time."""
_CLOCKS = timedelta(days=1)
"""By how much the clocks may differ that entries were dated by."""
# Whatever somebody wrote into the columns is read, and judged later.
_RAW = (
    *(_c[field.name] for field in fields(Entry) if field.name not in {"at"}),
    type_coerce(_c.at, String).label("at"),
    type_coerce(_c.long_detail, NullType()).label("long_detail"),
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
    rows = rows_of(connection, query)
    if len(rows) > size:
        return AuditRows(rows[:size], number_of(rows[size - 1].sequence))
    ends = bottom == 1 or _all_older(connection, organization, bottom, filters.since)
    return AuditRows(rows, None if ends else bottom)


def _of_object(
    connection: Connection, organization: str, filters: AuditFilters, size: int, before: int | None
) -> AuditRows:
    # Numbers count up as sequences do, and the index of objects is in their order.
    behind = [] if before is None else [_c.sequence < before]
    query = select(*_RAW).where(_c.organization == organization, *behind, *_conditions(filters))
    rows = rows_of(connection, query.order_by(_c.number.desc()).limit(size + 1))
    return AuditRows(rows[:size], number_of(rows[size - 1].sequence) if len(rows) > size else None)


def oldest_first(
    connection: Connection, organization: str, filters: AuditFilters, size: int, after: int
) -> AuditRows:
    """The entries behind a sequence, likewise."""
    last = _last(connection, organization)
    begin = max(after, (first(connection, organization) or 1) - 1)
    top = min(begin + _LOOKED_AT, last)
    window = (_c.organization == organization, _c.sequence > begin, _c.sequence <= top)
    query = select(*_RAW).where(*window, *_conditions(filters)).order_by(_c.sequence).limit(size + 1)
    rows = rows_of(connection, query)
    if len(rows) > size:
        return AuditRows(rows[:size], number_of(rows[size - 1].sequence))
    return AuditRows(rows, None if top >= last else top)


def _all_older(connection: Connection, organization: str, bottom: int, since: datetime | None) -> bool:
    """Whether nothing in front of a sequence can be as new as that."""
    query = select(*_RAW).where(_c.organization == organization, _c.sequence < bottom)
    row = next(iter(rows_of(connection, query.order_by(_c.sequence.desc()).limit(1))), None)
    return row is None or (since is not None and moment_of(row) < since - _CLOCKS)


def _last(connection: Connection, organization: str) -> int:
    query = select(func.max(_c.sequence)).where(_c.organization == organization, is_a_number(_c.sequence))
    return number_of(connection.scalar(query) or 0)


def detail_of(row: Row[Any]) -> dict[str, Any]:
    """The whole detail of an entry; what cannot be read is said to be unreadable."""
    try:
        found = json.loads(_whole(row))
    except (ValueError, TypeError, RecursionError, zlib.error):
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
    if row.long_detail is None:
        return text_of(row.detail)
    return zlib.decompress(row.long_detail).decode()


@dataclass(frozen=True)
class Link:
    """An entry as its chain is verified."""

    sequence: int | None
    """None if it is no whole number."""
    entry: Entry | None
    """None if it is in no form that the API writes."""
    mac: str
    number: int
    """Its place in the table."""


def links(connection: Connection, organization: str, after: int, size: int) -> list[Link]:
    """The entries behind a sequence, in order."""
    query = select(*_RAW).where(_c.organization == organization, _c.sequence > after)
    return [_link(row) for row in rows_of(connection, query.order_by(_c.sequence).limit(size), exact=True)]


def last_links(connection: Connection, organization: str, size: int) -> list[Link]:
    """The newest entries, in order."""
    query = select(*_RAW).where(_c.organization == organization)
    rows = rows_of(connection, query.order_by(_c.sequence.desc()).limit(size), exact=True)
    return [_link(row) for row in reversed(rows)]


def link(connection: Connection, organization: str, sequence: int) -> Link | None:
    """One entry."""
    query = select(*_RAW).where(_c.organization == organization, _c.sequence == sequence)
    return next((_link(row) for row in rows_of(connection, query, exact=True)), None)


def has_unnumbered(connection: Connection, organization: str) -> bool:
    """Whether the number of any entry is a text, or bytes."""
    query = select(_c.number).where(_c.organization == organization, _c.sequence > MOST)
    return connection.execute(query.limit(1)).first() is not None


def _link(row: Row[Any]) -> Link:
    sequence = row.sequence if isinstance(row.sequence, int) else None
    return Link(sequence, _entry(row), text_of(row.mac), row.number)


def _entry(row: Row[Any]) -> Entry | None:
    try:
        values = {field.name: getattr(row, field.name) for field in fields(Entry)}
        detail = _whole(row)
        entry = Entry(**{**values, "at": _at(row), "detail": detail})
        short = detail if row.long_detail is None else counted(json.loads(detail))
        misplaced = row.long_detail is not None and len(detail) <= LONG
    except (ValueError, TypeError, AttributeError, RecursionError, zlib.error):
        return None
    # The chain binds the whole detail, so what else is kept of it has to follow from that.
    whole = short == row.detail and not misplaced
    texts = all(isinstance(value, str) for name, value in values.items() if name not in {"sequence", "at"})
    return entry if whole and texts and isinstance(row.sequence, int) else None


def head(connection: Connection, organization: str) -> tuple[int, str]:
    """Sequence and mac of the newest entry; 0 and nothing if there is none."""
    found = rows_of(connection, HEAD, {"organization": organization})
    return (number_of(found[0].sequence), text_of(found[0].mac)) if found else (0, "")


def first(connection: Connection, organization: str) -> int | None:
    """The sequence of the oldest entry that is there."""
    mine = _c.organization == organization
    found = connection.scalar(select(func.min(_c.sequence)).where(mine, _c.sequence <= MOST))
    return None if found is None else number_of(found)


@dataclass(frozen=True)
class Checkpoint:
    """Up to where the trail was removed."""

    sequence: int
    mac: str
    at: datetime
    signature: str
    intact: bool
    """Whether its columns hold what the API writes there."""


def checkpoint(connection: Connection, organization: str) -> Checkpoint | None:
    """The newest one of the organization."""
    at = type_coerce(_p.at, String).label("at")
    query = select(_p.sequence, _p.mac, at, _p.signature).where(_p.organization == organization)
    for row in rows_of(connection, query.order_by(_p.sequence.desc()).limit(1), exact=True):
        texts = isinstance(row.mac, str) and isinstance(row.signature, str)
        return Checkpoint(
            number_of(row.sequence),
            text_of(row.mac),
            moment_of(row),
            text_of(row.signature),
            intact=texts and isinstance(row.sequence, int),
        )
    return None


def titles(connection: Connection, organization: str, uuids: Collection[str]) -> dict[str, str]:
    """Uuid -> title or name of those that are integrations or groups of the organization."""
    i, g = t.integrations.c, t.groups.c
    return _named(
        connection, organization, uuids, (i.organization, i.uuid, i.title), (g.organization, g.uuid, g.name)
    )


def key_names(connection: Connection, organization: str, uuids: Collection[str]) -> dict[str, str]:
    """Uuid -> name of a key, or subject of a federation."""
    k, f = t.user_keys.c, t.federations.c
    return _named(
        connection, organization, uuids, (k.organization, k.uuid, k.name), (f.organization, f.uuid, f.subject)
    )


def _named(
    connection: Connection,
    organization: str,
    uuids: Collection[str],
    *tables: tuple[Column[Any], Column[Any], Column[Any]],
) -> dict[str, str]:
    """Uuid -> name, from tables by their columns of organization, uuid and name."""
    found: dict[str, str] = {}
    for some in batches(uuids):
        rows = union_all(
            *(select(uuid, name).where(owner == organization, uuid.in_(some)) for owner, uuid, name in tables)
        )
        found |= {uuid: name for uuid, name in connection.execute(rows)}  # noqa: C416
    return found
