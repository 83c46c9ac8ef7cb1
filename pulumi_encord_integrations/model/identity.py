"""Which declaration an object belongs to."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from pulumi_encord_integrations.model.base import Sent

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
    def where(self) -> str:
        """`project/stack, AwsIntegration::prod`, for messages."""
        return f"{self.project}/{self.stack}, {self.path.rsplit('/', 1)[-1].replace('encord:', '')}"


def ownership_key(declared: DeclaredAs, provider: str, immutable: Mapping[str, Any]) -> str:
    """A digest of the declaration; objects that differ in an immutable input never share it."""
    parts = [str(declared.stack_id), declared.path, provider, dict(immutable)]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
