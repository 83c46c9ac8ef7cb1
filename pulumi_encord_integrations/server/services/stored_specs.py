"""What was declared of a stored integration, with the secrets that it needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pulumi_encord_integrations.model.base import relaxed, snake
from pulumi_encord_integrations.model.integrations import IntegrationSpec, IntegrationType
from pulumi_encord_integrations.server.errors import Conflict
from pulumi_encord_integrations.server.services.bodies import Body, examined, refuse_unfit
from pulumi_encord_integrations.server.services.unit_of_work import Transaction
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.database import Record

LOST = "lost"
"""The fingerprint of lost secrets: unlike any other, so that a refresh shows it and `up` sets them."""
_NEED_NONE = frozenset({"title", "declaredAs"})
"""Keys of a change that is judged and written without the secrets."""


@dataclass(frozen=True)
class Current:
    """A stored integration as it was declared, for a change."""

    spec: IntegrationSpec
    renewed: frozenset[str] = frozenset()
    """Secrets that were lost and are given anew; they are part of the spec."""
    lost: frozenset[str] = frozenset()
    """Secrets that are lost and not needed; the spec is without them."""


def stored_spec(tx: Transaction, row: Record, kind: IntegrationType) -> IntegrationSpec:
    """The row as it was declared; raises `Conflict` if a secret is lost."""
    return renewed_spec(tx, row, kind, {}).spec


def changing_spec(tx: Transaction, row: Record, kind: IntegrationType, body: Body) -> Current:
    """What a change begins with; raises `Conflict` if it needs a secret that is lost and not given."""
    return renewed_spec(tx, row, kind, body, needed=not body.keys() <= _NEED_NONE)


def renewed_spec(
    tx: Transaction, row: Record, kind: IntegrationType, body: Body, *, needed: bool = True
) -> Current:
    """The row as it was declared, with what the body gives for secrets that are lost.

    Raises `Conflict` if a secret is lost and not given, but needed.
    """
    stored = store.stored_values(tx.connection, tx.deployment.vault, row, kind)
    if not stored.lost:
        return Current(kind.spec.model_validate(stored.values))
    if not needed:
        return Current(relaxed(kind.spec, stored.lost).model_validate(stored.values), lost=stored.lost)
    given = {snake(kind.spec, key): value for key, value in body.items()}
    if left := stored.lost - given.keys():
        raise _secret_lost(row, kind, left)
    spec = examined(kind.spec, {**stored.values, **{name: given[name] for name in stored.lost}})
    refuse_unfit(spec)
    return Current(spec, renewed=stored.lost)


def told_fingerprints(tx: Transaction, rows: Sequence[Record]) -> dict[str, str]:
    """Uuid of each integration of which a secret is lost -> the fingerprint to tell."""
    return dict.fromkeys(store.lost_secrets(tx.connection, tx.deployment.vault, rows), LOST)


def _secret_lost(row: Record, kind: IntegrationType, fields: Iterable[str]) -> Conflict:
    names = ", ".join(sorted(str(kind.spec.model_fields[name].alias or name) for name in fields))
    return Conflict(
        "secret_lost",
        f'"{row.title}" ({row.uuid}) has lost its {names}: what is stored cannot be decrypted',
        f"Set {names} anew: with pulumi refresh and pulumi up, or with a PATCH of the integration",
    )
