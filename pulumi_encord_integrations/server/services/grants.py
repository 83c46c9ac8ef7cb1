"""Members one kind at a time, in the shapes of Encord's own grants; and what a person may do."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.groups import GrantedGroup
from pulumi_encord_integrations.model.integrations import IntegrationFilters
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
from pulumi_encord_integrations.server.services.bodies import Body, examined
from pulumi_encord_integrations.server.services.groups import plain
from pulumi_encord_integrations.server.services.members import administered, apply
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction
from pulumi_encord_integrations.server.services.users import found as found_user
from pulumi_encord_integrations.server.store import groups as group_store
from pulumi_encord_integrations.server.store import integration_queries, integrations
from pulumi_encord_integrations.server.store import members as store
from pulumi_encord_integrations.server.store.database import Record


def users(tx: Transaction, uuid: UUID) -> Page[IntegrationUser]:
    """Individual members."""
    roles = store.roles(tx.connection, administered(tx, uuid).uuid)
    rows = sorted((key, role) for key, role in roles.items() if is_individual(key))
    return Page(results=[IntegrationUser.from_wire({"userEmail": e, "userRole": role}) for e, role in rows])


def add_users(tx: Transaction, uuid: UUID, body: Body) -> Effect:
    """Adds several users in one role, all or none."""
    row = administered(tx, uuid)
    asked = examined(UsersGrant, body)
    return _written(tx, row, dict.fromkeys(asked.user_emails, asked.user_role), (), users)


def remove_users(tx: Transaction, uuid: UUID, body: Body) -> Effect:
    """Removes several users, all or none."""
    row = administered(tx, uuid)
    return _written(tx, row, {}, examined(UserEmails, body).user_emails, users)


def groups(tx: Transaction, uuid: UUID) -> Page[GrantedGroup]:
    """Groups that the integration is shared with, oldest first."""
    roles = store.roles(tx.connection, administered(tx, uuid).uuid)
    rows = group_store.listing(tx.connection, tx.caller.organization)
    return Page(results=[_granted(row, roles[_key(row.uuid)]) for row in rows if _key(row.uuid) in roles])


def add_groups(tx: Transaction, uuid: UUID, body: Body) -> Effect:
    """Shares the integration with groups in one role."""
    row = administered(tx, uuid)
    asked = examined(GroupsGrant, body)
    wanted = {_key(group): asked.user_role for group in asked.group_hash_list}
    return _written(tx, row, wanted, (), groups)


def remove_groups(tx: Transaction, uuid: UUID, hashes: Collection[UUID]) -> Effect:
    """Takes groups off, whatever their role."""
    row = administered(tx, uuid)
    return _written(tx, row, {}, [_key(str(group)) for group in hashes], groups)


def _written(
    tx: Transaction,
    row: Record,
    wanted: Mapping[str, str],
    removed: Collection[str],
    answer: Any,
) -> Effect:
    now = store.roles(tx.connection, row.uuid)
    effect = apply(tx, row, now, wanted, set(removed) & now.keys())
    after = integrations.find(tx.connection, tx.caller, row.uuid)
    if after is None or after.role != "admin":
        # Whoever gave up the last group that made an Admin of them may not see the rest.
        return Effect(Page[Any](results=[]), effect.action, effect.object, effect.detail)
    told = answer(tx, UUID(row.uuid))
    return Effect(told, effect.action, effect.object, effect.detail)


def access(tx: Transaction, email: str) -> Page[UserAccess]:
    """What a user may do on each integration that the caller administers; of oneself on all."""
    user = found_user(tx, email).email
    filters = IntegrationFilters()
    shown = {
        row.uuid: row.title
        for row in integration_queries.listing(tx.connection, tx.caller, filters)
        if row.role == "admin" or user == tx.caller.email
    }
    found: dict[str, list[Record]] = defaultdict(list)
    for row in store.access(tx.connection, tx.caller.organization, user):
        if row.integration in shown:
            found[row.integration].append(row)
    return Page(results=[_access(uuid, title, found[uuid]) for uuid, title in shown.items() if found[uuid]])


def _access(uuid: str, title: str, rows: list[Record]) -> UserAccess:
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


def _granted(row: Record, role: str) -> GrantedGroup:
    return GrantedGroup.model_validate(
        {**plain(row).model_dump(), "is_same_organisation": True, "user_role": role}
    )
