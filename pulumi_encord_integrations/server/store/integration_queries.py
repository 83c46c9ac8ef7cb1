"""Which integrations a caller may view, and pages of them."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, or_, select

from pulumi_encord_integrations.model.integrations import IntegrationFilters
from pulumi_encord_integrations.server.store import pagination
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.members import ROLE
from pulumi_encord_integrations.server.store.organizations import Caller
from pulumi_encord_integrations.server.vault import Vault

_c = t.integrations.c
# Asked in nearly every call, so built once.
ROWS: Select[Any] = select(*_c, ROLE.label("role")).where(_c.organization == bindparam("organization"))


def asking(caller: Caller, **more: str) -> dict[str, str]:
    """The parameters of a question that is made of `ROWS`."""
    return {"organization": caller.organization, "email": caller.email, **more}


def listing(connection: Connection, caller: Caller, filters: IntegrationFilters) -> Sequence[Row[Any]]:
    """All integrations that the caller may view, oldest first."""
    return connection.execute(_visible(caller, filters), asking(caller)).all()


def page(
    connection: Connection,
    vault: Vault,
    caller: Caller,
    filters: IntegrationFilters,
    size: int,
    token: str | None,
) -> tuple[Sequence[Row[Any]], str | None]:
    """One page and the token of the next; raises ValueError on a token that this API did not make."""
    query = _visible(caller, filters).limit(size + 1)
    if token:
        query = query.where(_after(*pagination.position(vault, token, 2)))
    found = connection.execute(query, asking(caller)).all()
    if len(found) <= size:
        return found, None
    last = found[size - 1]
    return found[:size], pagination.token(vault, f"{last.created_at.isoformat()} {last.uuid}")


def _visible(caller: Caller, filters: IntegrationFilters) -> Select[Any]:
    query = ROWS
    if filters.mine or not (filters.include_org_access and caller.reads_everything):
        query = query.where(ROLE.is_not(None))
    if filters.owner:
        query = query.where(_c.owner == filters.owner.lower())
    if filters.provider:
        query = query.where(_c.provider == filters.provider)
    if filters.titles:
        query = query.where(_c.title.in_(unicodedata.normalize("NFC", title) for title in filters.titles))
    if filters.uuids:
        query = query.where(_c.uuid.in_(filters.uuids))
    return query.order_by(_c.created_at, _c.uuid)


def _after(at: str, uuid: str) -> ColumnElement[bool]:
    moment = datetime.fromisoformat(at)
    return or_(_c.created_at > moment, and_(_c.created_at == moment, _c.uuid > uuid))


def everywhere(connection: Connection) -> Sequence[Row[Any]]:
    """All integrations of all organizations, oldest first: for the operator alone."""
    return connection.execute(select(*_c).order_by(_c.created_at, _c.uuid)).all()
