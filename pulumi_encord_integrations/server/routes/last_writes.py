"""Who wrote integrations and groups last, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from pulumi_encord_integrations.model.audit import LastWrite, LastWriteOf
from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.services import audit, groups, integrations

_INTEGRATIONS, _GROUPS = "/cloud-integrations", "/organisation/groups"


def router() -> LazyRouter:
    """The routes of the newest writes: of one object, and of all."""
    routes = middleware.router("last-writes")

    @routes.get(f"{_INTEGRATIONS}/last-writes", response_model=Page[LastWriteOf])
    def of_integrations(
        request: Authenticated,
        page_size: Annotated[int, Query(alias="pageSize", ge=1, le=1000)] = 100,
        page_token: Annotated[str | None, Query(alias="pageToken", max_length=256)] = None,
    ) -> Response:
        """Who wrote each of the integrations that the caller administers last, by uuid."""
        return request.read(audit.of_integrations, page_size, page_token)

    @routes.get(f"{_INTEGRATIONS}/{{uuid:uuid}}/last-write", response_model=LastWrite)
    def of_integration(request: Authenticated, uuid: UUID) -> Response:
        """Who wrote the integration, its members or its data last; for its Admins."""
        return request.read(integrations.last_write, uuid)

    @routes.get(f"{_GROUPS}/last-writes", response_model=Page[LastWriteOf])
    def of_groups(request: Authenticated) -> Response:
        """Who wrote each group or its users last, in one page; for admins of the organization."""
        return request.read(audit.of_groups)

    @routes.get(f"{_GROUPS}/{{uuid:uuid}}/last-write", response_model=LastWrite)
    def of_group(request: Authenticated, uuid: UUID) -> Response:
        """Who wrote the group or its users last; for admins of the organization."""
        return request.read(groups.last_write, uuid)

    return routes
