"""User groups of the organization, in Encord's own shapes."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, StrictStr

from pulumi_encord_integrations.model.base import Received, Sent
from pulumi_encord_integrations.model.identity import DeclaredAs
from pulumi_encord_integrations.model.integrations import Placement
from pulumi_encord_integrations.model.members import MemberRole
from pulumi_encord_integrations.model.text import Title, invisible

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
    created_at: datetime


class DeclaredGroup(GroupView):
    """A group with what this API knows beside."""

    organization: str = ""
    adopted: bool = False
    declared_as: DeclaredAs | None = None
    created: bool | None = None
    """In the answer to a create: False if the group was there."""
    lookalikes: list[str] = Field(default_factory=list)
    """In the answer to a create: living groups of the same name and place, of another stack identity."""


class GrantedGroup(GroupView):
    """A group that an integration is shared with; the shape of Encord's own grants on folders."""

    is_same_organisation: bool
    user_role: MemberRole


class GroupUser(Received):
    """A user of a group."""

    user_email: str


class GroupUsersChanged(Received):
    """What a change of a group's users did."""

    added: list[str] = Field(default_factory=list)
    removed: list[str] = Field(default_factory=list)
