"""Service accounts: users of another kind, with their keys and federations."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from pulumi_encord_integrations.server.store import tables as t

_u, _k, _f = t.organization_users.c, t.user_keys.c, t.federations.c
KIND = "service_account"
"""The kind of such a user."""


def listing(connection: Connection, organization: str) -> Sequence[Row[Any]]:
    """All of them, by name."""
    query = select(*_u).where(_u.organization == organization, _u.kind == KIND)
    return sorted(connection.execute(query).all(), key=lambda row: row.email)


def keys(
    connection: Connection, organization: str, email: str | None = None
) -> Mapping[str, Sequence[Row[Any]]]:
    """The keys that were not revoked, by e-mail; of one account or of all, oldest first."""
    query = select(*_k).where(_k.organization == organization, _k.ended_at.is_(None))
    if email is None:
        accounts = select(_u.email).where(_u.organization == organization, _u.kind == KIND)
        query = query.where(_k.email.in_(accounts))
    else:
        query = query.where(_k.email == email)
    return _by_email(connection.execute(query.order_by(_k.created_at, _k.public_key)).all())


def federations(
    connection: Connection, organization: str, email: str | None = None
) -> Mapping[str, Sequence[Row[Any]]]:
    """The federations by e-mail, of one account or of all, oldest first."""
    query = select(*_f).where(_f.organization == organization)
    if email is not None:
        query = query.where(_f.email == email)
    return _by_email(connection.execute(query.order_by(_f.created_at, _f.uuid)).all())


def _by_email(rows: Sequence[Row[Any]]) -> Mapping[str, Sequence[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.email].append(row)
    return found


def change_key(connection: Connection, uuid: str, name: str, scope: str, expires_at: datetime | None) -> None:
    """Changes what a key is called and may do; its uuid stays, and with it the tokens made from it."""
    values = {"name": name, "scope": scope, "expires_at": expires_at}
    connection.execute(update(t.user_keys).where(_k.uuid == uuid), values)
