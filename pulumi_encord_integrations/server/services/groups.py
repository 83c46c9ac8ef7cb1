"""User groups: what a create, a change and a delete do, and who their users are."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.groups import (
    KIND,
    DeclaredGroup,
    GroupChange,
    GroupCreate,
    GroupSpec,
    GroupUser,
    GroupView,
)
from pulumi_encord_integrations.model.identity import DeclaredAs, LetGo, ownership_key
from pulumi_encord_integrations.model.members import UserEmails
from pulumi_encord_integrations.server.calls import Effect
from pulumi_encord_integrations.server.errors import Fault
from pulumi_encord_integrations.server.services.authorization import require_organization_admin
from pulumi_encord_integrations.server.services.bodies import Body, examined
from pulumi_encord_integrations.server.services.bulk import refuse_any
from pulumi_encord_integrations.server.services.declarations import ADOPT, AGAIN, CREATE, Declarable
from pulumi_encord_integrations.server.services.members import strangers
from pulumi_encord_integrations.server.store import declarations
from pulumi_encord_integrations.server.store import groups as store
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.organizations import Caller


class _Groups(Declarable):
    noun, called = "user group", "named"

    def key(self, declared: DeclaredAs) -> str:
        return ownership_key(declared, KIND, {})

    def by_uuid(self, uuid: str) -> Row[Any] | None:
        return store.find(self.connection, self.caller.organization, uuid)

    def by_key(self, key: str) -> Row[Any] | None:
        return store.find_by_key(self.connection, self.caller.organization, key)

    def by_title(self) -> Sequence[Row[Any]]:
        return store.find_by_name(self.connection, self.caller.organization, self.title)

    def administers(self, row: Row[Any]) -> bool:
        return self.caller.is_organization_admin

    def require_adoptable(self, row: Row[Any]) -> None:
        """A group has nothing that cannot change."""


def create(connection: Connection, caller: Caller, body: Body) -> Effect:
    """Creates, finds what an earlier create of the same declaration made, or adopts."""
    require_organization_admin(caller)
    asked = examined(GroupCreate, body)
    wanted = _Groups(connection, caller, asked.name)
    made = wanted.made_before(asked.nonce)
    if made is not None:
        return _created(connection, caller, made.uuid, AGAIN)
    row, action = wanted.meant(asked)
    uuid = store.insert_new(connection, caller.organization, asked) if row is None else row.uuid
    if row is not None:
        store.apply(connection, uuid, asked)
    if (declared := asked.declared_as) is not None:
        adopted = action == ADOPT or None
        declarations.declare(connection, t.groups, uuid, declared, wanted.key(declared), adopted=adopted)
    if asked.nonce:
        declarations.remember_create(connection, caller.organization, asked.nonce, uuid)
    return _created(connection, caller, uuid, action)


def _created(connection: Connection, caller: Caller, uuid: str, action: str) -> Effect:
    row = found(connection, caller, UUID(uuid))
    new = action == CREATE
    lookalikes = store.lookalikes(connection, row) if new and row.stack_id else []
    answer = view(row).model_copy(update={"created": new, "lookalikes": lookalikes})
    return Effect(answer, f"group.{action}", uuid, {"name": row.name})


def change(connection: Connection, caller: Caller, uuid: UUID, body: Body) -> Effect:
    """Changes name, description and declaration; what is absent or null stays."""
    require_organization_admin(caller)
    row, asked = found(connection, caller, uuid), examined(GroupChange, body)
    name = row.name if asked.name is None else asked.name
    description = row.description if asked.description is None else asked.description
    store.apply(connection, row.uuid, GroupSpec(name=name, description=description))
    if (declared := asked.declared_as) is not None:
        wanted = _Groups(connection, caller, name)
        wanted.require_free(declared, row.uuid)
        declarations.declare(connection, t.groups, row.uuid, declared, wanted.key(declared))
    detail = {"name": name, "description": description}
    return Effect(view(found(connection, caller, uuid)), "group.update", row.uuid, detail)


def delete(connection: Connection, caller: Caller, uuid: UUID, declared_by: UUID | None) -> Effect:
    """Deletes with all access granted; on behalf of a stack releases what was adopted and keeps another's."""
    require_organization_admin(caller)
    row = found(connection, caller, uuid)
    answer = LetGo(outcome=declarations.let_go(row, declared_by))
    if answer.outcome == "released":
        declarations.release(connection, t.groups, row.uuid)
    elif answer.outcome == "deleted":
        store.remove(connection, row.uuid)
    return Effect(answer, f"group.{answer.outcome}", row.uuid, {"name": row.name})


def listing(connection: Connection, caller: Caller) -> Page[DeclaredGroup]:
    """All groups in one page: Encord's SDK reads no second one."""
    return Page(results=[view(row) for row in store.listing(connection, caller.organization)])


def found(connection: Connection, caller: Caller, uuid: UUID) -> Row[Any]:
    """One group of the caller's organization."""
    row = store.find(connection, caller.organization, str(uuid))
    if row is None:
        raise Fault(404, "group_not_found", f"there is no user group {uuid}")
    return row


def users(connection: Connection, caller: Caller, uuid: UUID) -> Page[GroupUser]:
    """Everybody in the group, in one page."""
    row = found(connection, caller, uuid)
    return Page(results=[GroupUser(user_email=email) for email in store.users(connection, row.uuid)])


def add_users(connection: Connection, caller: Caller, uuid: UUID, body: Body) -> Effect:
    """Adds users, all or none; who is in it stays."""
    require_organization_admin(caller)
    row, asked = found(connection, caller, uuid), examined(UserEmails, body)
    now, wanted = set(store.users(connection, row.uuid)), set(asked.user_emails)
    refuse_any(strangers(connection, caller, wanted - now), status=403)
    store.add_users(connection, caller.organization, row.uuid, wanted - now)
    answer = users(connection, caller, uuid)
    return Effect(answer, "group.add-users", row.uuid, {"added": sorted(wanted - now)})


def remove_users(connection: Connection, caller: Caller, uuid: UUID, body: Body) -> Effect:
    """Removes users; who is not in it is passed over."""
    require_organization_admin(caller)
    row, asked = found(connection, caller, uuid), examined(UserEmails, body)
    gone = set(store.users(connection, row.uuid)) & set(asked.user_emails)
    store.remove_users(connection, row.uuid, gone)
    return Effect(users(connection, caller, uuid), "group.remove-users", row.uuid, {"removed": sorted(gone)})


def view(row: Row[Any]) -> DeclaredGroup:
    """The row as it is answered."""
    return DeclaredGroup(
        group_hash=row.uuid,
        name=row.name,
        description=row.description,
        created_at=row.created_at.replace(tzinfo=UTC),
        organization=row.organization,
        adopted=row.adopted,
        declared_as=declarations.declared_as(row),
    )


def plain(row: Row[Any]) -> GroupView:
    """The row in Encord's own shape alone."""
    return GroupView(
        group_hash=row.uuid,
        name=row.name,
        description=row.description,
        created_at=row.created_at.replace(tzinfo=UTC),
    )
