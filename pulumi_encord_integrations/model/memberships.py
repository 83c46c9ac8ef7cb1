"""What programs declare of memberships: one member, many, and joining."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeGuard

from pydantic import BeforeValidator, StrictBool

from pulumi_encord_integrations.model.base import Sent, rule
from pulumi_encord_integrations.model.bounds import Many
from pulumi_encord_integrations.model.members import (
    MAX_MEMBERS,
    GroupId,
    IntegrationId,
    MemberRole,
    Membership,
    Principal,
    Roles,
    is_individual,
    repeated,
)
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.text import Email, uuid_in

OnDelete = Literal["remove", "keep"]
"""What becomes of the access when its resource goes."""


class MemberSpec(Sent):
    """What is declared of one member of an integration."""

    integration: IntegrationId
    user: Email | None = None
    group: GroupId | None = None
    role: MemberRole
    on_delete: OnDelete = "remove"

    @rule("user", "group")
    def one_of_two(self) -> Iterator[Problem]:
        """A member is a user or a group."""
        if (self.user is None) == (self.group is None):
            yield Problem(("user",), "give either user or group")


USERS, GROUPS = "users", "groups"
"""The two parts of a list of members in a state: `{users: {EMAIL: ROLE}, groups: {LABEL: {id, role}}}`."""
_GROUP = "group:"


def is_by_kind(value: Any) -> TypeGuard[Mapping[str, Mapping[str, Any]]]:
    """Whether a list of members has the two parts; earlier states map the key of a principal to a role."""
    if not isinstance(value, Mapping) or not value:
        return False
    return value.keys() <= {USERS, GROUPS} and all(isinstance(part, Mapping) for part in value.values())


def as_rows(value: Any) -> Any:
    """A list of members, also from a mapping that a list becomes in a state, now or in earlier versions."""
    if is_by_kind(value):
        users = [{"user": email, "role": role} for email, role in value.get(USERS, {}).items()]
        return [*users, *(_renamed(entry, "id", "group") for entry in value.get(GROUPS, {}).values())]
    if not isinstance(value, Mapping):
        return value
    return [{**Principal.wire(str(key)), "role": role} for key, role in value.items()]


def as_given(value: Mapping[str, Any], rows: Sequence[Any]) -> dict[str, Any]:
    """Rows in the shape of the mapping from which `as_rows` made them."""
    if not is_by_kind(value):
        return {key: row["role"] for key, row in zip(value, rows, strict=True)}
    users, groups = value.get(USERS, {}), value.get(GROUPS, {})
    entries = [_renamed(row, "group", "id") for row in rows[len(users) :]]
    return {
        USERS: {email: row["role"] for email, row in zip(users, rows, strict=False)},
        GROUPS: dict(zip(groups, entries, strict=True)),
    }


def row_names(value: Mapping[str, Any]) -> list[str]:
    """What people call each row of a mapping, in the order of `as_rows`."""
    return [*value.get(USERS, {}), *value.get(GROUPS, {})] if is_by_kind(value) else list(value)


def _renamed(entry: Any, old: str, new: str) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    return {new if name == old else name: value for name, value in entry.items()}


@dataclass(frozen=True)
class ListedRoles:
    """The members of a list, whatever its shape."""

    roles: Roles = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    """Key of a group -> what people call it, as far as the list says."""

    @classmethod
    def of(cls, value: Any) -> "ListedRoles":
        """Those whose keys are known; of what is no list, nobody."""
        labels, roles = {}, {}
        rows = as_rows(value)
        names = row_names(value) if isinstance(value, Mapping) else []
        for index, row in enumerate(rows if isinstance(rows, list | tuple) else ()):
            key = _key_of(row)
            if key is None:
                continue
            roles[key] = row.get("role")
            if names and not is_individual(key):
                labels[key] = names[index].removeprefix(_GROUP)
        named = {key: label for key, label in labels.items() if uuid_in(label) != id_of(key)}
        return cls(roles, named)

    def by_kind(self) -> dict[str, dict[str, Any]]:
        """As a state holds it; a group without a label is called by its id."""
        users = {key: role for key, role in self.roles.items() if is_individual(key)}
        groups = {
            self.labels.get(key, id_of(key)): {"id": id_of(key), "role": role}
            for key, role in self.roles.items()
            if not is_individual(key)
        }
        return {USERS: dict(sorted(users.items())), GROUPS: dict(sorted(groups.items()))}


def _key_of(row: Any) -> str | None:
    if not isinstance(row, Mapping):
        return None
    user, group = row.get("user"), row.get("group")
    if isinstance(user, str):
        return user
    return f"{_GROUP}{uuid_in(group) or group}" if isinstance(group, str) else None


def id_of(key: str) -> str:
    """The uuid of a group's key."""
    return key.removeprefix(_GROUP)


def labelled(keys: Iterable[str], known: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """A label for each group: the known one, else its name by id, with the id where two share a name."""
    found = {key: known.get(key) or names.get(id_of(key)) or id_of(key) for key in keys}
    shared = Counter(found.values())
    return {
        key: label if key in known or shared[label] == 1 else f"{label} ({id_of(key)})"
        for key, label in found.items()
    }


def _rows(value: Any) -> Any:
    rows = as_rows(value)
    if not isinstance(rows, list | tuple):
        raise ValueError("must be a list or a mapping")
    return rows


class MembersSpec(Sent):
    """What is declared of many members of an integration."""

    integration: IntegrationId
    members: Annotated[list[Membership], Many(MAX_MEMBERS), BeforeValidator(_rows)]
    exclusive: StrictBool = False
    on_delete: OnDelete = "remove"
    allow_large_removal: StrictBool = False

    @rule("members")
    def each_once(self) -> Iterator[Problem]:
        """Nobody is named twice."""
        yield from repeated([member.key for member in self.members], "members")


class JoinSpec(Sent):
    """What is declared of joining an integration."""

    integration: IntegrationId
    on_delete: OnDelete = "keep"
