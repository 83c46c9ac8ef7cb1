"""Giving an object back: no stack declares it any more."""

from uuid import UUID

from pulumi_encord_integrations.server.errors import Conflict
from pulumi_encord_integrations.server.services.unit_of_work import Transaction
from pulumi_encord_integrations.server.store import declarations
from pulumi_encord_integrations.server.store.database import Record


def release(
    tx: Transaction, objects: declarations.Objects, row: Record, title: str, declared_by: UUID | None
) -> None:
    """Frees an object from its declaration.

    With `declared_by` refuses an object that another stack declares by now.
    """
    owner = declarations.declared_as(row)
    if declared_by and owner and owner.stack_id != declared_by:
        raise _declared_elsewhere(row, title, owner.where)
    declarations.release(tx.connection, objects, row.uuid)


def require_declared_in(row: Record, title: str, stack: str | None) -> None:
    """Refuses an object that another stack declares than the one that a person was shown, by its names."""
    owner = declarations.declared_as(row)
    if stack is not None and owner and owner.in_stack != stack:
        raise _declared_elsewhere(row, title, owner.where)


def _declared_elsewhere(row: Record, title: str, where: str) -> Conflict:
    return Conflict(
        "declared_elsewhere",
        f'"{title}" ({row.uuid}) is declared by {where} by now',
        "Run it again if it is to be released from that stack too",
    )
