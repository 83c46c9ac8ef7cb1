"""Members: who is granted what on an integration, under the page's rules, all of a request or nothing."""

import json
from collections.abc import Collection, Sequence
from hashlib import sha256
from uuid import UUID

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.members import (
    Joined,
    MembersChange,
    MembersChanged,
    MembersList,
    MembersPage,
    MemberView,
    Permission,
    Roles,
    as_roles,
    is_individual,
    kept_for_good,
    large_removal,
    refusal_to_lower,
)
from pulumi_encord_integrations.server.errors import Conflict, PreconditionFailed
from pulumi_encord_integrations.server.services import pagination
from pulumi_encord_integrations.server.services.authorization import (
    inspected,
    require,
    require_organization_admin,
    visible,
)
from pulumi_encord_integrations.server.services.bulk import RefusedItem, refuse_any
from pulumi_encord_integrations.server.services.quotas import require_room
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction
from pulumi_encord_integrations.server.store import groups, organization_users
from pulumi_encord_integrations.server.store import members as store
from pulumi_encord_integrations.server.store.database import Record

_PARTS = 3
"""Of a position in a listing: the integration, the kind and the principal; one integration's has the mark."""


def administered(tx: Transaction, uuid: UUID) -> Record:
    """The integration, if the caller may change who its members are."""
    row = visible(tx, uuid)
    require(row, Permission.ADD_USERS)
    return row


def list_everywhere(tx: Transaction, size: int, token: str | None) -> Page[MemberView]:
    """A page of the members of all integrations that the caller administers or audits."""
    found = store.page(tx.connection, None, tx.caller, size, pagination.position(tx, token, _PARTS))
    return Page(results=_views(tx, found[:size]), next_page_token=_next(tx, found, size))


def list_members(tx: Transaction, uuid: UUID, size: int, token: str | None) -> MembersPage:
    """A page of one integration's members, and the mark of all of them as they were at the first page."""
    after, row = pagination.position(tx, token, _PARTS + 1), inspected(tx, uuid)
    if after and after[0] != row.uuid:
        raise pagination.foreign_token()
    found = store.page(tx.connection, row.uuid, tx.caller, size, after[:_PARTS])
    mark = after[_PARTS] if after else _mark(store.roles(tx.connection, row.uuid))
    next_ = _next(tx, found, size, mark)
    return MembersPage(results=_views(tx, found[:size]), etag=f'"{mark}"', next_page_token=next_)


def _views(tx: Transaction, rows: Collection[store.MemberRow]) -> list[MemberView]:
    users = {row.user for row in rows if row.user is not None}
    suspended = organization_users.suspended(tx.connection, tx.caller.organization, sorted(users))
    return [
        MemberView(
            integration=row.integration,
            user=row.user,
            group=row.group,
            role=row.role,
            suspended=row.user in suspended,
        )
        for row in rows
    ]


def _next(tx: Transaction, found: Sequence[store.MemberRow], size: int, *marks: str) -> str | None:
    return pagination.token(tx, " ".join((*found[size - 1].place, *marks)) if len(found) > size else None)


def change(tx: Transaction, uuid: UUID, asked: MembersChange, match: str | None) -> Effect:
    """Grants and withdraws; who is not named stays as it is, and whom nobody knows need not be withdrawn."""
    row = administered(tx, uuid)
    now = _current(tx, row, match)
    removed = {principal.key for principal in asked.remove} & now.keys()
    return apply(tx, row, now, as_roles(asked.set), removed)


def replace(tx: Transaction, uuid: UUID, asked: MembersList, match: str | None) -> Effect:
    """Makes the list all that there is, but for individual Admins, who stay."""
    row = administered(tx, uuid)
    now, wanted = _current(tx, row, match), as_roles(asked.members)
    unnamed = now.keys() - wanted.keys()
    stay = {key for key in unnamed if kept_for_good(key, now[key], None)}
    large = large_removal(len(now), len(unnamed - stay))
    if large and not asked.allow_large_removal:
        raise Conflict("large_removal", f'of the members of "{row.title}", {large}')
    return apply(tx, row, now, wanted, unnamed - stay, stay)


def apply(
    tx: Transaction,
    row: Record,
    now: Roles,
    wanted: Roles,
    removed: Collection[str],
    stay: Collection[str] = (),
) -> Effect:
    """The one place where memberships change on behalf of a caller."""
    refuse_any(_refusals(tx, now, wanted, removed))
    become = len(now.keys() | wanted.keys()) - len(removed)
    if become > len(now):
        require_room(tx, "members", become)
    store.write(tx.connection, tx.caller.organization, row.uuid, now, wanted, removed)
    answer = MembersChanged(
        added=sorted(wanted.keys() - now.keys()),
        changed=sorted(key for key, role in wanted.items() if now.get(key, role) != role),
        removed=sorted(removed),
        unmanaged_admins=sorted(stay),
    )
    granted = {key: wanted[key] for key in (*answer.added, *answer.changed)}
    detail = {"granted": granted, "removed": answer.removed, **_promoted(granted)}
    before = {key: now[key] for key in (*granted, *removed) if key in now}
    return Effect(answer, "members.change", row.uuid, detail, before=before, after=granted)


def _promoted(granted: Roles) -> dict[str, list[str]]:
    """Who became an individual Admin, which only an operator undoes: the audit trail is searched for it."""
    admins = [key for key, role in granted.items() if role == "admin" and is_individual(key)]
    return {"admins": sorted(admins)} if admins else {}


def _refusals(tx: Transaction, now: Roles, wanted: Roles, removed: Collection[str]) -> list[RefusedItem]:
    new = [key for key in wanted if key not in now]
    emails = [key for key in new if is_individual(key)]
    uuids = [key.removeprefix("group:") for key in new if not is_individual(key)]
    lowered = [key for key in (*wanted, *removed) if kept_for_good(key, now.get(key), wanted.get(key))]
    return [
        *(RefusedItem(key, "admin_stays", refusal_to_lower(key)) for key in sorted(lowered)),
        *strangers(tx, emails),
        *(
            RefusedItem(f"group:{uuid}", "unknown_group", f"there is no user group {uuid}")
            for uuid in groups.missing(tx.connection, tx.caller.organization, uuids)
        ),
    ]


def strangers(tx: Transaction, emails: Collection[str]) -> list[RefusedItem]:
    """A refusal for each e-mail that is not part of the organization."""
    return [
        RefusedItem(
            email, "unknown_user", f'{email} is not part of the organization "{tx.caller.organization_name}"'
        )
        for email in organization_users.strangers(tx.connection, tx.caller.organization, emails)
    ]


def join(tx: Transaction, uuid: UUID) -> Effect:
    """Makes an organization Admin an Admin of the integration, whatever the role was before."""
    row = visible(tx, uuid)
    require_organization_admin(tx)
    now = store.roles(tx.connection, row.uuid)
    store.write(tx.connection, tx.caller.organization, row.uuid, now, {tx.caller.email: "admin"}, ())
    answer = Joined(integration=row.uuid, user_email=tx.caller.email, role="admin")
    before = now.get(tx.caller.email)
    promoted = {} if before == "admin" else _promoted({tx.caller.email: "admin"})
    roles = {tx.caller.email: before}, {tx.caller.email: "admin"}
    detail = {"before": before, **promoted}
    return Effect(answer, "members.join", row.uuid, detail, before=roles[0], after=roles[1])


def _current(tx: Transaction, row: Record, match: str | None) -> dict[str, str]:
    """All members, if they are those that the caller has read."""
    now = store.roles(tx.connection, row.uuid)
    if match is not None and match not in {"*", f'"{_mark(now)}"'}:
        raise PreconditionFailed(
            "members_changed",
            f'the members of "{row.title}" have changed since they were read',
            "Someone else changed them meanwhile: run it again; pulumi refresh shows what changed",
        )
    return now


def _mark(roles: Roles) -> str:
    # The same members have the same mark, however they came about: nothing need count changes.
    return sha256(json.dumps(sorted(roles.items())).encode()).hexdigest()[:32]
