"""What somebody does behind the back of a program."""

from collections.abc import Callable

from pulumi_encord_integrations.client import groups, integrations, members
from pulumi_encord_integrations.client import organization_users as users
from tests.support.stateful.invariants import Facts, Remote
from tests.support.stateful.program import HIRED, PEOPLE, Pick


def add(remote: Remote, facts: Facts, pick: Pick) -> None:
    """Grants somebody, or changes somebody's role as far as the rules let it."""
    if facts.integrations:
        uuid = pick(sorted(facts.integrations, key=facts.order))
        who = pick([*PEOPLE, *(f"group:{group}" for group in sorted(facts.groups, key=facts.order))])
        role = "admin" if who in facts.individual_admins(uuid) else pick(("user", "user", "admin"))
        members.change(remote.client, uuid, {who: role})


def remove(remote: Remote, facts: Facts, pick: Pick) -> None:
    if rows := [row for row in facts.rows() if row[1] not in facts.individual_admins(row[0])]:
        uuid, who, _ = pick(rows)
        members.change(remote.client, uuid, {}, [who])


def promote(remote: Remote, facts: Facts, pick: Pick) -> None:
    """As somebody who joins in the app."""
    if rows := [row for row in facts.rows() if "@" in row[1] and row[2] == "user"]:
        uuid, who, _ = pick(rows)
        members.change(remote.client, uuid, {who: "admin"})


def change_group_role(remote: Remote, facts: Facts, pick: Pick) -> None:
    if rows := [row for row in facts.rows() if "@" not in row[1]]:
        uuid, who, role = pick(rows)
        members.change(remote.client, uuid, {who: "user" if role == "admin" else "admin"})


def change_group_users(remote: Remote, facts: Facts, pick: Pick) -> None:
    if facts.groups:
        uuid, who = pick(sorted(facts.groups, key=facts.order)), pick(PEOPLE)
        change = groups.remove_users if who in facts.members.get(uuid, {}) else groups.add_users
        change(remote.client, uuid, [who])


def delete_integration(remote: Remote, facts: Facts, pick: Pick) -> None:
    if facts.integrations:
        integrations.delete(remote.client, pick(sorted(facts.integrations, key=facts.order)), None)


def delete_group(remote: Remote, facts: Facts, pick: Pick) -> None:
    if facts.groups:
        groups.delete(remote.client, pick(sorted(facts.groups, key=facts.order)), None)


def retitle(remote: Remote, facts: Facts, pick: Pick) -> None:
    if facts.integrations:
        uuid = pick(sorted(facts.integrations, key=facts.order))
        integrations.update(remote.client, uuid, {"title": "by hand"})


def dismiss(remote: Remote, facts: Facts, pick: Pick) -> None:
    if hired := sorted(facts.people.keys() & set(HIRED)):
        users.remove(remote.client, pick(hired))


SURPRISES: tuple[Callable[[Remote, Facts, Pick], None], ...] = (
    add,
    add,
    remove,
    promote,
    change_group_role,
    change_group_users,
    delete_integration,
    delete_group,
    retitle,
    dismiss,
)
