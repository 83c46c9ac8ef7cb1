"""What only the operator of a deployment can do, on its machine and not over the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pulumi_encord_integrations.model.audit import OPERATOR
from pulumi_encord_integrations.model.identity import DeclarationView
from pulumi_encord_integrations.server.errors import Conflict, ObjectNotFound
from pulumi_encord_integrations.server.services import control
from pulumi_encord_integrations.server.services.bodies import kind_of
from pulumi_encord_integrations.server.services.declarations import shown
from pulumi_encord_integrations.server.store import (
    audit,
    control_proofs,
    integration_queries,
    members,
    organizations,
)
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.control_proofs import ControlProof
from pulumi_encord_integrations.server.store.database import Connection, Database, Record

_TOLD = 3
"""People in a message; the others are counted."""


@dataclass(frozen=True)
class Listed:
    """An integration, as far as it is found by."""

    uuid: str
    title: str
    declared_as: DeclarationView | None
    owner: str
    created_at: datetime


def integrations(database: Database) -> list[Listed]:
    """All integrations of all organizations, oldest first."""
    with database.read() as connection:
        found = integration_queries.everywhere(connection)
    return [
        Listed(row.uuid, row.title, shown(row, None)["declared_as"], row.owner, row.created_at)
        for row in found
    ]


def require_removable(database: Database, integration: str, email: str) -> list[str]:
    """Names of the groups by which the individual Admin stays one.

    Raises `ServiceError` unless the user is an individual Admin who may go.
    """
    with database.read() as connection:
        row = _removable(connection, integration, email)
        return _admin_groups(connection, row, email)


def remove_admin(database: Database, integration: str, email: str) -> None:
    """Removes an individual Admin, audited, in one transaction; raises `ServiceError`."""
    with database.write() as connection:
        row = _removable(connection, integration, email)
        groups = _admin_groups(connection, row, email)
        members.leave(connection, row.organization, email, row.uuid)
        audit.record(
            connection,
            database.vault,
            organization=row.organization,
            actor=OPERATOR,
            action="members.remove-admin",
            object_=row.uuid,
            detail={"removed": [email], **({"admin_by": groups} if groups else {})},
        )


@dataclass(frozen=True)
class Approval:
    """What an operator approves: that an integration controls its buckets, with these prefixes."""

    title: str
    provider: str
    owner: str
    organization: str
    """Its name, and its uuid."""
    tenant: str | None
    """Of Azure: the tenant whose application reads."""
    places: Mapping[str, Sequence[str]]
    """Bucket, or storage account and container -> prefixes, none for the whole of it."""


def approval(database: Database, integration: str) -> Approval:
    """What there is to approve; raises `ServiceError` where nothing has to be approved."""
    with database.read() as connection:
        return _approval(connection, _approvable(connection, integration))


def approve(database: Database, integration: str, seen: Approval, *, revoke: bool) -> None:
    """Approves what was seen, audited, in one transaction; raises `ServiceError` if it has changed since."""
    with database.write() as connection:
        row = _approvable(connection, integration)
        if not revoke and _approval(connection, row) != seen:
            raise Conflict("changed", f'"{row.title}" has changed meanwhile', "Run it again")
        asked_at = datetime.now(UTC).isoformat()
        buckets = control.buckets_of(kind_of(row.provider), row)
        proofs = {
            name: ControlProof(control_proofs.subject(row, name, prefixes), asked_at, not revoke, not revoke)
            for name, prefixes in buckets.items()
        }
        control_proofs.keep(connection, row, buckets, proofs, whatever_its_age=True)
        audit.record(
            connection,
            database.vault,
            organization=row.organization,
            actor=OPERATOR,
            action="integration.revoke-approval" if revoke else "integration.approve",
            object_=row.uuid,
            detail={
                "tenant": seen.tenant,
                "places": {place: len(prefixes) for place, prefixes in seen.places.items()},
                "proofs": {name: proof.of for name, proof in proofs.items()},
            },
        )


def _approval(connection: Connection, row: Record) -> Approval:
    settings = store.settings_of(row)
    account = settings.get("storage_account")
    buckets = control.buckets_of(kind_of(row.provider), row)
    return Approval(
        title=row.title,
        provider=row.provider,
        owner=row.owner,
        organization=f"{organizations.name_of(connection, row.organization)} ({row.organization})",
        tenant=settings.get("tenant_id"),
        places={f"{account}/{name}" if account else name: under for name, under in buckets.items()},
    )


def _approvable(connection: Connection, integration: str) -> Record:
    row = _anywhere(connection, integration)
    settings = store.settings_of(row)
    kind = kind_of(row.provider)
    if not kind.spec.model_construct(**settings).challenged:
        raise Conflict(
            "no_approval",
            f'"{row.title}" needs no approval: its type is proven in another way',
        )
    if not settings["over_vpn"]:
        raise Conflict(
            "no_approval",
            f'"{row.title}" is not reached over VPN: the API looks for its challenge objects',
            "Write them with the component, or as `encord-integrations cloud-policy` says",
        )
    return row


def _anywhere(connection: Connection, integration: str) -> Record:
    row = store.find_anywhere(connection, integration)
    if row is None:
        raise ObjectNotFound("integration_not_found", f"there is no integration {integration}")
    return row


def _removable(connection: Connection, integration: str, email: str) -> Record:
    row = _anywhere(connection, integration)
    role = members.roles(connection, row.uuid).get(email)
    if role is None:
        raise ObjectNotFound("no_member", f'{email} is no individual member of "{row.title}"')
    if role != "admin":
        raise Conflict(
            "not_an_admin", f'{email} is no Admin of "{row.title}"', "Its Admins remove Users themselves"
        )
    alone = row.uuid in members.only_admin_of(connection, row.organization, email)
    if alone and not _admin_groups(connection, row, email):
        raise _last_admin(connection, row, email)
    return row


def _last_admin(connection: Connection, row: Record, email: str) -> Conflict:
    out = [one for one in members.suspended_admins(connection, row.uuid) if one != email]
    said = f'{email} is the last Admin of "{row.title}"'
    if out:
        more = f" and {len(out) - _TOLD} more" if len(out) > _TOLD else ""
        are = "is suspended and does not count" if len(out) == 1 else "are suspended and do not count"
        said += f"; {', '.join(out[:_TOLD])}{more} {are}"
    admins = organizations.admins(connection, row.organization)
    if admins == [email]:
        hint = f"Let {email} give it another Admin first"
    else:
        hint = f"Let {'another' if email in admins else 'an'} admin of the organization join it first"
    return Conflict("last_admin", said, hint)


def _admin_groups(connection: Connection, row: Record, email: str) -> list[str]:
    """Names of the groups that make a user an Admin of an integration."""
    found = members.access(connection, row.organization, email)
    return sorted(
        one.name for one in found if one.group and one.integration == row.uuid and one.role == "admin"
    )
