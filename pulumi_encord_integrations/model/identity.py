"""Which declaration an object belongs to."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool

from pulumi_encord_integrations.model.base import Deferred, Received, Sent, rule
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.text import uuid_in

MAX_LABEL = 1024
MAX_STACK = 2 * MAX_LABEL + 1
"""Characters in `project/stack`."""


def _adopt(value: object) -> object:
    found = uuid_in(value) if isinstance(value, str) else None
    if found is None and not isinstance(value, bool | UUID):
        raise ValueError("must be true, false or the uuid of the object")
    return value if found is None else UUID(found)


def _adopt_from(value: str) -> str:
    project, _, stack = value.partition("/")
    if not (project and stack) and uuid_in(value) is None:
        raise ValueError("must be a stack as project/stack, or the uuid of its identity")
    return value


Label = Annotated[str, Field(max_length=MAX_LABEL)]
Adopt = Annotated[StrictBool | UUID, BeforeValidator(_adopt)]
"""Whether a create takes over an object: the one of its title, or the one of a uuid."""
AdoptFrom = Annotated[str, Field(max_length=MAX_STACK), AfterValidator(_adopt_from)]
"""The other stack that no longer declares what is adopted: `project/stack`, or the uuid of its identity."""


class _Named(Deferred):
    """A resource of a stack by its names, which people read."""

    path: str
    project: str
    stack: str

    @property
    def name(self) -> str:
        """The resource's name in the program, or the entry's key in `encord.yaml`."""
        return self.path.partition("::")[2] or self.path

    @property
    def label(self) -> str:
        """The resource as people know it: `AwsIntegration "prod"`."""
        return f'{self._kind} "{self.name}"'

    @property
    def _kind(self) -> str:
        return self.path.partition("::")[0].rsplit("/", 1)[-1].replace("encord:", "")

    @property
    def where(self) -> str:
        """`project/stack, AwsIntegration::prod`, for messages."""
        _, separator, name = self.path.partition("::")
        return f"{self.project}/{self.stack}, {self._kind}{separator}{name}"

    @property
    def by(self) -> str:
        """`project/stack`; empty for a stack that did not tell its names."""
        return f"{self.project}/{self.stack}" if self.project and self.stack else ""

    @property
    def in_stack(self) -> str:
        """`project/stack`, whatever they are: by this a caller names the stack that was shown."""
        return f"{self.project}/{self.stack}"

    def is_from(self, adopt_from: str) -> bool:
        """Whether `adopt_from` names this declaration's stack."""
        return adopt_from == self.in_stack

    def succeeds(self, other: "_Named") -> bool:
        """Whether it is of the same stack by name, whatever its identity: the state may have been lost."""
        return bool(self.by) and self.by == other.by


class DeclarationView(_Named, Received):
    """Where an object is declared, as the API answers it: by names.

    The stack's identity is never answered: whoever knows it can declare in that stack's name.
    """

    project: str = ""
    stack: str = ""


class DeclaredAs(_Named, Sent):
    """The ownership key of an object: a stack's identity and the path in its program.

    `project` and `stack` are for messages only: they may be renamed.
    """

    stack_id: UUID
    path: Annotated[str, Field(min_length=1, max_length=4096)]
    project: Label = ""
    stack: Label = ""

    def is_from(self, adopt_from: str) -> bool:
        """Whether `adopt_from` names this declaration's stack."""
        return super().is_from(adopt_from) or uuid_in(adopt_from) == str(self.stack_id)


class Adoption(Sent):
    """Whether a declaration takes over what exists."""

    adopt: Adopt = False
    adopt_from: AdoptFrom | None = None

    @rule("adopt", "adopt_from")
    def adopts_from_a_stack(self) -> Iterator[Problem]:
        """A stack to adopt from is named by an adoption alone."""
        if self.adopt_from is not None and self.adopt is False:
            yield Problem(("adopt_from",), "says nothing without adopt", "set adopt too, or leave it out")


class Placement(Adoption):
    """What a create says beside the spec."""

    declared_as: DeclaredAs | None = None
    nonce: Annotated[str, Field(min_length=16, max_length=128)] | None = None
    """Made anew for each create and repeated only by its retries."""

    @property
    def stack(self) -> UUID | None:
        """The identity of the stack that creates."""
        return self.declared_as.stack_id if self.declared_as else None


class LetGo(Received):
    """What became of an object that a declaration let go."""

    outcome: Literal["deleted", "released", "kept"]
    """released: it had been adopted and lives on; kept: another stack declares it now."""


def ownership_key(declared: DeclaredAs, provider: str, immutable: Mapping[str, Any]) -> str:
    """A digest of the declaration; objects that differ in an immutable input never share it."""
    parts = [str(declared.stack_id), declared.path, provider, dict(immutable)]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
