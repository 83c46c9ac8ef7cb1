"""What programs declare of memberships: one member, many, and joining."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool

from pulumi_encord_integrations.model.base import Sent, rule
from pulumi_encord_integrations.model.members import (
    MAX_MEMBERS,
    GroupId,
    IntegrationId,
    MemberRole,
    Membership,
    Principal,
    repeated,
)
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.text import Email

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


def as_rows(value: Any) -> Any:
    """A list of members, also from the mapping that a list becomes in a state."""
    if not isinstance(value, Mapping):
        return value
    return [{**Principal.wire(str(key)), "role": role} for key, role in value.items()]


def _rows(value: Any) -> Any:
    rows = as_rows(value)
    if not isinstance(rows, list | tuple):
        raise ValueError("must be a list or a mapping")
    return rows


class MembersSpec(Sent):
    """What is declared of many members of an integration."""

    integration: IntegrationId
    members: Annotated[list[Membership], BeforeValidator(_rows), Field(max_length=MAX_MEMBERS)]
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
