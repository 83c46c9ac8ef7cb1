"""Which declaration an object belongs to."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from pulumi_encord_integrations.model.base import Received, Sent

Label = Annotated[str, Field(max_length=1024)]


class DeclaredAs(Sent):
    """The ownership key of an object: a stack's identity and the place in its program.

    `project` and `stack` are for messages only: they may be renamed.
    """

    stack_id: UUID
    path: Annotated[str, Field(min_length=1, max_length=4096)]
    project: Label = ""
    stack: Label = ""

    @property
    def name(self) -> str:
        """The resource's name in the program, or the entry's key in `encord.yaml`."""
        return self.path.partition("::")[2] or self.path

    @property
    def where(self) -> str:
        """`project/stack, AwsIntegration::prod`, for messages."""
        kind, separator, name = self.path.partition("::")
        short = kind.rsplit("/", 1)[-1].replace("encord:", "")
        return f"{self.project}/{self.stack}, {short}{separator}{name}"


class Placement(Sent):
    """What a create says beside the spec."""

    declared_as: DeclaredAs | None = None
    adopt: StrictBool = False
    nonce: Annotated[str, Field(min_length=16, max_length=128)] | None = None
    """Made anew for each create and repeated only by its retries."""


class LetGo(Received):
    """What became of an object that a declaration let go."""

    outcome: Literal["deleted", "released", "kept"]
    """released: it had been adopted and lives on; kept: another stack declares it now."""


def ownership_key(declared: DeclaredAs, provider: str, immutable: Mapping[str, Any]) -> str:
    """A digest of the declaration; objects that differ in an immutable input never share it."""
    parts = [str(declared.stack_id), declared.path, provider, dict(immutable)]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
