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
from pulumi_encord_integrations.server.services.audited_states import group_state, released
from pulumi_encord_integrations.server.services.authorization import (
    require_organization_admin,
    require_organization_reader,
)
from pulumi_encord_integrations.server.services.bulk import refuse_any
from pulumi_encord_integrations.server.services.declarations import (
    ADOPT,
    AGAIN,
    CREATE,
    Declarable,
    shown,
)
from pulumi_encord_integrations.server.services.long_answers import answers_with
from pulumi_encord_integrations.server.services.members import strangers
from pulumi_encord_integrations.server.services.quotas import require_room
from pulumi_encord_integrations.server.services.releases import release, require_declared_in
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


def create(tx: Transaction, asked: GroupCreate) -> Effect:
    """Creates, finds what an earlier create of the same declaration made, or adopts."""
    require_organization_admin(tx)
    wanted = _Groups(tx, asked.name)
    made = wanted.made_before(asked.nonce)
    if made is not None:
        return _created(tx, made, made.uuid, AGAIN, asked.stack)
    row, action = wanted.meant(asked)
    declared = asked.declared_as
    if row is None:
        tie = declarations.tied_to(declared, wanted.key(declared)) if declared else declarations.UNTIED
        uuid = store.insert_new(tx.connection, tx.caller.organization, asked, tie)
        require_room(tx, "groups")
    else:
        uuid, adopted = row.uuid, action == ADOPT or None
        store.apply(tx.connection, uuid, _applied(row, asked, action))
        if declared is not None:
            key = wanted.key(declared)
            declarations.declare(tx.connection, "groups", uuid, declared, key, adopted=adopted)
    if asked.nonce:
        declarations.remember_create(tx.connection, tx.caller.organization, asked.nonce, uuid)
    return _created(tx, row, uuid, action, asked.stack)


def _applied(row: Record, asked: GroupSpec, action: str) -> GroupSpec:
    """What a create makes of a group that is there: a description that an adoption leaves out stays."""
    if (action == ADOPT or row.adopted) and "description" not in asked.model_fields_set:
        return GroupSpec(name=asked.name, description=row.description)
    return asked


def _created(tx: Transaction, before: Record | None, uuid: str, action: str, stack: UUID | None) -> Effect:
    row = found(tx, UUID(uuid))
    new = action == CREATE
    lookalikes = store.lookalikes(tx.connection, row) if new and row.stack_id else []
    answer = view(tx, row, stack).model_copy(update={"created": new, "lookalikes": lookalikes})
    old, now = before and group_state(before), group_state(row)
    return Effect(answer, f"group.{action}", uuid, {"name": row.name}, before=old, after=now)


def change(
    tx: Transaction,
    uuid: UUID,
    asked: GroupChange,
    declared_by: UUID | None = None,
    declared_in: str | None = None,
) -> Effect:
    """Changes name and description, of which null stays, and the declaration, of which null frees."""
    row = administered(tx, uuid)
    require_declared_in(row, row.name, declared_in)
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
    elif "declared_as" in asked.model_fields_set:
        release(tx, "groups", row, row.name, declared_by)
    detail = {"name": name, "description": description}
    after = found(tx, uuid)
    answer = view(tx, after, declared.stack_id if declared else declared_by)
    before = group_state(row)
    return Effect(answer, "group.update", row.uuid, detail, before=before, after=group_state(after))


def administered(tx: Transaction, uuid: UUID) -> Record:
    """One group, if the caller may change it."""
    require_organization_admin(tx)
    return found(tx, uuid)


def delete(tx: Transaction, uuid: UUID, declared_by: UUID | None) -> Effect:
    """Deletes with all access granted; on behalf of a stack releases what was adopted and keeps another's."""
    row = found(tx, uuid)
    if declarations.let_go(row, declared_by) == "kept":
        return Effect(LetGo(outcome="kept"), "group.kept", row.uuid, {"name": row.name})
    require_organization_admin(tx)
    answer = LetGo(outcome=declarations.let_go(row, declared_by))
    if answer.outcome == "released":
        declarations.release(tx.connection, "groups", row.uuid)
    elif answer.outcome == "deleted":
        store.remove(tx.connection, row.uuid)
    before = group_state(row)
    after = released(before) if answer.outcome == "released" else None
    action, detail = f"group.{answer.outcome}", {"name": row.name}
    return Effect(answer, action, row.uuid, detail, before=before, after=after)


def listing(tx: Transaction, stack: UUID | None = None) -> Page[DeclaredGroup]:
    """All groups in one page: Encord's SDK reads no second one."""
    rows = store.listing(tx.connection, tx.caller.organization)
    counts = store.user_counts(tx.connection, tx.caller.organization)
    return Page(results=[_view(row, counts.get(row.uuid, 0), stack) for row in rows])


def read(tx: Transaction, uuid: UUID, stack: UUID | None = None) -> DeclaredGroup:
    """One group."""
    return view(tx, found(tx, uuid), stack)


def found(tx: Transaction, uuid: UUID) -> Record:
    """One group of the caller's organization."""
    row = store.find(tx.connection, tx.caller.organization, str(uuid))
    if row is None:
        raise ObjectNotFound("group_not_found", f"there is no user group {uuid}")
    return row


def last_write(tx: Transaction, uuid: UUID) -> LastWrite:
    """Who wrote the group or its users last."""
    require_organization_reader(tx)
    return known_last_write(tx, found(tx, uuid).uuid)


def users(tx: Transaction, uuid: UUID) -> Page[GroupUser]:
    """Everybody in the group, in one page."""
    row = found(tx, uuid)
    return Page(results=[GroupUser(user_email=email) for email in store.users(tx.connection, row.uuid)])


def _users_now(tx: Transaction, uuid: UUID) -> Page[GroupUser]:
    """Everybody in the group; nobody if it is gone by now."""
    row = store.find(tx.connection, tx.caller.organization, str(uuid))
    return users(tx, uuid) if row is not None else Page(results=[])


@answers_with(_users_now)
def add_users(tx: Transaction, uuid: UUID, asked: UserEmails) -> Effect:
    """Adds users, all or none; who is in it stays."""
    row = administered(tx, uuid)
    now, wanted = set(store.users(tx.connection, row.uuid)), set(asked.user_emails)
    refuse_any(strangers(tx, wanted - now), PermissionDenied)
    store.add_users(tx.connection, tx.caller.organization, row.uuid, wanted - now)
    answer = users(tx, uuid)
    return Effect(answer, "group.add-users", row.uuid, {"added": sorted(wanted - now)})


@answers_with(_users_now)
def remove_users(tx: Transaction, uuid: UUID, asked: UserEmails) -> Effect:
    """Removes users; who is not in it is passed over."""
    row = administered(tx, uuid)
    gone = set(store.users(tx.connection, row.uuid)) & set(asked.user_emails)
    store.remove_users(tx.connection, row.uuid, gone)
    return Effect(users(tx, uuid), "group.remove-users", row.uuid, {"removed": sorted(gone)})


def view(tx: Transaction, row: Record, stack: UUID | None = None) -> DeclaredGroup:
    """The row as it is answered to a caller that sent this stack's identity."""
    counts = store.user_counts(tx.connection, row.organization, row.uuid)
    return _view(row, counts.get(row.uuid, 0), stack)


def _view(row: Record, users: int, stack: UUID | None) -> DeclaredGroup:
    return DeclaredGroup(
        group_hash=row.uuid,
        name=row.name,
        description=row.description,
        created_at=row.created_at.replace(tzinfo=UTC),
        organization=row.organization,
        adopted=row.adopted,
        **shown(row, stack),
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
