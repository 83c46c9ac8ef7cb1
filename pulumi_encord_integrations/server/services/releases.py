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
        raise Conflict(
            "declared_elsewhere",
            f'"{title}" ({row.uuid}) is declared by {owner.where} by now',
            "Run it again if it is to be released from that stack too",
        )
    declarations.release(tx.connection, objects, row.uuid)
