"""Whether data can be reached as declared; and the proof of it that comes before anything is signed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from pulumi_encord_integrations.model.access_checks import AccessCheckRequest, judged
from pulumi_encord_integrations.model.integrations import IntegrationType
from pulumi_encord_integrations.model.members import Permission
from pulumi_encord_integrations.model.objects import DirectUrls, ObjectUrls
from pulumi_encord_integrations.server.clouds.adapter import (
    AccessFinding,
    CloudAdapter,
    StoredIntegration,
    not_installed,
)
from pulumi_encord_integrations.server.errors import Conflict, invalid
from pulumi_encord_integrations.server.services import control
from pulumi_encord_integrations.server.services.authorization import readable, require, visible
from pulumi_encord_integrations.server.services.bodies import Body, examined, kind_of
from pulumi_encord_integrations.server.services.bulk import each_url
from pulumi_encord_integrations.server.services.stored_specs import stored_spec
from pulumi_encord_integrations.server.services.unit_of_work import (
    Effect,
    FirstAnswer,
    Transaction,
    UnitOfWork,
)
from pulumi_encord_integrations.server.store import access_proofs as store
from pulumi_encord_integrations.server.store.access_proofs import AccessProof
from pulumi_encord_integrations.server.store.database import Record
from pulumi_encord_integrations.server.store.integrations import settings_of


@dataclass(frozen=True)
class _Asked:
    """An integration as it was when its access was asked about."""

    row: Record
    integration: StoredIntegration
    request: AccessCheckRequest


def check(work: UnitOfWork, uuid: UUID, body: Body) -> BaseModel | FirstAnswer:
    """Checks the access and keeps what was proven; no transaction is open while a cloud is asked."""
    request = examined(AccessCheckRequest, body)
    asked = work.read(lambda tx: _asked(tx, uuid, request))
    known = work.first_answer()
    if known is not None:
        return known
    asked_at = datetime.now(UTC)
    try:
        finding = _adapter(work, asked.row.provider).check(asked.integration, request)
    except ImportError as missing:
        raise not_installed(missing) from None
    return work.write(lambda tx: _keep(tx, asked.row, finding, asked_at))


def proven(work: UnitOfWork, row: Record, integration: StoredIntegration) -> AccessProof:
    """A fresh proof of the row's role, for which the cloud is asked if there is none; raises `Conflict`."""
    known = store.proof_of(row)
    if known is not None and known.fresh:
        return known
    asked_at = datetime.now(UTC)
    try:
        finding = _adapter(work, row.provider).prove(integration)
    except ImportError as missing:
        raise not_installed(missing) from None
    work.note(lambda tx: _keep(tx, row, finding, asked_at))
    proof = _proof(row, finding, asked_at)
    if proof is None:
        failed = [one for one in finding.checks if not one.success]
        raise Conflict(
            "role_unverified",
            f'nothing is signed for "{row.title}": '
            + "; ".join(dict.fromkeys(one.message for one in failed)),
            failed[0].remedy,
        )
    return proof


def _adapter(work: UnitOfWork, provider: str) -> CloudAdapter:
    return work.deployment.adapters[provider]


def _asked(tx: Transaction, uuid: UUID, request: AccessCheckRequest) -> _Asked:
    row = visible(tx, uuid)
    require(row, Permission.ADD_USERS)
    kind = kind_of(row.provider)
    stored = stored_integration(tx, row, kind)
    _require_urls(request, kind.urls(stored.settings))
    return _Asked(row, stored, request)


def stored_integration(tx: Transaction, row: Record, kind: IntegrationType) -> StoredIntegration:
    """The row as a cloud's adapter sees it, secrets decrypted."""
    spec = stored_spec(tx, row, kind)
    buckets = control.buckets_of(kind, row)
    approved = control.approved(row, buckets) if spec.challenged else frozenset()
    return StoredIntegration(
        row.provider, row.title, row.external_id, settings_of(row), spec, row.uuid, buckets, approved
    )


def _require_urls(request: AccessCheckRequest, rules: ObjectUrls | DirectUrls) -> None:
    """Only Direct Access has URLs to try, and only those that the integration takes."""
    if request.urls and not isinstance(rules, DirectUrls):
        raise invalid("urls: only Direct Access integrations have URLs to check; others check their buckets")
    each_url(request.urls, "urls", rules.canonical)


def _proof(row: Record, finding: AccessFinding, asked_at: datetime) -> AccessProof | None:
    trust = finding.trust
    if trust is None or trust.session_seconds is None or trust.limited_by is None:
        return None
    return AccessProof(store.subject(row), asked_at.isoformat(), trust.session_seconds, trust.limited_by)


def _keep(tx: Transaction, before: Record, finding: AccessFinding, asked_at: datetime) -> Effect:
    """Keeps the proofs, or forgets an older one that was refuted; "cannot tell" refutes nothing."""
    row = readable(tx, UUID(before.uuid))
    told = finding.trust is not None and finding.trust.proven is not None
    if told and store.subject(row) == store.subject(before):
        store.keep(tx.connection, row, _proof(row, finding, asked_at), asked_at)
    if finding.controls:
        control.keep(tx, before, finding.controls, asked_at)
    found: dict[str, Any] = {check.name: check.success for check in finding.checks}
    return Effect(judged(finding.checks), "integration.access-check", row.uuid, found)
