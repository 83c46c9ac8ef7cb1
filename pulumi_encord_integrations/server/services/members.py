"""Members: who is granted what on an integration, under the page's rules, all of a request or nothing."""

import json
from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

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
from pulumi_encord_integrations.server.calls import Effect
from pulumi_encord_integrations.server.errors import Fault, conflict
from pulumi_encord_integrations.server.services.authorization import (
    require,
    require_organization_admin,
    visible,
)
from pulumi_encord_integrations.server.services.bodies import Body, examined
from pulumi_encord_integrations.server.services.bulk import Refusal, refuse_any
from pulumi_encord_integrations.server.store import groups, organization_users
from pulumi_encord_integrations.server.store import members as store
from pulumi_encord_integrations.server.store.organizations import Caller


def administered(connection: Connection, caller: Caller, uuid: UUID) -> Row[Any]:
    """The integration, if the caller may say who its members are."""
    row = visible(connection, caller, uuid)
    require(row, Permission.ADD_USERS)
    return row


def page(
    connection: Connection, caller: Caller, uuid: UUID, size: int, after: Sequence[str]
) -> tuple[MembersPage, str | None]:
    """A page of one integration's members, and the position of the next."""
    row = administered(connection, caller, uuid)
    found = store.page(connection, [row.uuid], caller, size, after)
    etag = _etag(store.roles(connection, row.uuid))
    return MembersPage(results=views(found[:size]), etag=etag), next_position(found, size)


def views(rows: Collection[Row[Any]]) -> list[MemberView]:
    """Rows as they are answered."""
    return [
        MemberView(integration=row.integration, user=row.user, group=row.group, role=row.role) for row in rows
    ]


def next_position(found: Any, size: int) -> str | None:
    """Where the next page begins, if there is one."""
    return store.position(found[size - 1]) if len(found) > size else None


def change(connection: Connection, caller: Caller, uuid: UUID, body: Body, match: str | None) -> Effect:
    """Grants and withdraws; who is not named stays as it is, and whom nobody knows need not be withdrawn."""
    row = administered(connection, caller, uuid)
    asked = examined(MembersChange, body)
    now = _current(connection, row, match)
    removed = {principal.key for principal in asked.remove} & now.keys()
    return apply(connection, caller, row, now, as_roles(asked.set), removed)


def replace(connection: Connection, caller: Caller, uuid: UUID, body: Body, match: str | None) -> Effect:
    """Makes the list all that there is, but for individual Admins, who stay."""
    row = administered(connection, caller, uuid)
    asked = examined(MembersList, body)
    now, wanted = _current(connection, row, match), as_roles(asked.members)
    unnamed = now.keys() - wanted.keys()
    stay = {key for key in unnamed if kept_for_good(key, now[key], None)}
    large = large_removal(len(now), len(unnamed - stay))
    if large and not asked.allow_large_removal:
        raise conflict("large_removal", f'of the members of "{row.title}", {large}')
    return apply(connection, caller, row, now, wanted, unnamed - stay, stay)


def apply(
    connection: Connection,
    caller: Caller,
    row: Row[Any],
    now: Roles,
    wanted: Roles,
    removed: Collection[str],
    stay: Collection[str] = (),
) -> Effect:
    """The one place where memberships change on behalf of a caller."""
    refuse_any(_refusals(connection, caller, now, wanted, removed))
    store.write(connection, caller.organization, row.uuid, now, wanted, removed)
    answer = MembersChanged(
        added=sorted(wanted.keys() - now.keys()),
        changed=sorted(key for key, role in wanted.items() if now.get(key, role) != role),
        removed=sorted(removed),
        unmanaged_admins=sorted(stay),
    )
    granted = {key: wanted[key] for key in (*answer.added, *answer.changed)}
    return Effect(answer, "members.change", row.uuid, {"granted": granted, "removed": answer.removed})


def _refusals(
    connection: Connection, caller: Caller, now: Roles, wanted: Roles, removed: Collection[str]
) -> list[Refusal]:
    new = [key for key in wanted if key not in now]
    emails = [key for key in new if is_individual(key)]
    uuids = [key.removeprefix("group:") for key in new if not is_individual(key)]
    lowered = [key for key in (*wanted, *removed) if kept_for_good(key, now.get(key), wanted.get(key))]
    return [
        *(Refusal(key, "admin_stays", refusal_to_lower(key)) for key in sorted(lowered)),
        *strangers(connection, caller, emails),
        *(
            Refusal(f"group:{uuid}", "unknown_group", f"there is no user group {uuid}")
            for uuid in groups.missing(connection, caller.organization, uuids)
        ),
    ]


def strangers(connection: Connection, caller: Caller, emails: Collection[str]) -> list[Refusal]:
    """A refusal for each e-mail that is not part of the organization."""
    return [
        Refusal(
            email, "unknown_user", f'{email} is not part of the organization "{caller.organization_name}"'
        )
        for email in organization_users.strangers(connection, caller.organization, emails)
    ]


def join(connection: Connection, caller: Caller, uuid: UUID) -> Effect:
    """Makes an organization Admin an Admin of the integration, whatever the role was before."""
    row = visible(connection, caller, uuid)
    require_organization_admin(caller)
    now = store.roles(connection, row.uuid)
    store.write(connection, caller.organization, row.uuid, now, {caller.email: "admin"}, ())
    answer = Joined(integration=row.uuid, user_email=caller.email, role="admin")
    return Effect(answer, "members.join", row.uuid, {"before": now.get(caller.email)})


def _current(connection: Connection, row: Row[Any], match: str | None) -> dict[str, str]:
    """All members, if they are those that the caller has read."""
    now = store.roles(connection, row.uuid)
    if match is not None and match not in {"*", _etag(now)}:
        raise Fault(
            412,
            "members_changed",
            f'the members of "{row.title}" have changed since they were read',
            "Someone else changed them meanwhile: run it again; pulumi refresh shows what changed",
        )
    return now


def _etag(roles: Roles) -> str:
    # The same members have the same mark, however they came about: nothing need count changes.
    digest = sha256(json.dumps(sorted(roles.items())).encode()).hexdigest()
    return f'"{digest[:32]}"'
