"""Who may view an integration, and who may do more."""

from uuid import UUID

from pulumi_encord_integrations.model.members import Permission, may
from pulumi_encord_integrations.server.errors import ObjectNotFound, PermissionDenied
from pulumi_encord_integrations.server.services.unit_of_work import Transaction
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.database import Record


def visible(tx: Transaction, uuid: UUID) -> Record:
    """The row, if the caller may view it."""
    return viewable(tx, uuid, store.find(tx.connection, tx.caller, str(uuid)))


def viewable(tx: Transaction, uuid: UUID, row: Record | None) -> Record:
    """The row that was found, if the caller may view it."""
    if row is None:
        raise ObjectNotFound("integration_not_found", f"there is no integration {uuid}")
    if row.role is None and not tx.caller.reads_everything:
        raise PermissionDenied(
            "not_a_member", f"you are not a member of the integration {uuid}", "Ask one of its admins"
        )
    return row


def readable(tx: Transaction, uuid: UUID) -> Record:
    """The row, if the caller is a member; to an organization admin who has not joined it is only listed."""
    row = visible(tx, uuid)
    if not may(row.role, Permission.VIEW):
        remedy = "Join it first" if tx.caller.is_organization_admin else "Ask one of its admins"
        raise PermissionDenied("not_a_member", f'you are not a member of "{row.title}"', remedy)
    return row


def configured(tx: Transaction, uuid: UUID) -> Record:
    """The row, if the caller is a member or an auditor, who reads how it is configured and not its data."""
    return visible(tx, uuid) if tx.caller.auditor else readable(tx, uuid)


def inspected(tx: Transaction, uuid: UUID) -> Record:
    """The row, if the caller may say who its members are and who changed it."""
    row = visible(tx, uuid)
    if not tx.caller.auditor:
        require(row, Permission.ADD_USERS)
    return row


def require(row: Record, permission: Permission) -> None:
    """Refuses whoever's effective role does not carry the permission."""
    if not may(row.role, permission):
        raise PermissionDenied(
            "not_an_admin", f'only admins of "{row.title}" may do this', "Ask one of its admins"
        )


def require_organization_reader(tx: Transaction) -> None:
    """Refuses whoever neither administers nor audits the organization."""
    if not tx.caller.reads_everything:
        require_organization_admin(tx)


def require_organization_admin(tx: Transaction) -> None:
    """Refuses whoever does not administer the organization."""
    if not tx.caller.is_organization_admin:
        raise PermissionDenied(
            "not_an_organization_admin",
            "only admins of the organization may do this",
            "Ask one of them",
        )


def require_signature(tx: Transaction) -> None:
    """Refuses what would make something lasting of a token that ends soon.

    A federated identity that administers the organization may: it is there to declare who has access.
    """
    if tx.proof.federation and not tx.caller.is_organization_admin:
        raise PermissionDenied(
            "signature_required",
            "a federated token ends within minutes, and registers no key that would stay",
            "An admin of the organization registers it",
        )
    if not tx.proof.federation and not tx.proof.signed:
        raise PermissionDenied(
            "signature_required",
            "a bearer token ends within the hour: it gives nobody a key, a federation, an invitation, the "
            "role ADMIN or the auditor's flag, and lifts no suspension",
            "Sign the request with a key",
        )
