"""Who wrote an object last."""

from datetime import UTC

from pulumi_encord_integrations.model.audit import LastWrite
from pulumi_encord_integrations.server.errors import ObjectNotFound
from pulumi_encord_integrations.server.services.unit_of_work import Transaction
from pulumi_encord_integrations.server.store import audit as store


def last_write(tx: Transaction, uuid: str) -> LastWrite | None:
    """The newest row of the audit trail about an object of the caller's organization, if there is one."""
    row = store.newest(tx.connection, tx.caller.organization, uuid)
    return None if row is None else LastWrite(by=row.actor, at=row.at.replace(tzinfo=UTC), action=row.action)


def known_last_write(tx: Transaction, uuid: str) -> LastWrite:
    """The same; raises `ObjectNotFound` if nothing was recorded."""
    found = last_write(tx, uuid)
    if found is None:
        raise ObjectNotFound("write_not_found", f"no write of {uuid} is recorded")
    return found
