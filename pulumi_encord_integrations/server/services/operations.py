"""What only the operator of a deployment can do, on its machine and not over the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pulumi_encord_integrations.model.identity import DeclaredAs
from pulumi_encord_integrations.server.errors import Conflict, ObjectNotFound
from pulumi_encord_integrations.server.services import control
from pulumi_encord_integrations.server.services.bodies import kind_of
from pulumi_encord_integrations.server.store import audit, control_proofs, integration_queries, members
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.control_proofs import ControlProof
from pulumi_encord_integrations.server.store.database import Connection, Database, Record
from pulumi_encord_integrations.server.store.declarations import declared_as

OPERATOR = "operator"
"""The actor in the audit trail."""


@dataclass(frozen=True)
class Listed:
    """An integration, as far as it is found by."""

    uuid: str
    title: str
    declared_as: DeclaredAs | None
    owner: str
    created_at: datetime


def integrations(database: Database) -> list[Listed]:
    """All integrations of all organizations, oldest first."""
    with database.read() as connection:
        found = integration_queries.everywhere(connection)
    return [Listed(row.uuid, row.title, declared_as(row), row.owner, row.created_at) for row in found]


def require_removable(database: Database, integration: str, email: str) -> None:
    """Raises `ServiceError` unless the user is an individual Admin who may go."""
    with database.read() as connection:
        _removable(connection, integration, email)


def remove_admin(database: Database, integration: str, email: str) -> None:
    """Removes an individual Admin, audited, in one transaction; raises `ServiceError`."""
    with database.write() as connection:
        row = _removable(connection, integration, email)
        members.leave(connection, row.organization, email, row.uuid)
        audit.record(
            connection,
            organization=row.organization,
            actor=OPERATOR,
            action="members.remove-admin",
            object_=row.uuid,
            detail={"removed": [email]},
        )


@dataclass(frozen=True)
class Approval:
    """What an operator approves: that an integration controls its buckets, with these prefixes."""

    title: str
    owner: str
    buckets: Mapping[str, Sequence[str]]
    """None for the whole bucket."""
    approved: frozenset[str]
    """Those that are approved already."""


def approval(database: Database, integration: str) -> Approval:
    """What there is to approve; raises `ServiceError` where nothing has to be approved."""
    with database.read() as connection:
        return _approval(_approvable(connection, integration))


def approve(database: Database, integration: str, seen: Approval, *, revoke: bool) -> None:
    """Approves what was seen, audited, in one transaction; raises `ServiceError` if it has changed since."""
    with database.write() as connection:
        row = _approvable(connection, integration)
        now = _approval(row)
        if now.buckets != seen.buckets:
            raise Conflict("changed", f'the buckets of "{row.title}" have changed meanwhile', "Look again")
        asked_at = datetime.now(UTC).isoformat()
        proofs = {
            name: ControlProof(control_proofs.subject(row, name, prefixes), asked_at, not revoke, not revoke)
            for name, prefixes in now.buckets.items()
        }
        control_proofs.keep(connection, row, now.buckets, proofs)
        audit.record(
            connection,
            organization=row.organization,
            actor=OPERATOR,
            action="integration.revoke-approval" if revoke else "integration.approve",
            object_=row.uuid,
            detail={"buckets": {name: list(prefixes) for name, prefixes in now.buckets.items()}},
        )


def _approval(row: Record) -> Approval:
    buckets = control.buckets_of(kind_of(row.provider), row)
    return Approval(row.title, row.owner, buckets, control.approved(row, buckets))


def _approvable(connection: Connection, integration: str) -> Record:
    row = store.find_anywhere(connection, integration)
    if row is None:
        raise ObjectNotFound("integration_not_found", f"there is no integration {integration}")
    settings = store.settings_of(row)
    kind = kind_of(row.provider)
    if not kind.spec.model_construct(**settings).challenged:
        raise Conflict("no_approval", f'"{row.title}" proves by itself that its data is its own')
    if not settings["over_vpn"]:
        raise Conflict(
            "no_approval",
            f'"{row.title}" is not reached over VPN: its challenge objects are looked for',
            "Write them with the component, or as `encord-integrations cloud-policy` says",
        )
    return row


def _removable(connection: Connection, integration: str, email: str) -> Record:
    row = store.find_anywhere(connection, integration)
    if row is None:
        raise ObjectNotFound("integration_not_found", f"there is no integration {integration}")
    role = members.roles(connection, row.uuid).get(email)
    if role is None:
        raise ObjectNotFound("no_member", f'{email} is no individual member of "{row.title}"')
    if role != "admin":
        raise Conflict(
            "not_an_admin", f'{email} is no Admin of "{row.title}"', "Its Admins remove Users themselves"
        )
    if row.uuid in members.only_admin_of(connection, row.organization, email):
        raise Conflict(
            "last_admin",
            f'{email} is the last Admin of "{row.title}"',
            "Let an admin of the organization join it first",
        )
    return row
