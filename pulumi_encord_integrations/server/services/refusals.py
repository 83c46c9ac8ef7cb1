"""Writes that were refused, in the audit trail."""

import logging

from pulumi_encord_integrations.model.text import uuid_in
from pulumi_encord_integrations.server import errors
from pulumi_encord_integrations.server.concurrency import INLINE
from pulumi_encord_integrations.server.refusal_bounds import RefusalBounds
from pulumi_encord_integrations.server.services.unit_of_work import UnitOfWork
from pulumi_encord_integrations.server.store import audit
from pulumi_encord_integrations.server.store.database import Connection, DatabaseError, PoolTimeout
from pulumi_encord_integrations.server.store.organizations import Caller

_log = logging.getLogger(__name__)
_UNRECORDED = (
    errors.Unauthenticated,
    errors.Misdirected,
    errors.TooManyRequests,
    errors.Overloaded,
    errors.InternalFailure,
    errors.NotConfigured,
)
"""What says nothing of the caller, or what anybody could fill the disk with: it is in the log alone."""
_REPLAYED = "replayed"
_MAX_TEXT = 512
_MAX_ACTION = 64


def record_refusal(
    work: UnitOfWork, bounds: RefusalBounds, action: str, path: str, object_: str, error: errors.ServiceError
) -> None:
    """Leaves an entry about a write that was refused to a caller who is known; never raises for it."""
    if isinstance(error, _UNRECORDED) or error.code == _REPLAYED:
        return
    detail = {"code": error.code, "message": error.message[:_MAX_TEXT], "path": path[:_MAX_TEXT]}
    try:
        # Whoever is not known must not hold the write lock, not for a moment.
        with work.database.read() as connection:
            caller = _known(work, connection)
        if caller is None:
            return
        # Whoever embeds the API has its database in their hands.
        if not (INLINE.get() or bounds.admits(caller)):
            return
        with work.database.write() as connection:
            audit.record(
                connection,
                work.deployment.vault,
                organization=caller.organization,
                actor=caller.email,
                action=action[:_MAX_ACTION],
                # The path of a request may hold anything.
                object_=uuid_in(object_) or "",
                trace=work.trace,
                detail=detail,
                key=caller.credential,
                stack=work.stack,
                outcome="refused",
            )
    except (DatabaseError, PoolTimeout, errors.DatabaseUnusable) as failure:
        if not INLINE.get():
            _log.warning("a refusal is missing in the audit trail: %s", type(failure).__name__)


def _known(work: UnitOfWork, connection: Connection) -> Caller | None:
    """Who calls; None for a credential that is of no use any more. One who is suspended is known."""
    found = work.credential(connection)
    return None if found is None or found.ended or found.expired else found.owner
