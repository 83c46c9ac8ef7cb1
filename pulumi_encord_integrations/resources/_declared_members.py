"""Whom a program declares on one of its integrations, for the preview of its replacement."""

from collections.abc import Awaitable, Generator, Iterator
from typing import Any

import pulumi

from pulumi_encord_integrations.resources import _run


class DeclaredMembers(Awaitable[list[str]]):
    """The principals as memberships name them; `group-name:NAME` for a group of the program.

    Awaited when the integration is registered, by when all constructors of a program have run. No coroutine:
    that would warn "never awaited" if the program is refused first.
    """

    def __init__(self, integration: pulumi.Resource) -> None:
        self._integration = integration

    def __await__(self) -> Generator[Any, None, list[str]]:
        return self._found().__await__()

    async def _found(self) -> list[str]:
        return sorted(self._names())

    def _names(self) -> Iterator[str]:
        held = _run.current().ownership.parts("membership", self._integration)
        for principal in (key for key, claims in held.items() if claims):
            if isinstance(principal, pulumi.Resource):
                name = getattr(principal, "_plain_name", None)
                yield f"group-name:{name}" if name else str(principal._name)
            else:
                yield str(principal)
