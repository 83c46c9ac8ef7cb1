"""How many keys of users, and credentials of integrations, end soon; of all organizations together."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now

SOON = {"7d": timedelta(days=7), "30d": timedelta(days=30)}
_MOST = 20_000
"""Integrations that are looked at."""
_FIELD = "sas_ends_at"
_key, _integration = t.user_keys.c, t.integrations.c


@dataclass(frozen=True)
class Ends:
    """Each mapping is from a time ahead to what ends within it."""

    ended: int
    """Keys past their end that nobody revoked."""
    keys: dict[str, int]
    """Active ones."""
    integrations: dict[str, int]
    """Those whose credential ends, or has ended, where its end is known."""


def count(connection: Connection) -> Ends:
    """As of now."""
    at = now()
    active = _key.ended_at.is_(None) & _key.expires_at.is_not(None)
    columns = [func.count().filter(_key.expires_at <= at)]
    columns += [
        func.count().filter((_key.expires_at > at) & (_key.expires_at <= at + ahead))
        for ahead in SOON.values()
    ]
    ended, *keys = connection.execute(select(*columns).where(active)).one()
    return Ends(ended, dict(zip(SOON, keys, strict=True)), _integrations(connection, at.replace(tzinfo=UTC)))


def _integrations(connection: Connection, at: datetime) -> dict[str, int]:
    settings = _integration.settings
    query = select(settings).where(settings.contains(f'"{_FIELD}": "', autoescape=True)).limit(_MOST)
    ends = [_end(json.loads(found)) for found in connection.scalars(query)]
    return {within: sum(end <= at + ahead for end in ends) for within, ahead in SOON.items()}


def _end(settings: Any) -> datetime:
    found = datetime.fromisoformat(settings[_FIELD])
    return found if found.tzinfo else found.replace(tzinfo=UTC)
