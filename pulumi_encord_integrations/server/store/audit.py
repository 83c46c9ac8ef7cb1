"""Who did what, when."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now

_c = t.audit.c
_RECORD = insert(t.audit)
LOOKS = (
    "urls.sign",
    "integration.access-check",
    "integration.control",
    "integration.kept",
    "group.kept",
)
"""Actions that change nothing of the object."""
_LONG = 4096
"""Characters of a detail; a longer one, which names many people, is compressed."""


def record(
    connection: Connection,
    *,
    organization: str,
    actor: str,
    action: str,
    object_: str,
    trace: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Adds one row, in the transaction of the effect."""
    told = json.dumps(detail or {}, sort_keys=True)
    long = len(told) > _LONG
    connection.execute(
        _RECORD,
        {
            "at": now(),
            "organization": organization,
            "actor": actor,
            "action": action,
            "object": object_,
            "trace": trace[:128],
            "detail": json.dumps(_counted(detail or {}), sort_keys=True) if long else told,
            "long_detail": told if long else None,
        },
    )


def _counted(detail: Mapping[str, Any]) -> dict[str, Any]:
    """How long each list is, in place of the list."""
    return {key: len(value) if isinstance(value, Collection) else value for key, value in detail.items()}


def newest(connection: Connection, organization: str, object_: str) -> Row[Any] | None:
    """The row of the last write of an object."""
    query: Select[Any] = select(_c.at, _c.actor, _c.action)
    query = query.where(_c.organization == organization, _c.object == object_, _c.action.not_in(LOOKS))
    return connection.execute(query.order_by(_c.number.desc()).limit(1)).first()


def newest_of(
    connection: Connection,
    organization: str,
    objects: Select[Any],
    after: str | None = None,
    size: int | None = None,
) -> Sequence[Row[Any]]:
    """The row of the last write of each of the selected objects, in the order of their uuids."""
    writes = select(func.max(_c.number).label("number"), _c.object).where(
        _c.organization == organization, _c.action.not_in(LOOKS), _c.object.in_(objects)
    )
    if after is not None:
        writes = writes.where(_c.object > after)
    last = writes.group_by(_c.object).order_by(_c.object).limit(size).subquery()
    query: Select[Any] = select(_c.object, _c.at, _c.actor, _c.action).join(last, last.c.number == _c.number)
    return connection.execute(query.order_by(_c.object)).all()
