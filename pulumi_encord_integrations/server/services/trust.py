"""Proving that a role trusts this deployment alone, before anything is done with it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pulumi_encord_integrations.model.members import Permission
from pulumi_encord_integrations.model.signing import AccessChecked
from pulumi_encord_integrations.server.calls import Call, Effect
from pulumi_encord_integrations.server.errors import conflict, invalid
from pulumi_encord_integrations.server.services.authorization import readable, require, visible
from pulumi_encord_integrations.server.signing import not_installed
from pulumi_encord_integrations.server.signing import trust as probes
from pulumi_encord_integrations.server.signing.aws import Role
from pulumi_encord_integrations.server.store import trust as store
from pulumi_encord_integrations.server.store.integrations import settings_of
from pulumi_encord_integrations.server.store.organizations import Caller
from pulumi_encord_integrations.server.store.trust import Trust

AWS = "AWS"


def role_of(row: Row[Any]) -> Role:
    """The role of an AWS integration, with the external id that its trust policy must demand."""
    return Role(settings_of(row)["role_arn"], row.external_id)


def check(call: Call, uuid: UUID) -> Any:
    """Probes the role and keeps what was seen; no transaction is open while AWS is asked."""
    row = call.known(lambda connection, caller: _checkable(connection, caller, uuid))
    finding = _probed(row)
    return call.write(lambda connection, caller: _keep(connection, caller, row, finding))


def proven(call: Call, row: Row[Any]) -> Trust:
    """A fresh proof of the row's role, for which AWS is asked if there is none; raises a 409 fault."""
    known = store.trust_of(row)
    if known is not None and known.fresh:
        return known
    finding = _probed(row)
    call.note(lambda connection, caller: _keep(connection, caller, row, finding))
    trust = _trust(row, finding)
    if trust is None:
        failed = [one for one in finding.checked.checks if not one.success]
        raise conflict(
            "role_unverified",
            f'nothing is signed for "{row.title}": '
            + "; ".join(dict.fromkeys(one.message for one in failed)),
            failed[0].remedy,
        )
    return trust


def _probed(row: Row[Any]) -> probes.Finding:
    try:
        return probes.probe(role_of(row))
    except ImportError as missing:
        raise not_installed(missing) from None


def _checkable(connection: Connection, caller: Caller, uuid: UUID) -> Row[Any]:
    row = visible(connection, caller, uuid)
    require(row, Permission.ADD_USERS)
    if row.provider != AWS:
        raise invalid(f"{row.provider} integrations are reached without a role whose trust could be probed")
    return row


def _trust(row: Row[Any], finding: probes.Finding) -> Trust | None:
    if finding.session_seconds is None or finding.limited_by is None:
        return None
    now = datetime.now(UTC).isoformat()
    return Trust(store.subject(row), now, finding.session_seconds, finding.limited_by)


def _keep(connection: Connection, caller: Caller, asked: Row[Any], finding: probes.Finding) -> Effect:
    """Keeps the proof, or forgets an older one that was refuted; "cannot tell" refutes nothing."""
    row = readable(connection, caller, UUID(asked.uuid))
    checked: AccessChecked = finding.checked
    if checked.valid is not None and store.subject(row) == store.subject(asked):
        store.keep(connection, row.uuid, _trust(row, finding))
    found: dict[str, Any] = {check.name: check.success for check in checked.checks}
    return Effect(checked, "integration.access-check", row.uuid, found)
