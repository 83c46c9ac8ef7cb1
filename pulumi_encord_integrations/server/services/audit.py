"""The audit trail as it is read: its entries, and who wrote an object last."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from typing import Literal
from uuid import UUID

from pulumi_encord_integrations.model.audit import OPERATOR, AuditEntry, AuditFilters, LastWrite, LastWriteOf
from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.users import is_service_account
from pulumi_encord_integrations.server.errors import ObjectNotFound, invalid
from pulumi_encord_integrations.server.services import pagination
from pulumi_encord_integrations.server.services.authorization import inspected, require_organization_reader
from pulumi_encord_integrations.server.services.unit_of_work import Transaction
from pulumi_encord_integrations.server.store import audit as store
from pulumi_encord_integrations.server.store import audit_queries, groups, members
from pulumi_encord_integrations.server.store.audit_queries import AuditRows
from pulumi_encord_integrations.server.store.database import Record
from pulumi_encord_integrations.server.store.stored_values import number_of, text_of

Kind = Literal["person", "service_account", "operator"]
_AS_STORED = ("actor", "key", "stack", "action", "object", "trace", "mac")


def entries(
    tx: Transaction,
    filters: AuditFilters,
    size: int,
    token: str | None,
    integration: UUID | None = None,
    after_sequence: int | None = None,
) -> Page[AuditEntry]:
    """A page of the trail, the newest entry first; behind a sequence, the oldest first.

    For admins and auditors of the organization, and of one integration for its Admins.
    """
    if integration is None or tx.caller.reads_everything:
        require_organization_reader(tx)
    else:
        inspected(tx, integration)
    if integration is not None:
        if filters.object not in {"", str(integration)}:
            raise invalid("object: is another one than integration")
        filters = replace(filters, object=str(integration))
    found = _found(tx, filters, size, token, after_sequence)
    next_ = None if found.next is None else pagination.token(tx, f"{_direction(after_sequence)} {found.next}")
    return Page(results=_entries(tx, found.rows), next_page_token=next_)


def _found(
    tx: Transaction, filters: AuditFilters, size: int, token: str | None, after_sequence: int | None
) -> AuditRows:
    place = pagination.position(tx, token, 2)
    if place and place[0] != _direction(after_sequence):
        raise pagination.foreign_token()
    position = int(place[1]) if place else None
    organization = tx.caller.organization
    if after_sequence is None:
        return audit_queries.newest_first(tx.connection, organization, filters, size, position)
    after = after_sequence if position is None else position
    return audit_queries.oldest_first(tx.connection, organization, filters, size, after)


def _direction(after_sequence: int | None) -> str:
    return "audit-back" if after_sequence is None else "audit-on"


def _entries(tx: Transaction, rows: Sequence[Record]) -> list[AuditEntry]:
    organization = tx.caller.organization
    titles = audit_queries.titles(tx.connection, organization, {text_of(row.object) for row in rows} - {""})
    names = audit_queries.key_names(tx.connection, organization, {text_of(row.key) for row in rows} - {""})
    return [
        AuditEntry(
            **{name: text_of(getattr(row, name)) for name in _AS_STORED},
            sequence=number_of(row.sequence),
            at=audit_queries.moment_of(row).replace(tzinfo=UTC),
            kind=_kind(text_of(row.actor)),
            key_name=names.get(text_of(row.key)) or None,
            title=titles.get(text_of(row.object)),
            outcome="refused" if row.outcome == "refused" else "done",
            detail=audit_queries.detail_of(row),
        )
        for row in rows
    ]


def _kind(actor: str) -> Kind:
    if actor == OPERATOR:
        return "operator"
    return "service_account" if is_service_account(actor) else "person"


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
    """A page of the last writes of all integrations that the caller administers or audits."""
    after = pagination.position(tx, token, 1)
    objects, organization = members.inspected(tx.caller), tx.caller.organization
    rows = store.newest_of(tx.connection, organization, objects, after[0] if after else None, size + 1)
    next_ = pagination.token(tx, rows[size - 1].object if len(rows) > size else None)
    return Page(results=[_view(row) for row in rows[:size]], next_page_token=next_)


def of_groups(tx: Transaction) -> Page[LastWriteOf]:
    """The last writes of all groups of the organization, in one page."""
    require_organization_reader(tx)
    organization = tx.caller.organization
    rows = store.newest_of(tx.connection, organization, groups.uuids(organization))
    return Page(results=[_view(row) for row in rows])


def _view(row: Record) -> LastWriteOf:
    return LastWriteOf(uuid=row.object, by=row.actor, at=row.at.replace(tzinfo=UTC), action=row.action)
