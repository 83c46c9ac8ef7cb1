"""User groups: what a create, a change and a delete do, and who their users are."""

from collections.abc import Sequence
from datetime import UTC
from uuid import UUID

from pulumi_encord_integrations.model.audit import LastWrite
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
from pulumi_encord_integrations.server.errors import Conflict, ObjectNotFound, PermissionDenied
from pulumi_encord_integrations.server.services.audit import known_last_write
from pulumi_encord_integrations.server.services.authorization import require_organization_admin
from pulumi_encord_integrations.server.services.bodies import Body, examined
from pulumi_encord_integrations.server.services.bulk import refuse_any
from pulumi_encord_integrations.server.services.declarations import ADOPT, AGAIN, CREATE, Declarable
from pulumi_encord_integrations.server.services.members import strangers
from pulumi_encord_integrations.server.services.releases import release
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction
from pulumi_encord_integrations.server.store import declarations
from pulumi_encord_integrations.server.store import groups as store
from pulumi_encord_integrations.server.store.database import Record


class _Groups(Declarable):
    noun, called = "user group", "named"

    def key(self, declared: DeclaredAs) -> str:
        return ownership_key(declared, KIND, {})

    def by_uuid(self, uuid: str) -> Record | None:
        return store.find(self.tx.connection, self.tx.caller.organization, uuid)

    def by_key(self, key: str) -> Record | None:
        return store.find_by_key(self.tx.connection, self.tx.caller.organization, key)

    def by_title(self) -> Sequence[Record]:
        return store.find_by_name(self.tx.connection, self.tx.caller.organization, self.title)

    def by_adopted_uuid(self, uuid: UUID) -> Record:
        row = self.by_uuid(str(uuid))
        if row is None:
            raise Conflict("nothing_to_adopt", f"there is no user group {uuid}", "Check the uuid in adopt")
        return row

    def title_of(self, row: Record) -> str:
        return str(row.name)

    def administers(self, row: Record) -> bool:
        return self.tx.caller.is_organization_admin

    def require_adoptable(self, row: Record) -> None:
        """A group has nothing that cannot change."""


def create(tx: Transaction, body: Body) -> Effect:
    """Creates, finds what an earlier create of the same declaration made, or adopts."""
    require_organization_admin(tx)
    asked = examined(GroupCreate, body)
    wanted = _Groups(tx, asked.name)
    made = wanted.made_before(asked.nonce)
    if made is not None:
        return _created(tx, made.uuid, AGAIN)
    row, action = wanted.meant(asked)
    uuid = store.insert_new(tx.connection, tx.caller.organization, asked) if row is None else row.uuid
    if row is not None:
        store.apply(tx.connection, uuid, _applied(row, asked, action))
    if (declared := asked.declared_as) is not None:
        adopted = action == ADOPT or None
        declarations.declare(tx.connection, "groups", uuid, declared, wanted.key(declared), adopted=adopted)
    if asked.nonce:
        declarations.remember_create(tx.connection, tx.caller.organization, asked.nonce, uuid)
    return _created(tx, uuid, action)


def _applied(row: Record, asked: GroupSpec, action: str) -> GroupSpec:
    """What a create makes of a group that is there: a description that an adoption leaves out stays."""
    if (action == ADOPT or row.adopted) and "description" not in asked.model_fields_set:
        return GroupSpec(name=asked.name, description=row.description)
    return asked


def _created(tx: Transaction, uuid: str, action: str) -> Effect:
    row = found(tx, UUID(uuid))
    new = action == CREATE
    lookalikes = store.lookalikes(tx.connection, row) if new and row.stack_id else []
    answer = view(tx, row).model_copy(update={"created": new, "lookalikes": lookalikes})
    return Effect(answer, f"group.{action}", uuid, {"name": row.name})


def change(tx: Transaction, uuid: UUID, body: Body, declared_by: UUID | None = None) -> Effect:
    """Changes name and description, of which null stays, and the declaration, of which null frees."""
    require_organization_admin(tx)
    row, asked = found(tx, uuid), examined(GroupChange, body)
    name = row.name if asked.name is None else asked.name
    description = row.description if asked.description is None else asked.description
    store.apply(tx.connection, row.uuid, GroupSpec(name=name, description=description))
    if (declared := asked.declared_as) is not None:
        wanted = _Groups(tx, name)
        wanted.require_free(declared, row, declared_by)
        adopted = declarations.is_readopted(row, declared_by)
        declarations.declare(
            tx.connection, "groups", row.uuid, declared, wanted.key(declared), adopted=adopted
        )
    elif "declaredAs" in body:
        release(tx, "groups", row, row.name, declared_by)
    detail = {"name": name, "description": description}
    return Effect(view(tx, found(tx, uuid)), "group.update", row.uuid, detail)


def delete(tx: Transaction, uuid: UUID, declared_by: UUID | None) -> Effect:
    """Deletes with all access granted; on behalf of a stack releases what was adopted and keeps another's."""
    require_organization_admin(tx)
    row = found(tx, uuid)
    answer = LetGo(outcome=declarations.let_go(row, declared_by))
    if answer.outcome == "released":
        declarations.release(tx.connection, "groups", row.uuid)
    elif answer.outcome == "deleted":
        store.remove(tx.connection, row.uuid)
    return Effect(answer, f"group.{answer.outcome}", row.uuid, {"name": row.name})


def listing(tx: Transaction) -> Page[DeclaredGroup]:
    """All groups in one page: Encord's SDK reads no second one."""
    rows = store.listing(tx.connection, tx.caller.organization)
    counts = store.user_counts(tx.connection, tx.caller.organization)
    return Page(results=[_view(row, counts.get(row.uuid, 0)) for row in rows])


def read(tx: Transaction, uuid: UUID) -> DeclaredGroup:
    """One group."""
    return view(tx, found(tx, uuid))


def found(tx: Transaction, uuid: UUID) -> Record:
    """One group of the caller's organization."""
    row = store.find(tx.connection, tx.caller.organization, str(uuid))
    if row is None:
        raise ObjectNotFound("group_not_found", f"there is no user group {uuid}")
    return row


def last_write(tx: Transaction, uuid: UUID) -> LastWrite:
    """Who wrote the group or its users last."""
    require_organization_admin(tx)
    return known_last_write(tx, found(tx, uuid).uuid)


def users(tx: Transaction, uuid: UUID) -> Page[GroupUser]:
    """Everybody in the group, in one page."""
    row = found(tx, uuid)
    return Page(results=[GroupUser(user_email=email) for email in store.users(tx.connection, row.uuid)])


def add_users(tx: Transaction, uuid: UUID, body: Body) -> Effect:
    """Adds users, all or none; who is in it stays."""
    require_organization_admin(tx)
    row, asked = found(tx, uuid), examined(UserEmails, body)
    now, wanted = set(store.users(tx.connection, row.uuid)), set(asked.user_emails)
    refuse_any(strangers(tx, wanted - now), PermissionDenied)
    store.add_users(tx.connection, tx.caller.organization, row.uuid, wanted - now)
    answer = users(tx, uuid)
    return Effect(answer, "group.add-users", row.uuid, {"added": sorted(wanted - now)})


def remove_users(tx: Transaction, uuid: UUID, body: Body) -> Effect:
    """Removes users; who is not in it is passed over."""
    require_organization_admin(tx)
    row, asked = found(tx, uuid), examined(UserEmails, body)
    gone = set(store.users(tx.connection, row.uuid)) & set(asked.user_emails)
    store.remove_users(tx.connection, row.uuid, gone)
    return Effect(users(tx, uuid), "group.remove-users", row.uuid, {"removed": sorted(gone)})


def view(tx: Transaction, row: Record) -> DeclaredGroup:
    """The row as it is answered."""
    counts = store.user_counts(tx.connection, row.organization, row.uuid)
    return _view(row, counts.get(row.uuid, 0))


def _view(row: Record, users: int) -> DeclaredGroup:
    return DeclaredGroup(
        group_hash=row.uuid,
        name=row.name,
        description=row.description,
        created_at=row.created_at.replace(tzinfo=UTC),
        organization=row.organization,
        adopted=row.adopted,
        declared_as=declarations.declared_as(row),
        user_count=users,
    )


def plain(row: Record) -> GroupView:
    """The row in Encord's own shape alone."""
    return GroupView(
        group_hash=row.uuid,
        name=row.name,
        description=row.description,
        created_at=row.created_at.replace(tzinfo=UTC),
    )
