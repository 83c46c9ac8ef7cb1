"""Control of buckets: nothing is signed for one before whoever declared it was seen to control it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from pulumi_encord_integrations.model.access_checks import judged
from pulumi_encord_integrations.model.integrations import IntegrationType
from pulumi_encord_integrations.model.objects import ObjectUrls
from pulumi_encord_integrations.server.clouds.adapter import StoredIntegration, not_installed
from pulumi_encord_integrations.server.clouds.findings import Finding
from pulumi_encord_integrations.server.errors import Conflict
from pulumi_encord_integrations.server.services.authorization import readable
from pulumi_encord_integrations.server.services.bodies import kind_of
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction, UnitOfWork
from pulumi_encord_integrations.server.store import control_proofs as store
from pulumi_encord_integrations.server.store.control_proofs import ControlProof
from pulumi_encord_integrations.server.store.database import Record
from pulumi_encord_integrations.server.store.integrations import settings_of

ACTION = "integration.control"
"""In the audit trail."""


def buckets_of(kind: IntegrationType, row: Record) -> Mapping[str, Sequence[str]]:
    """Bucket or container -> prefixes; empty for Direct Access."""
    urls = kind.urls(settings_of(row))
    return urls.buckets if isinstance(urls, ObjectUrls) else {}


def approved(row: Record, buckets: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """The buckets that an operator has approved as they are now."""
    return frozenset(name for name, proof in store.proofs_of(row, buckets).items() if proof.approved)


def verified(kind: IntegrationType, row: Record) -> bool:
    """Whether every bucket was seen to be controlled, as far as that still serves."""
    if row.trust is None:
        return False
    buckets = buckets_of(kind, row)
    proofs = store.proofs_of(row, buckets)
    return all(name in proofs and proofs[name].kept for name in buckets)


def forget_others(tx: Transaction, kind: IntegrationType, row: Record) -> None:
    """Forgets what was seen of other buckets and prefixes, which must not serve when they come back."""
    if row.trust is not None:
        store.keep(tx.connection, row, buckets_of(kind, row), {})


def require(work: UnitOfWork, row: Record, integration: StoredIntegration, buckets: Sequence[str]) -> None:
    """Raises `Conflict` unless control of each of these buckets is proven; asks the cloud where it must."""
    known = store.proofs_of(row, integration.buckets)
    stale = [name for name in buckets if name not in known or not known[name].fresh]
    if not stale:
        return
    asked_at = datetime.now(UTC)
    try:
        found = work.deployment.adapters[row.provider].controls(integration, stale)
    except ImportError as missing:
        raise not_installed(missing) from None
    answers = {name: one.success for name, one in found.items()}
    if not integration.over_vpn and set(answers.values()) != {None}:
        work.note(lambda tx: _noted(tx, row, answers, asked_at))
    unproven = [name for name in stale if not _proven(found[name], known.get(name))]
    if unproven:
        raise Conflict(
            "control_unproven",
            f'nothing is signed for "{row.title}": '
            + "; ".join(dict.fromkeys(found[name].message for name in unproven[:3])),
            found[unproven[0]].remedy,
        )


def keep(tx: Transaction, before: Record, answers: Mapping[str, bool | None], asked_at: datetime) -> None:
    """Keeps what the cloud answered of a row's buckets as they were; "cannot tell" changes nothing."""
    row = readable(tx, UUID(before.uuid))
    kind = kind_of(row.provider)
    buckets = buckets_of(kind, row)
    asked = buckets_of(kind, before)
    seen = {
        name: ControlProof(store.subject(row, name, buckets[name]), asked_at.isoformat(), answer)
        for name, answer in answers.items()
        if answer is not None and name in buckets and buckets[name] == asked[name]
    }
    if seen:
        store.keep(tx.connection, row, buckets, seen)


def _noted(tx: Transaction, row: Record, answers: Mapping[str, bool | None], asked_at: datetime) -> Effect:
    keep(tx, row, answers, asked_at)
    return Effect(judged([]), ACTION, row.uuid, {"controlled": dict(answers)})


def _proven(found: Finding, known: ControlProof | None) -> bool:
    if found.success is None:
        return known is not None and known.kept
    return found.success
