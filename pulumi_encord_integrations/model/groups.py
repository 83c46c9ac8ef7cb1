"""User groups of the organization, in Encord's own shapes."""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictStr

from pulumi_encord_integrations.model.base import Received, Sent, rule
from pulumi_encord_integrations.model.bounds import Many
from pulumi_encord_integrations.model.identity import DeclarationView, DeclaredAs, Placement
from pulumi_encord_integrations.model.marks import STABLE
from pulumi_encord_integrations.model.members import MAX_MEMBERS, GroupId, MemberRole, repeated
from pulumi_encord_integrations.model.memberships import OnDelete
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.text import Email, Title, invisible

MAX_DESCRIPTION = 4096
"""Characters in a description. Encord publishes no limit; this one is ours."""
KIND = "GROUP"
"""What stands for the type in a group's ownership key."""


def _description(value: str) -> str:
    text = unicodedata.normalize("NFC", value)
    if len(text) > MAX_DESCRIPTION:
        raise ValueError(f"has {len(text)} characters; at most {MAX_DESCRIPTION} are allowed")
    if invisible(text.replace("\n", "")):
        raise ValueError("must not hold control or invisible formatting characters")
    return text


Description = Annotated[StrictStr, AfterValidator(_description)]


class GroupSpec(Sent):
    """What is declared of a group."""

    elsewhere: ClassVar[Mapping[str, str]] = {"title": "groups have a name"}

    name: Title
    description: Description = ""

    def immutable(self) -> dict[str, Any]:
        """Nothing: a group changes in place."""
        return {}


class GroupCreate(GroupSpec, Placement):
    """The body of a create: Encord's own, and what a declaration says beside it."""


class GroupChange(Sent):
    """The body of a change; what is absent or null stays."""

    name: Title | None = None
    description: Description | None = None
    declared_as: DeclaredAs | None = None


class GroupView(Received):
    """A group as Encord answers it."""

    group_hash: str
    name: str
    description: str
    created_at: Annotated[datetime, STABLE]


class DeclaredGroup(GroupView):
    """A group with what this API knows beside."""

    organization: Annotated[str, STABLE] = ""
    adopted: bool = False
    declared_as: DeclarationView | None = None
    declared_here: bool | None = None
    """Whether the stack whose identity the caller sent declares it."""
    created: bool | None = None
    """In the answer to a create: False if the group was there."""
    user_count: int | None = None
    """How many users there are in it; None from an API that is older."""
    lookalikes: list[str] = Field(default_factory=list)
    """In the answer to a create: living groups of the same name and place, of another stack identity."""


class GrantedGroup(GroupView):
    """A group that an integration is shared with; the shape of Encord's own grants on folders."""

    is_same_organisation: bool
    user_role: MemberRole


def as_emails(value: Any) -> Any:
    """A list of users, also from the mapping that a list becomes in a state."""
    return list(value) if isinstance(value, Mapping) else value


class GroupUser(Received):
    """A user of a group."""

    user_email: str


class GroupUsersSpec(Sent):
    """What is declared of a group's users."""

    group: GroupId
    users: Annotated[list[Email], Many(MAX_MEMBERS), BeforeValidator(as_emails)]
    exclusive: StrictBool = False
    on_delete: OnDelete = "remove"
    allow_large_removal: StrictBool = False

    @rule("users")
    def each_once(self) -> Iterator[Problem]:
        """Nobody is named twice."""
        yield from repeated(self.users, "users")
