"""What a program may pass where an id or e-mail is meant: the resource itself."""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeGuard

import pulumi

from pulumi_encord_integrations.resources._resource import EncordResource


def is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    """Whether the parts of an input can be looked at; a text is no list."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def integration_of(value: Any) -> Any:
    """The uuid of an integration."""
    return _id_of(value, "integration", "an integration or its uuid")


def group_of(value: Any) -> Any:
    """The uuid of a group."""
    return _id_of(value, "group", "a UserGroup or its uuid")


def email_of(value: Any) -> Any:
    """The e-mail of a user."""
    return _id_of(value, "user", "an e-mail, an OrganizationUser or a ServiceAccount")


def _id_of(value: Any, name: str, expected: str) -> Any:
    if not isinstance(value, pulumi.Resource):
        return value
    if not isinstance(value, EncordResource) or value._stands_for != name:
        raise pulumi.RunError(f"{name}: takes {expected}, not {type(value).__name__}")
    # An adopted object's uuid is known in the first preview, an id never is.
    adopts: pulumi.Output[str | None] | None = getattr(value, "adopts", None) if value._adopting else None
    return getattr(value, value._named_by) if adopts is None else _first_known(value.id, adopts)


def _first_known(id_: pulumi.Output[str], adopts: pulumi.Output[str | None]) -> pulumi.Output[str]:
    """The id wherever it is known; `Output.all` of the two would be unknown where either is."""

    async def value() -> Any:
        return await id_.future() if await id_.is_known() else await adopts.future()

    async def known() -> bool:
        return await id_.is_known() or bool(await adopts.is_known() and await adopts.future())

    found = asyncio.ensure_future(value()), asyncio.ensure_future(known())
    return pulumi.Output(id_.resources(), *found, id_.is_secret())
