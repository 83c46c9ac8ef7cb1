"""Members of integrations: individuals and groups with their roles, and the role that follows for a user."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
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
    found = connection.execute(_rows([integration])).all()
    return {key_of(row): row.role for row in found}


def key_of(row: Row[Any]) -> str:
    """As `model.members.Principal.key`."""
    return row.user or f"group:{row.group}"


def page(
    connection: Connection,
    integrations: Collection[str] | None,
    caller: Caller,
    size: int,
    after: Sequence[str],
) -> Sequence[Row[Any]]:
    """Members in the order of integration, kind and principal, behind the position `after`.

    Of the given integrations, or of all that the caller administers.
    """
    found = _rows(integrations, caller).subquery()
    place = tuple_(found.c.integration, found.c.kind, found.c.principal)
    query = select(found).order_by(*place).limit(size + 1)
    if after:
        query = query.where(place > tuple_(*map(literal, after)))
    return connection.execute(query).all()


def position(row: Row[Any]) -> str:
    """What `page` takes as `after`, in one text."""
    return f"{row.integration} {row.kind} {row.principal}"


def _rows(integrations: Collection[str] | None, caller: Caller | None = None) -> CompoundSelect[Any]:
    users = select(
        _m.integration,
        literal(_INDIVIDUAL).label("kind"),
        _m.email.label("principal"),
        _m.email.label("user"),
        null().label("group"),
        _m.role,
    )
    groups = select(
        _g.integration,
        literal(_GROUP).label("kind"),
        _g.group.label("principal"),
        null().label("user"),
        _g.group.label("group"),
        _g.role,
    )
    return union_all(
        _of(users, _m.integration, integrations, caller), _of(groups, _g.integration, integrations, caller)
    )


def _of(
    query: Select[Any], column: Any, integrations: Collection[str] | None, caller: Caller | None
) -> Select[Any]:
    if integrations is not None:
        return query.where(column.in_(integrations))
    assert caller is not None  # noqa: S101  all members of all organizations are nobody's to see
    return query.where(column.in_(administered(caller)))


def administered(caller: Caller) -> Select[Any]:
    """The uuids of the integrations that the caller administers."""
    mine = t.integrations.c.organization == caller.organization
    return select(t.integrations.c.uuid).where(mine, ROLE == "admin").params(email=caller.email)


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
    """Uuid -> title of the integrations that would be without any Admin if the user left."""
    i, other_m = t.integrations.c, t.members.alias()
    other_user = select(other_m.c.email).where(
        other_m.c.integration == i.uuid, other_m.c.role == "admin", other_m.c.email != email
    )
    other_by_group = select(_u.email).where(
        _g.integration == i.uuid, _g.role == "admin", _u.group == _g.group, _u.email != email
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
