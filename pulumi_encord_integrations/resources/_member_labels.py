"""A program's list of members by kind, as a state holds it: only ids of groups come later."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pulumi_encord_integrations.model.memberships import GROUPS, USERS
from pulumi_encord_integrations.resources._references import is_list
from pulumi_encord_integrations.resources.groups import UserGroup


def by_kind(given: Any, claimed: Any) -> Any:
    """The list, if everything in it is plain but the ids of declared groups; else as it was claimed.

    So a preview knows everybody in it, and one new group is one addition. Thousands pass faster so.
    """
    if not (is_list(given) and isinstance(claimed, list)):
        return claimed
    users: dict[str, str] = {}
    groups: list[tuple[UserGroup | str, dict[str, Any]]] = []
    for row, held in zip(given, claimed, strict=True):
        who = _principal(row, held)
        if who is None:
            return claimed
        if isinstance(who, str) and "@" in who:
            if who in users:
                return claimed
            users[who] = held["role"]
        else:
            groups.append((who, {"id": held["group"], "role": held["role"]}))
    labels = _labels([group for group, _ in groups])
    if len(set(labels)) < len(labels):
        return claimed
    return {USERS: users, GROUPS: dict(zip(labels, (entry for _, entry in groups), strict=True))}


def _principal(row: Any, held: Any) -> UserGroup | str | None:
    """The e-mail, the group, or its uuid; None if any other part of the row comes later, or is wrong."""
    if not isinstance(row, Mapping) or not isinstance(held, Mapping) or not isinstance(held.get("role"), str):
        return None
    kinds = {name for name, value in row.items() if value is not None} - {"role"}
    if kinds == {"user"}:
        user = held["user"]
        return user if isinstance(user, str) and "@" in user else None
    if kinds == {"group"}:
        group = row["group"]
        return (
            group if isinstance(group, UserGroup) or (isinstance(group, str) and "@" not in group) else None
        )
    return None


def _labels(groups: list[UserGroup | str]) -> list[str]:
    """What people call each group. The check knows the names of those that are uuids here.

    Where two of the program share a name, each has its own in the program beside: unlike a uuid, that is
    the same before the group is made.
    """
    names = [group if isinstance(group, str) else name_of(group) for group in groups]
    shared = Counter(names)
    return [
        name if shared[name] == 1 or isinstance(group, str) else f"{name} ({group._name})"
        for name, group in zip(names, groups, strict=True)
    ]


def name_of(group: UserGroup) -> str:
    """The name of a group as far as the program says it, else the resource's."""
    return group._plain_name or str(group._name)
