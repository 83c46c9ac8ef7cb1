"""What somebody does behind the back of a program."""

from collections.abc import Callable

from pulumi_encord_integrations.client import groups, integrations, members
from pulumi_encord_integrations.client import organization_users as users
from tests.support.access_plan import HIRED, PEOPLE, Pick
from tests.support.access_world import Facts, World


def add(world: World, facts: Facts, pick: Pick) -> None:
    """Grants somebody, or changes somebody's role as far as the rules let it."""
    if facts.integrations:
        uuid = pick(sorted(facts.integrations, key=facts.order))
        who = pick([*PEOPLE, *(f"group:{group}" for group in sorted(facts.groups, key=facts.order))])
        role = "admin" if who in facts.individual_admins(uuid) else pick(("user", "user", "admin"))
        members.change(world.client, uuid, {who: role})


def remove(world: World, facts: Facts, pick: Pick) -> None:
    if rows := [row for row in facts.rows() if row[1] not in facts.individual_admins(row[0])]:
        uuid, who, _ = pick(rows)
        members.change(world.client, uuid, {}, [who])


def promote(world: World, facts: Facts, pick: Pick) -> None:
    """As somebody who joins in the app."""
    if rows := [row for row in facts.rows() if "@" in row[1] and row[2] == "user"]:
        uuid, who, _ = pick(rows)
        members.change(world.client, uuid, {who: "admin"})


def change_group_role(world: World, facts: Facts, pick: Pick) -> None:
    if rows := [row for row in facts.rows() if "@" not in row[1]]:
        uuid, who, role = pick(rows)
        members.change(world.client, uuid, {who: "user" if role == "admin" else "admin"})


def change_group_users(world: World, facts: Facts, pick: Pick) -> None:
    if facts.groups:
        uuid, who = pick(sorted(facts.groups, key=facts.order)), pick(PEOPLE)
        change = groups.remove_users if who in facts.members.get(uuid, {}) else groups.add_users
        change(world.client, uuid, [who])


def delete_integration(world: World, facts: Facts, pick: Pick) -> None:
    if facts.integrations:
        integrations.delete(world.client, pick(sorted(facts.integrations, key=facts.order)), None)


def delete_group(world: World, facts: Facts, pick: Pick) -> None:
    if facts.groups:
        groups.delete(world.client, pick(sorted(facts.groups, key=facts.order)), None)


def retitle(world: World, facts: Facts, pick: Pick) -> None:
    if facts.integrations:
        uuid = pick(sorted(facts.integrations, key=facts.order))
        integrations.update(world.client, uuid, {"title": "by hand"})


def dismiss(world: World, facts: Facts, pick: Pick) -> None:
    if hired := sorted(facts.people.keys() & set(HIRED)):
        users.remove(world.client, pick(hired))


SURPRISES: tuple[Callable[[World, Facts, Pick], None], ...] = (
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
