"""Members one kind at a time, in the shapes of Encord's own grants; and what a person may do."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.groups import GrantedGroup
from pulumi_encord_integrations.model.members import (
    GroupRole,
    GroupsGrant,
    IntegrationUser,
    UserAccess,
    UserEmails,
    UsersGrant,
    highest,
    is_individual,
    permissions_of,
)
from pulumi_encord_integrations.server.calls import Effect
from pulumi_encord_integrations.server.services.bodies import Body, examined
from pulumi_encord_integrations.server.services.groups import plain
from pulumi_encord_integrations.server.services.members import administered, apply
from pulumi_encord_integrations.server.services.users import found as found_user
from pulumi_encord_integrations.server.store import groups as group_store
from pulumi_encord_integrations.server.store import integration_queries, integrations
from pulumi_encord_integrations.server.store import members as store
from pulumi_encord_integrations.server.store.organizations import Caller


def users(connection: Connection, caller: Caller, uuid: UUID) -> Page[IntegrationUser]:
    """Individual members."""
    roles = store.roles(connection, administered(connection, caller, uuid).uuid)
    rows = sorted((key, role) for key, role in roles.items() if is_individual(key))
    return Page(results=[IntegrationUser.from_wire({"userEmail": e, "userRole": role}) for e, role in rows])


def add_users(connection: Connection, caller: Caller, uuid: UUID, body: Body) -> Effect:
    """Adds several users in one role, all or none."""
    row = administered(connection, caller, uuid)
    asked = examined(UsersGrant, body)
    return _written(connection, caller, row, dict.fromkeys(asked.user_emails, asked.user_role), (), users)


def remove_users(connection: Connection, caller: Caller, uuid: UUID, body: Body) -> Effect:
    """Removes several users, all or none."""
    row = administered(connection, caller, uuid)
    return _written(connection, caller, row, {}, examined(UserEmails, body).user_emails, users)


def groups(connection: Connection, caller: Caller, uuid: UUID) -> Page[GrantedGroup]:
    """Groups that the integration is shared with, oldest first."""
    roles = store.roles(connection, administered(connection, caller, uuid).uuid)
    rows = group_store.listing(connection, caller.organization)
    return Page(results=[_granted(row, roles[_key(row.uuid)]) for row in rows if _key(row.uuid) in roles])


def add_groups(connection: Connection, caller: Caller, uuid: UUID, body: Body) -> Effect:
    """Shares the integration with groups in one role."""
    row = administered(connection, caller, uuid)
    asked = examined(GroupsGrant, body)
    wanted = {_key(group): asked.user_role for group in asked.group_hash_list}
    return _written(connection, caller, row, wanted, (), groups)


def remove_groups(connection: Connection, caller: Caller, uuid: UUID, hashes: Collection[UUID]) -> Effect:
    """Takes groups off, whatever their role."""
    row = administered(connection, caller, uuid)
    return _written(connection, caller, row, {}, [_key(str(group)) for group in hashes], groups)


def _written(
    connection: Connection,
    caller: Caller,
    row: Row[Any],
    wanted: Mapping[str, str],
    removed: Collection[str],
    answer: Any,
) -> Effect:
    now = store.roles(connection, row.uuid)
    effect = apply(connection, caller, row, now, wanted, set(removed) & now.keys())
    after = integrations.find(connection, caller, row.uuid)
    if after is None or after.role != "admin":
        # Whoever gave up the last group that made an Admin of them may not see the rest.
        return Effect(Page[Any](results=[]), effect.action, effect.object, effect.detail)
    told = answer(connection, caller, UUID(row.uuid))
    return Effect(told, effect.action, effect.object, effect.detail)


def access(connection: Connection, caller: Caller, email: str) -> Page[UserAccess]:
    """What a user may do on each integration that the caller administers; of oneself on all."""
    user = found_user(connection, caller, email).email
    filters = integration_queries.Filters()
    shown = {
        row.uuid: row.title
        for row in integration_queries.listing(connection, caller, filters)
        if row.role == "admin" or user == caller.email
    }
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in store.access(connection, caller.organization, user):
        if row.integration in shown:
            found[row.integration].append(row)
    return Page(results=[_access(uuid, title, found[uuid]) for uuid, title in shown.items() if found[uuid]])


def _access(uuid: str, title: str, rows: list[Row[Any]]) -> UserAccess:
    role = highest(row.role for row in rows)
    groups = sorted((row for row in rows if row.group), key=lambda row: (row.name, row.group))
    return UserAccess(
        integration=uuid,
        title=title,
        role=role or "user",
        own_role=highest(row.role for row in rows if row.group is None),
        groups=[GroupRole(group_hash=row.group, name=row.name, user_role=row.role) for row in groups],
        permissions=list(permissions_of(role)),
    )


def _key(group: str) -> str:
    return f"group:{group}"


def _granted(row: Row[Any], role: str) -> GrantedGroup:
    return GrantedGroup.model_validate(
        {**plain(row).model_dump(), "is_same_organisation": True, "user_role": role}
    )
