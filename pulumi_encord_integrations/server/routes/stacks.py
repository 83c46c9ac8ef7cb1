"""How a caller names a stack: query parameters, so that signatures cover them."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from pulumi_encord_integrations.model.identity import MAX_STACK

StackId = Annotated[UUID | None, Query(alias="stackId")]
"""The identity of the caller's own stack, by which rows answer `declaredHere`; none answers an identity."""
DeclaredBy = Annotated[UUID | None, Query(alias="declaredBy")]
"""The identity of the stack that a write is for."""
DeclaredIn = Annotated[str | None, Query(alias="declaredIn", max_length=MAX_STACK)]
"""The stack that a person was shown, as `project/stack`."""
