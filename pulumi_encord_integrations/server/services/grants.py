"""Members one kind at a time, in the shapes of Encord's own grants; and what a person may do."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
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
from pulumi_encord_integrations.server.services.authorization import inspected
from pulumi_encord_integrations.server.services.groups import plain
from pulumi_encord_integrations.server.services.long_answers import Reader, answers_with
from pulumi_encord_integrations.server.services.members import administered, apply
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction
from pulumi_encord_integrations.server.services.users import found as found_user
from pulumi_encord_integrations.server.store import groups as group_store
from pulumi_encord_integrations.server.store import integration_queries, integrations
from pulumi_encord_integrations.server.store import members as store
from pulumi_encord_integrations.server.store.database import Record


def users(tx: Transaction, uuid: UUID) -> Page[IntegrationUser]:
    """Individual members."""
    roles = store.roles(tx.connection, inspected(tx, uuid).uuid)
    rows = sorted((key, role) for key, role in roles.items() if is_individual(key))
    suspended = store.suspended(tx.connection, str(uuid))
    return Page(
        results=[
            IntegrationUser.from_wire({"userEmail": e, "userRole": role, "suspended": e in suspended})
            for e, role in rows
        ]
    )


def _users_now(tx: Transaction, uuid: UUID) -> Page[IntegrationUser]:
    return users(tx, uuid) if _administers_still(tx, uuid) else Page(results=[])


@answers_with(_users_now)
def add_users(tx: Transaction, uuid: UUID, asked: UsersGrant) -> Effect:
    """Adds several users in one role, all or none."""
    row = administered(tx, uuid)
    return _written(tx, row, dict.fromkeys(asked.user_emails, asked.user_role), (), _users_now)


@answers_with(_users_now)
def remove_users(tx: Transaction, uuid: UUID, asked: UserEmails) -> Effect:
    """Removes several users, all or none."""
    row = administered(tx, uuid)
    return _written(tx, row, {}, asked.user_emails, _users_now)


def groups(tx: Transaction, uuid: UUID) -> Page[GrantedGroup]:
    """Groups that the integration is shared with, oldest first."""
    roles = store.roles(tx.connection, inspected(tx, uuid).uuid)
    rows = group_store.listing(tx.connection, tx.caller.organization)
    return Page(results=[_granted(row, roles[_key(row.uuid)]) for row in rows if _key(row.uuid) in roles])


def _groups_now(tx: Transaction, uuid: UUID) -> Page[GrantedGroup]:
    return groups(tx, uuid) if _administers_still(tx, uuid) else Page(results=[])


@answers_with(_groups_now)
def add_groups(tx: Transaction, uuid: UUID, asked: GroupsGrant) -> Effect:
    """Shares the integration with groups in one role."""
    row = administered(tx, uuid)
    wanted = {_key(group): asked.user_role for group in asked.group_hash_list}
    return _written(tx, row, wanted, (), _groups_now)


@answers_with(_groups_now)
def remove_groups(tx: Transaction, uuid: UUID, hashes: Collection[UUID]) -> Effect:
    """Takes groups off, whatever their role."""
    row = administered(tx, uuid)
    return _written(tx, row, {}, [_key(str(group)) for group in hashes], _groups_now)


def _written(
    tx: Transaction,
    row: Record,
    wanted: Mapping[str, str],
    removed: Collection[str],
    answer: Reader,
) -> Effect:
    now = store.roles(tx.connection, row.uuid)
    effect = apply(tx, row, now, wanted, set(removed) & now.keys())
    return replace(effect, answer=answer(tx, UUID(row.uuid)))


def _administers_still(tx: Transaction, uuid: UUID) -> bool:
    """Whoever gave up the last group that made an Admin of them may not see the rest."""
    row = integrations.find(tx.connection, tx.caller, str(uuid))
    return row is not None and row.role == "admin"


def access(tx: Transaction, email: str) -> Page[UserAccess]:
    """What a user may do on each integration that the caller administers or audits; of oneself on all."""
    person = found_user(tx, email)
    user = person.email
    everything = tx.caller.auditor
    filters = IntegrationFilters(include_org_access=everything)
    shown = {
        row.uuid: row.title
        for row in integration_queries.listing(tx.connection, tx.caller, filters)
        if everything or row.role == "admin" or user == tx.caller.email
    }
    found: dict[str, list[Record]] = defaultdict(list)
    for row in store.access(tx.connection, tx.caller.organization, user):
        if row.integration in shown:
            found[row.integration].append(row)
    suspended = person.suspended_at is not None
    return Page(
        results=[_access(uuid, title, found[uuid], suspended) for uuid, title in shown.items() if found[uuid]]
    )


def _access(uuid: str, title: str, rows: list[Record], suspended: bool) -> UserAccess:
    role = highest(row.role for row in rows)
    groups = sorted((row for row in rows if row.group), key=lambda row: (row.name, row.group))
    return UserAccess(
        integration=uuid,
        title=title,
        role=role or "user",
        own_role=highest(row.role for row in rows if row.group is None),
        groups=[GroupRole(group_hash=row.group, name=row.name, user_role=row.role) for row in groups],
        permissions=[] if suspended else list(permissions_of(role)),
        suspended=suspended,
    )


def _key(group: str) -> str:
    return f"group:{group}"


def _granted(row: Record, role: str) -> GrantedGroup:
    return GrantedGroup.model_validate(
        {**plain(row).model_dump(), "is_same_organisation": True, "user_role": role}
    )
