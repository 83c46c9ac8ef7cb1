"""The audit trail as tests prepare and damage it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from pulumi_encord_integrations.server.store import audit_queries as queries
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.audit_chain import mac_of
from pulumi_encord_integrations.server.store.database import now
from tests.support.api import Api

ENTRY = t.audit.c


def organization_of(api: Api, who: str) -> str:
    """The uuid of somebody's organization."""
    return str(api.send(who=who, path="/v2/public/user/current-organisation").body["organizationUuid"])


def aged(api: Api, days: int = 400, upto: int | None = None) -> None:
    """Makes entries old, as if they had been written then: all but the newest, or those up to a sequence."""
    with api.database.write() as connection:
        moment = now() - timedelta(days=days)
        newest = select(func.max(ENTRY.number)).group_by(ENTRY.organization)
        some = [ENTRY.number.not_in(newest) if upto is None else ENTRY.sequence <= upto]
        connection.execute(update(t.audit).where(*some).values(at=moment))
        connection.execute(update(t.last_writes).values(at=moment))
        for organization in list(connection.scalars(select(ENTRY.organization).distinct())):
            _chain(connection, api, organization)


def _chain(connection: Connection, api: Api, organization: str) -> None:
    kept = queries.checkpoint(connection, organization)
    previous = kept.mac if kept else ""
    for link in queries.links(connection, organization, 0, 10**6):
        assert link.entry
        previous = mac_of(api.vault.audit_key, previous, link.entry)
        one = (ENTRY.organization == organization, ENTRY.sequence == link.sequence)
        connection.execute(update(t.audit).where(*one).values(mac=previous))


def alter(api: Api, organization: str, at: int, /, **values: Any) -> None:
    """Writes into the columns of one entry, as somebody does who can write the database alone."""
    with api.database.write() as connection:
        one = (ENTRY.organization == organization, ENTRY.sequence == at)
        assert connection.execute(update(t.audit).where(*one).values(**values)).rowcount == 1


def drop(api: Api, organization: str, first: int, last: int) -> None:
    """Removes entries."""
    with api.database.write() as connection:
        mine = ENTRY.organization == organization
        connection.execute(delete(t.audit).where(mine, ENTRY.sequence >= first, ENTRY.sequence <= last))


def entries(api: Api, who: str, **query: Any) -> list[Mapping[str, Any]]:
    """What the API tells somebody of the trail, the newest entry first."""
    answer = api.send(who=who, path="/v2/public/organisation/audit", query={"pageSize": 1000, **query})
    assert answer.status == 200, answer.body
    found: list[Mapping[str, Any]] = answer.body["results"]
    return found
