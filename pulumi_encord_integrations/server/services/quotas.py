"""How much an organization may hold, asked in the transaction that adds to it."""

from typing import Literal

from pulumi_encord_integrations.model.limits import QUOTA_VARIABLES
from pulumi_encord_integrations.server.errors import Conflict
from pulumi_encord_integrations.server.services.unit_of_work import Transaction
from pulumi_encord_integrations.server.store import quotas as store

Kind = Literal["integrations", "users", "groups", "members", "registrations"]


def require_room(tx: Transaction, kind: Kind, used: int | None = None) -> None:
    """Raises `Conflict` if there are more than may be: as many as `used`, or as were added before this."""
    limit: int = getattr(tx.deployment.quotas, kind)
    if used is None:
        used = store.used(tx.connection, kind, tx.caller.organization)
    if used > limit:
        whose = "an integration" if kind == "members" else f'the organization "{tx.caller.organization_name}"'
        raise Conflict(
            "quota_reached",
            f"{whose} may have {limit:,} {kind}, and this would make {used:,}",
            f"Remove some, or have the operator of the API raise {QUOTA_VARIABLES[kind]}",
        )
