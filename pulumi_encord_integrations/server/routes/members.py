"""Members of integrations over HTTP, many at once."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Response
from sqlalchemy import Connection

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
from pulumi_encord_integrations.server.calls import Authenticated, Call
from pulumi_encord_integrations.server.errors import invalid
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.services import members as service
from pulumi_encord_integrations.server.store import members as store
from pulumi_encord_integrations.server.store import pagination
from pulumi_encord_integrations.server.store.organizations import Caller

IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=64)]
PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=1000)]
PageToken = Annotated[str | None, Query(alias="pageToken", max_length=1024)]
_change_body: Any = body_of(MembersChange)
_list_body: Any = body_of(MembersList)


def router() -> LazyRouter:
    """The routes of members, many at once; and of joining."""
    routes = middleware.router("members", "/cloud-integrations", large=True)

    @routes.get("/members", response_model=Page[MemberView])
    def list_all(call: Authenticated, page_size: PageSize = 100, page_token: PageToken = None) -> Response:
        """Members of all integrations that the caller administers."""

        def ask(connection: Connection, caller: Caller) -> Page[MemberView]:
            found = store.page(connection, None, caller, page_size, _position(call, page_token))
            next_ = service.next_position(found, page_size)
            return Page(
                results=service.views(found[:page_size]),
                next_page_token=next_ and pagination.token(call.deployment.vault, next_),
            )

        return call.read(ask)

    @routes.get("/{uuid:uuid}/members", response_model=MembersPage)
    def list_members(
        call: Authenticated, uuid: UUID, page_size: PageSize = 100, page_token: PageToken = None
    ) -> Response:
        """Members of one integration, individuals first; `etag` is what If-Match takes."""

        def ask(connection: Connection, caller: Caller) -> MembersPage:
            page, next_ = service.page(connection, caller, uuid, page_size, _position(call, page_token))
            token = next_ and pagination.token(call.deployment.vault, next_)
            return page.model_copy(update={"next_page_token": token})

        return call.read(ask)

    @routes.put("/{uuid:uuid}/members", response_model=MembersChanged)
    def replace(call: Authenticated, uuid: UUID, body: _list_body, match: IfMatch = None) -> Response:
        """Makes the list all that there is; individual Admins whom it does not name stay."""
        return call.write(lambda connection, caller: service.replace(connection, caller, uuid, body, match))

    @routes.patch("/{uuid:uuid}/members", response_model=MembersChanged)
    def change(call: Authenticated, uuid: UUID, body: _change_body, match: IfMatch = None) -> Response:
        """Grants and withdraws, all or nothing; who is not named stays as it is."""
        return call.write(lambda connection, caller: service.change(connection, caller, uuid, body, match))

    @routes.post("/{uuid:uuid}/join", response_model=Joined)
    def join(call: Authenticated, uuid: UUID) -> Response:
        """Makes the caller, an admin of the organization, an Admin of the integration."""
        return call.write(lambda connection, caller: service.join(connection, caller, uuid))

    return routes


def _position(call: Call, token: str | None) -> list[str]:
    try:
        return pagination.position(call.deployment.vault, token, 3) if token else []
    except ValueError:
        raise invalid("pageToken: is not one of this API's") from None
