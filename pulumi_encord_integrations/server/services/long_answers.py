"""Answers that list everybody: a request that arrives again reads them anew, so that none is kept."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from pulumi_encord_integrations.server.services.unit_of_work import Transaction

Action = TypeVar("Action", bound=Callable[..., Any])
Reader = Callable[[Transaction, UUID], BaseModel]
_READER = "reader"


def answers_with(reader: Reader) -> Callable[[Action], Action]:
    """Marks a write about one object, named first, that answers what `reader` says of the object."""

    def mark(action: Action) -> Action:
        setattr(action, _READER, reader)
        return action

    return mark


def again(action: Callable[..., Any], args: Sequence[Any]) -> Callable[[Transaction], BaseModel] | None:
    """What answers a repeat of the write with these arguments; None if its first answer is kept."""
    reader = getattr(action, _READER, None)
    return None if reader is None else lambda tx: reader(tx, args[0])
