"""Who did what, when."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, DateTime, Row, Select, bindparam, insert, select, text

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.audit_chain import Entry, mac_of
from pulumi_encord_integrations.server.store.clock import now
from pulumi_encord_integrations.server.store.stored_values import is_a_number, number_of, rows_of, text_of
from pulumi_encord_integrations.server.vault import Vault

_c, _w = t.audit.c, t.last_writes.c
_RECORD = insert(t.audit)
HEAD = (
    select(_c.sequence, _c.mac)
    .where(_c.organization == bindparam("organization"), is_a_number(_c.sequence))
    .order_by(_c.sequence.desc())
    .limit(1)
)
"""The newest entry of an organization, built once because each write asks for it."""
_WROTE = text(
    "INSERT INTO last_writes (organization, object, at, actor, action)"
    " VALUES (:organization, :object, :at, :actor, :action) ON CONFLICT (organization, object)"
    " DO UPDATE SET at = excluded.at, actor = excluded.actor, action = excluded.action"
).bindparams(bindparam("at", type_=DateTime()))
LOOKS = (
    "urls.sign",
    "integration.access-check",
    "integration.control",
    "integration.kept",
    "group.kept",
    "sign-in.bearer-token",
    "federation.sign-in",
)
"""Actions that change nothing of the object."""
_LAST = ("organization", "object", "at", "actor", "action")
LONG = 4096
"""Characters of a detail; a longer one, which names many people, is compressed."""


def record(
    connection: Connection,
    vault: Vault,
    *,
    organization: str,
    actor: str,
    action: str,
    object_: str,
    trace: str = "",
    detail: Mapping[str, Any] | None = None,
    key: str = "",
    stack: str = "",
    outcome: str = "done",
) -> None:
    """Adds one entry, chained to the one before, in the write transaction of the effect."""
    told = json.dumps(detail or {}, sort_keys=True)
    long = len(told) > LONG
    head = rows_of(connection, HEAD, {"organization": organization}, exact=True)
    sequence, previous = (number_of(head[0].sequence), text_of(head[0].mac)) if head else (0, "")
    entry = Entry(
        organization=organization,
        sequence=sequence + 1,
        at=now(),
        actor=actor,
        action=action,
        object=object_,
        trace=trace[:128],
        key=key,
        stack=stack,
        outcome=outcome,
        detail=told,
    )
    row = {
        **asdict(entry),
        "mac": mac_of(vault.audit_key, previous, entry),
        "detail": counted(detail or {}) if long else told,
        "long_detail": told if long else None,
    }
    connection.execute(_RECORD, row)
    if outcome == "done" and object_ and action not in LOOKS:
        connection.execute(_WROTE, {name: row[name] for name in _LAST})


def counted(detail: Mapping[str, Any]) -> str:
    """What is kept beside a long detail, as JSON: how long each list is, in place of the list."""
    short = {key: len(value) if isinstance(value, Collection) else value for key, value in detail.items()}
    return json.dumps(short, sort_keys=True)


def newest(connection: Connection, organization: str, object_: str) -> Row[Any] | None:
    """The last write of an object."""
    query: Select[Any] = select(_w.at, _w.actor, _w.action)
    return connection.execute(query.where(_w.organization == organization, _w.object == object_)).first()


def newest_of(
    connection: Connection,
    organization: str,
    objects: Select[Any],
    after: str | None = None,
    size: int | None = None,
) -> Sequence[Row[Any]]:
    """The last write of each of the selected objects, in the order of their uuids."""
    query: Select[Any] = select(_w.object, _w.at, _w.actor, _w.action)
    query = query.where(_w.organization == organization, _w.object.in_(objects))
    if after is not None:
        query = query.where(_w.object > after)
    return connection.execute(query.order_by(_w.object).limit(size)).all()
