"""Proving that a role trusts this deployment alone, before anything is done with it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from pulumi_encord_integrations.model.members import Permission
from pulumi_encord_integrations.model.signing import AccessChecked
from pulumi_encord_integrations.server.clouds.adapter import AccessFinding, StoredIntegration, unchecked
from pulumi_encord_integrations.server.errors import Conflict
from pulumi_encord_integrations.server.services.authorization import readable, require, visible
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


def check(work: UnitOfWork, uuid: UUID) -> BaseModel | FirstAnswer:
    """Checks the access and keeps what was seen; no transaction is open while a cloud is asked."""
    row = work.read(lambda tx: _checkable(tx, uuid))
    finding = _checked(work, row)
    return work.write(lambda tx: _keep(tx, row, finding))


def proven(work: UnitOfWork, row: Record) -> AccessProof:
    """A fresh proof of the row's role, for which the cloud is asked if there is none; raises `Conflict`."""
    known = store.proof_of(row)
    if known is not None and known.fresh:
        return known
    finding = _checked(work, row)
    work.note(lambda tx: _keep(tx, row, finding))
    proof = _proof(row, finding)
    if proof is None:
        failed = [one for one in finding.checked.checks if not one.success]
        raise Conflict(
            "role_unverified",
            f'nothing is signed for "{row.title}": '
            + "; ".join(dict.fromkeys(one.message for one in failed)),
            failed[0].remedy,
        )
    return proof


def _checked(work: UnitOfWork, row: Record) -> AccessFinding:
    stored = StoredIntegration(row.provider, row.title, row.external_id, settings_of(row))
    return work.deployment.adapters[row.provider].check(stored)


def _checkable(tx: Transaction, uuid: UUID) -> Record:
    row = visible(tx, uuid)
    require(row, Permission.ADD_USERS)
    cloud = tx.deployment.adapters.get(row.provider)
    if cloud is None or not cloud.proves_access:
        raise unchecked(row.provider)
    return row


def _proof(row: Record, finding: AccessFinding) -> AccessProof | None:
    if finding.session_seconds is None or finding.limited_by is None:
        return None
    now = datetime.now(UTC).isoformat()
    return AccessProof(store.subject(row), now, finding.session_seconds, finding.limited_by)


def _keep(tx: Transaction, asked: Record, finding: AccessFinding) -> Effect:
    """Keeps the proof, or forgets an older one that was refuted; "cannot tell" refutes nothing."""
    row = readable(tx, UUID(asked.uuid))
    checked: AccessChecked = finding.checked
    if checked.valid is not None and store.subject(row) == store.subject(asked):
        store.keep(tx.connection, row.uuid, _proof(row, finding))
    found: dict[str, Any] = {check.name: check.success for check in checked.checks}
    return Effect(checked, "integration.access-check", row.uuid, found)
