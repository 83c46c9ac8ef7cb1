"""Which tokens of which issuers stand for which service account."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Column, Connection, Row, bindparam, delete, insert, select

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


def of_issuer(connection: Connection, issuer: str) -> Sequence[Row[Any]]:
    """All federations with an issuer, whatever their organization, oldest first."""
    return connection.execute(_OF_ISSUER, {"issuer": issuer}).all()


def remove(connection: Connection, organization: str, uuid: str) -> bool:
    """Ends a federation, its tokens and the invitations made with them; False if it was gone."""
    connection.execute(delete(t.invitations).where(t.invitations.c.created_with == uuid))
    mine = (_c.organization == organization, _c.uuid == uuid)
    return connection.execute(delete(t.federations).where(*mine)).rowcount > 0
