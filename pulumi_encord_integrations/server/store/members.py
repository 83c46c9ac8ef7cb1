"""Members of integrations: individuals and groups with their roles, and the role that follows for a user."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
    update,
)

from pulumi_encord_integrations.model.members import is_individual
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.chunks import batches
from pulumi_encord_integrations.server.store.organizations import Caller

_m, _g, _u = t.members.c, t.group_members.c, t.group_users.c
_INDIVIDUAL, _GROUP = "1", "2"
"""The order of kinds in listings."""
_KINDS: dict[str, tuple[FromClause, str]] = {
    _INDIVIDUAL: (t.members.alias(), "email"),
    _GROUP: (t.group_members.alias(), "group"),
}

OWN_ROLE = (
    select(_m.role)
    .where(_m.integration == t.integrations.c.uuid, _m.email == bindparam("email"))
    .scalar_subquery()
)
# "admin" comes before "user".
_BY_GROUP = (
    select(func.min(_g.role))
    .where(
        _g.integration == t.integrations.c.uuid,
        _u.group == _g.group,
        _u.organization == t.integrations.c.organization,
        _u.email == bindparam("email"),
    )
    .scalar_subquery()
)
ROLE = case(
    (or_(OWN_ROLE == "admin", _BY_GROUP == "admin"), "admin"), else_=func.coalesce(OWN_ROLE, _BY_GROUP)
)
"""The effective role of `email` on a row of `integrations`: the highest of one's own and one's groups'."""


def roles(connection: Connection, integration: str) -> dict[str, str]:
    """Key of each principal -> its role."""
    users = select(_m.email, _m.role).where(_m.integration == integration)
    groups = select(_g.group, _g.role).where(_g.integration == integration)
    found = {email: role for email, role in connection.execute(users)}  # noqa: C416
    return found | {f"group:{group}": role for group, role in connection.execute(groups)}


def suspended(connection: Connection, integration: str) -> frozenset[str]:
    """E-mails of its individual members who may do nothing."""
    person = t.organization_users.c
    same = (person.organization == _m.organization) & (person.email == _m.email)
    query = select(_m.email).join(t.organization_users, same)
    query = query.where(_m.integration == integration, person.suspended_at.is_not(None))
    return frozenset(connection.scalars(query))


def suspended_admins(connection: Connection, integration: str) -> list[str]:
    """E-mails of those who are Admins of it, individually or by a group, and may do nothing; sorted."""
    person = t.organization_users.c
    own = select(_m.email).where(_m.integration == integration, _m.role == "admin")
    by_group = select(_u.email).where(_g.integration == integration, _g.role == "admin", _u.group == _g.group)
    mine = select(t.integrations.c.organization).where(t.integrations.c.uuid == integration)
    query = select(person.email).where(
        person.organization == mine.scalar_subquery(),
        person.suspended_at.is_not(None),
        person.email.in_(own.union(by_group)),
    )
    return sorted(connection.scalars(query))


@dataclass(frozen=True)
class MemberRow:
    """A row of a listing."""

    integration: str
    kind: str
    principal: str
    role: Any

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it stands in a listing."""
        return self.integration, self.kind, self.principal

    @property
    def user(self) -> str | None:
        """The e-mail of an individual."""
        return self.principal if self.kind == _INDIVIDUAL else None

    @property
    def group(self) -> str | None:
        """The uuid of a group."""
        return self.principal if self.kind == _GROUP else None


def page(
    connection: Connection, integration: str | None, caller: Caller, size: int, after: Sequence[str]
) -> list[MemberRow]:
    """Members in the order of integration, kind and principal, behind the position `after`.

    Of one integration, or of all that the caller administers or audits. Each table is read in key order.
    """
    found: list[MemberRow] = []
    for kind, (rows, name) in _KINDS.items():
        key = (rows.c.integration, rows.c[name])
        query = select(rows.c.integration, literal(kind), rows.c[name], rows.c.role)
        query = query.where(*_behind(key, kind, after), _shown(rows, integration, caller))
        found += (MemberRow(*row) for row in connection.execute(query.order_by(*key).limit(size + 1)))
        if integration is not None and len(found) > size:
            break
    return sorted(found, key=lambda row: row.place)[: size + 1]


def _behind(key: tuple[Any, Any], kind: str, after: Sequence[str]) -> list[ColumnElement[bool]]:
    """What stands behind a position, of one kind."""
    if not after:
        return []
    integration, last_kind, principal = after
    if kind == last_kind:
        return [tuple_(*key) > tuple_(literal(integration), literal(principal))]
    return [key[0] > integration if kind < last_kind else key[0] >= integration]


def _shown(rows: FromClause, integration: str | None, caller: Caller) -> ColumnElement[bool]:
    if integration is not None:
        return rows.c.integration == integration
    # As `IN` this would be read in the order of the subquery, and sorted.
    return inspected(caller).where(t.integrations.c.uuid == rows.c.integration).exists()


def inspected(caller: Caller) -> Select[Any]:
    """The uuids of the integrations whose members the caller may know: those they administer, or all."""
    all_ = select(t.integrations.c.uuid).where(t.integrations.c.organization == caller.organization)
    return all_ if caller.auditor else all_.where(ROLE == "admin").params(email=caller.email)


def write(
    connection: Connection,
    organization: str,
    integration: str,
    now: Mapping[str, str],
    wanted: Mapping[str, str],
    removed: Collection[str],
) -> None:
    """Makes the given principals members in the given roles, and removes others; `now` is what there is."""
    for table, column in ((t.members, _m.email), (t.group_members, _g.group)):
        individuals = table is t.members
        here = table.c.integration == integration

        def of_table(keys: Iterable[str], individuals: bool = individuals) -> list[str]:
            return [key.removeprefix("group:") for key in keys if is_individual(key) == individuals]

        for role in ("admin", "user"):
            new = of_table(key for key in wanted if wanted[key] == role and key not in now)
            changed = of_table(key for key in wanted if wanted[key] == role and now.get(key, role) != role)
            fixed = {"integration": integration, "role": role}
            if individuals:
                fixed["organization"] = organization
            if new:
                connection.execute(insert(table), [{**fixed, column.name: name} for name in new])
            for some in batches(changed):
                connection.execute(update(table).where(here, column.in_(some)).values(role=role))
        for some in batches(of_table(removed)):
            connection.execute(delete(table).where(here, column.in_(some)))


def access(connection: Connection, organization: str, email: str) -> Sequence[Row[Any]]:
    """The individual roles and the groups' roles that a user has, with `group` None where individual."""
    own = select(_m.integration, null().label("group"), null().label("name"), _m.role).where(
        _m.email == email, _m.organization == organization
    )
    by_group = (
        select(_g.integration, _g.group, t.groups.c.name, _g.role)
        .join(t.groups, t.groups.c.uuid == _g.group)
        .join(t.group_users, _u.group == _g.group)
        .where(_u.email == email, _u.organization == organization)
    )
    return connection.execute(union_all(own, by_group)).all()


def only_admin_of(connection: Connection, organization: str, email: str) -> dict[str, str]:
    """Uuid -> title of the integrations that would be without any Admin if the user left.

    One who is suspended is none.
    """
    i, other_m, person = t.integrations.c, t.members.alias(), t.organization_users.c
    suspended = select(person.email).where(
        person.organization == i.organization, person.suspended_at.is_not(None)
    )
    other_user = select(other_m.c.email).where(
        other_m.c.integration == i.uuid,
        other_m.c.role == "admin",
        other_m.c.email != email,
        other_m.c.email.not_in(suspended),
    )
    other_by_group = select(_u.email).where(
        _g.integration == i.uuid,
        _g.role == "admin",
        _u.group == _g.group,
        _u.email != email,
        _u.email.not_in(suspended),
    )
    query = (
        select(i.uuid, i.title)
        .where(
            i.organization == organization, ROLE == "admin", ~other_user.exists(), ~other_by_group.exists()
        )
        .order_by(i.title)
        .params(email=email)
    )
    return {row.uuid: row.title for row in connection.execute(query)}


def leave(connection: Connection, organization: str, email: str, integration: str | None = None) -> list[str]:
    """Ends a user's individual memberships, of one integration or all; answers of which integrations."""
    mine = (_m.organization == organization) & (_m.email == email)
    if integration is not None:
        mine &= _m.integration == integration
    left = list(connection.scalars(select(_m.integration).where(mine)))
    connection.execute(delete(t.members).where(mine))
    return left
