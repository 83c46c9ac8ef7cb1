"""Which tokens of which issuers stand for which service account."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Column, Connection, Row, bindparam, delete, insert, select, update

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now

_c = t.federations.c
_COLUMNS: tuple[Column[Any], ...] = (
    _c.uuid,
    _c.organization,
    _c.email,
    _c.issuer,
    _c.audience,
    _c.subject,
    _c.scope,
    _c.created_at,
    _c.last_used_at,
)
# Asked for strangers, so built once.
_OF_ISSUER = select(*_COLUMNS).where(_c.issuer == bindparam("issuer")).order_by(_c.created_at, _c.uuid)


def add(
    connection: Connection,
    organization: str,
    email: str,
    *,
    issuer: str,
    audience: str,
    subject: str,
    scope: str,
) -> str:
    """Declares a federation of a service account; answers its uuid."""
    uuid = str(uuid4())
    connection.execute(
        insert(t.federations),
        {
            "uuid": uuid,
            "organization": organization,
            "email": email,
            "issuer": issuer,
            "audience": audience,
            "subject": subject,
            "scope": scope,
            "created_at": now(),
        },
    )
    return uuid


def listing(connection: Connection, organization: str, email: str) -> Sequence[Row[Any]]:
    """The federations of a service account, oldest first."""
    mine = (_c.organization == organization, _c.email == email)
    return connection.execute(select(*_COLUMNS).where(*mine).order_by(_c.created_at, _c.uuid)).all()


def of_issuer(connection: Connection, issuer: str) -> Sequence[Row[Any]]:
    """All federations with an issuer, whatever their organization, oldest first."""
    return connection.execute(_OF_ISSUER, {"issuer": issuer}).all()


def remove(connection: Connection, organization: str, uuid: str) -> bool:
    """Ends a federation and the tokens that were exchanged at it; False if it was gone."""
    mine = (_c.organization == organization, _c.uuid == uuid)
    return connection.execute(delete(t.federations).where(*mine)).rowcount > 0


def used(connection: Connection, uuid: str) -> None:
    """Notes that a token was exchanged at it now."""
    connection.execute(update(t.federations).where(_c.uuid == uuid).values(last_used_at=now()))
