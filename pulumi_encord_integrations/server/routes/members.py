"""Members of integrations over HTTP, many at once."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Response

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.members import (
    Joined,
    MembersChange,
    MembersChanged,
    MembersList,
    MembersPage,
    MemberView,
)
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.services import members as service
from pulumi_encord_integrations.server.services.prechecks import examined_for

IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=64)]
PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=1000)]
PageToken = Annotated[str | None, Query(alias="pageToken", max_length=1024)]
_change_body: Any = body_of(MembersChange)
_list_body: Any = body_of(MembersList)


def router() -> LazyRouter:
    """The routes of members, many at once; and of joining."""
    routes = middleware.router("members", "/cloud-integrations", large=True)

    @routes.get("/members", response_model=Page[MemberView])
    def list_all(request: Authenticated, page_size: PageSize = 100, page_token: PageToken = None) -> Response:
        """Members of all integrations that the caller administers."""
        return request.read(service.list_everywhere, page_size, page_token)

    @routes.get("/{uuid:uuid}/members", response_model=MembersPage)
    def list_members(
        request: Authenticated, uuid: UUID, page_size: PageSize = 100, page_token: PageToken = None
    ) -> Response:
        """Members of one integration, individuals first; `etag` is what If-Match takes."""
        return request.read(service.list_members, uuid, page_size, page_token)

    @routes.put("/{uuid:uuid}/members", response_model=MembersChanged)
    def replace(request: Authenticated, uuid: UUID, body: _list_body, match: IfMatch = None) -> Response:
        """Makes the list all that there is; individual Admins whom it does not name stay."""
        asked = examined_for(request.work, MembersList, body, service.administered, uuid)
        return request.write(service.replace, uuid, asked, match)

    @routes.patch("/{uuid:uuid}/members", response_model=MembersChanged)
    def change(request: Authenticated, uuid: UUID, body: _change_body, match: IfMatch = None) -> Response:
        """Grants and withdraws, all or nothing; who is not named stays as it is."""
        asked = examined_for(request.work, MembersChange, body, service.administered, uuid)
        return request.write(service.change, uuid, asked, match)

    @routes.post("/{uuid:uuid}/join", response_model=Joined)
    def join(request: Authenticated, uuid: UUID) -> Response:
        """Makes the caller, an admin of the organization, an Admin of the integration."""
        return request.write(service.join, uuid)

    return routes
