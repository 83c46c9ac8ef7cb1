"""The audit trail over HTTP."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from pulumi_encord_integrations.model.audit import (
    CHECKED_AT_ONCE,
    AuditEntry,
    AuditFilters,
    AuditHead,
    AuditVerification,
    Outcome,
)
from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.errors import invalid
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.services import audit, audit_verification

_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
Moment = Annotated[str | None, Query(pattern=_TIME, description="Such as 2026-01-31T00:00:00Z.")]
Text = Annotated[str, Query(max_length=320)]
_LAST = 2**62


def router() -> LazyRouter:
    """The routes of the organization's audit trail."""
    routes = middleware.router("audit", "/organisation/audit")

    @routes.get("", response_model=Page[AuditEntry])
    def entries(
        request: Authenticated,
        since: Moment = None,
        until: Moment = None,
        integration: UUID | None = None,
        object: Text = "",
        actor: Text = "",
        action: Text = "",
        outcome: Outcome | None = None,
        key: Text = "",
        stack: Annotated[str, Query(max_length=4096)] = "",
        after_sequence: Annotated[int | None, Query(alias="afterSequence", ge=0, le=_LAST)] = None,
        page_size: Annotated[int, Query(alias="pageSize", ge=1, le=1000)] = 100,
        page_token: Annotated[str | None, Query(alias="pageToken", max_length=256)] = None,
    ) -> Response:
        """The newest entries first; with `afterSequence` the oldest behind it.

        For admins and auditors of the organization; with `integration`, for its Admins. `action` is what the
        action begins with. A page may hold fewer entries than asked for, also none, and name a next one.
        """
        filters = AuditFilters(
            since=_utc("since", since),
            until=_utc("until", until),
            object=object.lower(),
            actor=actor.lower(),
            action=action,
            outcome=outcome or "",
            key=key.lower(),
            stack=stack,
        )
        return request.read(audit.entries, filters, page_size, page_token, integration, after_sequence)

    @routes.get("/head", response_model=AuditHead)
    def head(request: Authenticated) -> Response:
        """Sequence and mac of the newest entry, to keep elsewhere; for admins and auditors."""
        return request.read(audit_verification.current_head)

    @routes.get("/verification", response_model=AuditVerification)
    def verification(
        request: Authenticated,
        after: Annotated[int, Query(ge=0, le=_LAST)] = 0,
        page_size: Annotated[int, Query(alias="pageSize", ge=1, le=CHECKED_AT_ONCE)] = CHECKED_AT_ONCE,
    ) -> Response:
        """Whether the entries behind `after` are as they were written; for admins and auditors."""
        return request.read(audit_verification.verification, after, page_size)

    return routes


def _utc(name: str, moment: str | None) -> datetime | None:
    """As the database keeps it; raises `InvalidRequest` for a day that no calendar has."""
    if moment is None:
        return None
    try:
        return datetime.fromisoformat(moment).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise invalid(f"{name}: there is no such time") from None
