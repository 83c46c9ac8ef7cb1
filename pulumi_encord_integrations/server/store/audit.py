"""Who did what, when."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now

_LOOKS = ("urls.sign", "integration.access-check", "integration.control")
"""Actions that change nothing of the object."""


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
    connection.execute(
        insert(t.audit),
        {
            "at": now(),
            "organization": organization,
            "actor": actor,
            "action": action,
            "object": object_,
            "trace": trace[:128],
            "detail": json.dumps(detail or {}, sort_keys=True),
        },
    )


def newest(connection: Connection, organization: str, object_: str) -> Row[Any] | None:
    """The row of the last write of an object."""
    c = t.audit.c
    query: Select[Any] = select(c.at, c.actor, c.action)
    query = query.where(c.organization == organization, c.object == object_, c.action.not_in(_LOOKS))
    return connection.execute(query.order_by(c.number.desc()).limit(1)).first()
