"""Who did what, when."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now


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
