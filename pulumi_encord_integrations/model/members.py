"""Who may use an integration: roles, permissions, and the rules of granting and withdrawing them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, model_validator

from pulumi_encord_integrations.model.base import Page, Received, Sent, rule
from pulumi_encord_integrations.model.bounds import Many
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.text import Email, uuid_in

MemberRole = Literal["admin", "user"]

MAX_MEMBERS = 100_000
"""Members in one request."""
LARGE_COUNT = 10
LARGE_PERCENT = 30
"""A removal of more than both in one step needs a second yes."""
_GROUP = "group:"


class Permission(StrEnum):
    """What Encord's page lets roles do."""

    VIEW = "VIEW"
    UPLOAD_DATA = "UPLOAD_DATA"
    DELETE = "DELETE"
    ADD_USERS = "ADD_USERS"


PERMISSIONS: Mapping[Permission, frozenset[MemberRole]] = {
    Permission.VIEW: frozenset({"admin", "user"}),
    Permission.UPLOAD_DATA: frozenset({"admin"}),
    Permission.DELETE: frozenset({"admin"}),
    Permission.ADD_USERS: frozenset({"admin"}),
}


def may(role: str | None, permission: Permission) -> bool:
    """Whether a role carries a permission; nobody's role, None, carries none."""
    return role in PERMISSIONS[permission]


def permissions_of(role: str | None) -> list[Permission]:
    """All that a role carries."""
    return [permission for permission in Permission if may(role, permission)]


def highest(roles: Iterable[str | None]) -> MemberRole | None:
    """The effective role: the highest of one's own and one's groups'."""
    held = set(roles)
    return "admin" if "admin" in held else "user" if "user" in held else None


def _group_id(value: str) -> str:
    found = uuid_in(value)
    if found is None:
        raise ValueError("must be the uuid of a user group")
    return found


def _integration_id(value: object) -> str:
    found = uuid_in(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must be an integration, or the uuid of one")
    return found


GroupId = Annotated[str, AfterValidator(_group_id)]
IntegrationId = Annotated[str, BeforeValidator(_integration_id)]


class Principal(Sent):
    """A user by e-mail, or a user group by uuid."""

    user: Email | None = None
    group: GroupId | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.user is None) == (self.group is None):
            raise ValueError("names either a user or a group")
        return self

    @property
    def key(self) -> str:
        """`ada@example.com`, or `group:UUID`: how lists, states and messages name it."""
        return self.user or f"{_GROUP}{self.group}"

    @staticmethod
    def wire(key: str) -> dict[str, str]:
        """The principal of a key, as it is sent."""
        return {"user": key} if is_individual(key) else {"group": key.removeprefix(_GROUP)}


class Membership(Principal):
    """A principal with its role."""

    role: MemberRole


Roles = Mapping[str, str]
"""Key of a principal -> role."""


def is_individual(key: str) -> bool:
    """Whether a principal's key is a user's."""
    return not key.startswith(_GROUP)


def kept_for_good(key: str, now: str | None, wanted: str | None) -> bool:
    """Whether the page forbids the change: individual Admins can be neither removed nor demoted."""
    return is_individual(key) and now == "admin" and wanted != "admin"


def refusal_to_lower(key: str) -> str:
    """What to say of `kept_for_good`."""
    return (
        f"{key} is an Admin, and individuals with the Admin role can be neither removed nor demoted; "
        "contact support, or declare them as Admin. To take them out of the program alone, deploy "
        'on_delete="keep" first'
    )


def large_removal(before: int, removed: int) -> str | None:
    """What to say of a removal that needs a second yes; None if it needs none."""
    if removed <= LARGE_COUNT or 100 * removed <= LARGE_PERCENT * before:
        return None
    share = 100 * removed // before
    return (
        f"{removed} of {before} would be removed ({share} %); more than {LARGE_PERCENT} % and more than "
        f"{LARGE_COUNT} in one step need allow_large_removal=True"
    )


def repeated(keys: Sequence[str], *path: str) -> Iterator[Problem]:
    """A problem for each principal that stands in a list twice."""
    first: dict[str, int] = {}
    for index, key in enumerate(keys):
        before = first.setdefault(key, index)
        if before != index:
            yield Problem((*path, index), f"{key} stands there already, at {before}")


class MembersChange(Sent):
    """Grants and withdrawals, all or none of which are done."""

    set: Annotated[list[Membership], Many(MAX_MEMBERS)] = Field(default_factory=list)
    remove: Annotated[list[Principal], Many(MAX_MEMBERS)] = Field(default_factory=list)

    @rule("set")
    def each_set_once(self) -> Iterator[Problem]:
        """Nobody is granted two roles."""
        yield from repeated([member.key for member in self.set], "set")

    @rule("remove")
    def each_removed_once(self) -> Iterator[Problem]:
        """Nobody is removed twice."""
        yield from repeated([principal.key for principal in self.remove], "remove")

    @rule("set", "remove")
    def set_or_removed(self) -> Iterator[Problem]:
        """Nobody is both."""
        both = {member.key for member in self.set} & {principal.key for principal in self.remove}
        yield from (Problem(("remove",), f"{key} is to be set, too") for key in sorted(both))


class MembersList(Sent):
    """All that an integration's members are to be."""

    members: Annotated[list[Membership], Many(MAX_MEMBERS)]
    allow_large_removal: StrictBool = False

    @rule("members")
    def each_once(self) -> Iterator[Problem]:
        """Nobody is named twice."""
        yield from repeated([member.key for member in self.members], "members")


class UsersGrant(Sent):
    """Several users at once, in one role."""

    user_emails: Annotated[list[Email], Many(MAX_MEMBERS, empty=False)]
    user_role: MemberRole


class UserEmails(Sent):
    """Several users at once."""

    user_emails: Annotated[list[Email], Many(MAX_MEMBERS)]


class GroupsGrant(Sent):
    """Several groups at once, in one role; the shape of Encord's own grants on folders."""

    group_hash_list: Annotated[list[GroupId], Many(MAX_MEMBERS, empty=False)]
    user_role: MemberRole


class MemberView(Received):
    """A principal's role on one integration."""

    integration: str = Field(alias="integrationUuid")
    user: str | None = None
    group: str | None = None
    role: MemberRole
    suspended: bool = False
    """Whether it is a user who may do nothing now."""

    @property
    def key(self) -> str:
        """As `Principal.key`."""
        return self.user or f"{_GROUP}{self.group}"


class MembersPage(Page[MemberView]):
    """A page of one integration's members, and the mark of their state that `If-Match` takes."""

    etag: str


class MembersChanged(Received):
    """What a change did, by keys of principals."""

    added: list[str]
    changed: list[str]
    removed: list[str]
    unmanaged_admins: list[str] = Field(default_factory=list)
    """Individual Admins that an exclusive list does not name, and that stay."""


class Joined(Received):
    """The role after joining."""

    integration: str = Field(alias="integrationUuid")
    user_email: str
    role: MemberRole


class IntegrationUser(Received):
    """An individual member, in the shape of Encord's other listings of users."""

    user_email: str
    user_role: MemberRole
    suspended: bool = False


class GroupRole(Received):
    """A group through which a user has a role."""

    group_hash: str
    name: str
    user_role: MemberRole


class UserAccess(Received):
    """What one user may do on one integration, and why."""

    integration: str = Field(alias="integrationUuid")
    title: str
    role: MemberRole
    """The effective one."""
    own_role: MemberRole | None
    groups: list[GroupRole]
    permissions: list[str]
    """None while the user is suspended."""
    suspended: bool = False


def as_roles(members: Iterable[Any]) -> dict[str, str]:
    """Members as a mapping from the keys of their principals."""
    return {member.key: member.role for member in members}
