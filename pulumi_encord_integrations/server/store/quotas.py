"""How much an organization has. What may be many is counted as it comes and goes, not each time anew."""

from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, func, select, update

from pulumi_encord_integrations.server.store import tables as t

_i, _o = t.integrations.c, t.organizations.c


_organization: BindParameter[str] = bindparam("organization")
_USED: dict[str, Select[Any]] = {
    "integrations": select(func.count()).where(_i.organization == _organization),
    "groups": select(func.count()).where(t.groups.c.organization == _organization),
    "users": select(_o.users).where(_o.uuid == _organization),
    "registrations": select(func.sum(_i.registered)).where(_i.organization == _organization),
}


def used(connection: Connection, kind: str, organization: str) -> int:
    """How many of a kind the organization has."""
    return int(connection.scalar(_USED[kind], {"organization": organization}) or 0)


def count_users(connection: Connection, organization: str, more: int) -> None:
    """Keeps count of an organization's users."""
    connection.execute(update(t.organizations).where(_o.uuid == organization).values(users=_o.users + more))


def count_registrations(connection: Connection, integration: str, more: int) -> None:
    """Keeps count of an integration's registrations."""
    if more:
        of_it = update(t.integrations).where(_i.uuid == integration)
        connection.execute(of_it.values(registered=_i.registered + more))
