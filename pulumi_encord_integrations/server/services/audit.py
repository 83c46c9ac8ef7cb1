"""Who wrote an object last."""

from datetime import UTC

from pulumi_encord_integrations.model.audit import LastWrite, LastWriteOf
from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.server.errors import ObjectNotFound
from pulumi_encord_integrations.server.services import pagination
from pulumi_encord_integrations.server.services.authorization import require_organization_admin
from pulumi_encord_integrations.server.services.unit_of_work import Transaction
from pulumi_encord_integrations.server.store import audit as store
from pulumi_encord_integrations.server.store import groups, members
from pulumi_encord_integrations.server.store.database import Record


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


def of_integrations(tx: Transaction, size: int, token: str | None) -> Page[LastWriteOf]:
    """A page of the last writes of all integrations that the caller administers."""
    after = pagination.position(tx, token, 1)
    objects, organization = members.administered(tx.caller), tx.caller.organization
    rows = store.newest_of(tx.connection, organization, objects, after[0] if after else None, size + 1)
    next_ = pagination.token(tx, rows[size - 1].object if len(rows) > size else None)
    return Page(results=[_view(row) for row in rows[:size]], next_page_token=next_)


def of_groups(tx: Transaction) -> Page[LastWriteOf]:
    """The last writes of all groups of the organization, in one page."""
    require_organization_admin(tx)
    organization = tx.caller.organization
    rows = store.newest_of(tx.connection, organization, groups.uuids(organization))
    return Page(results=[_view(row) for row in rows])


def _view(row: Record) -> LastWriteOf:
    return LastWriteOf(uuid=row.object, by=row.actor, at=row.at.replace(tzinfo=UTC), action=row.action)
