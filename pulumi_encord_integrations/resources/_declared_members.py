"""Whom a program declares on one of its integrations, for the preview of its replacement."""

from collections.abc import Awaitable, Generator, Iterator
from typing import Any

import pulumi

from pulumi_encord_integrations.resources import _run


class DeclaredMembers(Awaitable[dict[str, str]]):
    """The principals as memberships name them -> role; `group-name:NAME` for a group of the program.

    Awaited when the integration is registered, by when all constructors of a program have run. No coroutine:
    that would warn "never awaited" if the program is refused first.
    """

    def __init__(self, integration: pulumi.Resource) -> None:
        self._integration = integration

    def __await__(self) -> Generator[Any, None, dict[str, str]]:
        return self._found().__await__()

    async def _found(self) -> dict[str, str]:
        return dict(sorted(self._names()))

    def _names(self) -> Iterator[tuple[str, str]]:
        held = _run.current().ownership.parts("membership", self._integration)
        for principal, claims in held.items():
            # A role that is an Output counts for the highest.
            roles = [claim.role_of(principal) or "admin" for claim in claims]
            if roles and isinstance(principal, pulumi.Resource):
                name = getattr(principal, "_plain_name", None)
                yield (f"group-name:{name}" if name else str(principal._name)), min(roles)
            elif roles:
                yield str(principal), min(roles)
