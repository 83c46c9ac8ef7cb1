"""Registration of data over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy import Connection

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.registrations import (
    BatchesDone,
    KnownBatches,
    Registered,
    RegistrationBody,
    RegistrationView,
)
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.calls import Authenticated
from pulumi_encord_integrations.server.errors import invalid
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.services import registrations as service
from pulumi_encord_integrations.server.store import pagination
from pulumi_encord_integrations.server.store.organizations import Caller

_register_body: Any = body_of(RegistrationBody)
_known_body: Any = body_of(KnownBatches)
_PATH = "/{uuid:uuid}/registrations"


def router() -> LazyRouter:
    """The routes of registrations."""
    routes = middleware.router("registrations", "/cloud-integrations", large=True)

    @routes.get(_PATH, response_model=Page[RegistrationView])
    def list_registrations(
        call: Authenticated,
        uuid: UUID,
        page_size: Annotated[int, Query(alias="pageSize", ge=1, le=1000)] = 100,
        page_token: Annotated[str | None, Query(alias="pageToken", max_length=256)] = None,
    ) -> Response:
        """What was registered, in no order that means anything."""
        vault = call.deployment.vault
        try:
            after = pagination.position(vault, page_token, 1)[0] if page_token else None
        except ValueError:
            raise invalid("pageToken: is not one of this API's") from None

        def ask(connection: Connection, caller: Caller) -> Page[RegistrationView]:
            found, next_ = service.page(connection, caller, uuid, page_size, after)
            return Page(results=found, next_page_token=next_ and pagination.token(vault, next_))

        return call.read(ask)

    @routes.post(_PATH, response_model=Registered)
    def register(call: Authenticated, uuid: UUID, body: _register_body) -> Response:
        """Registers the JSON of Encord's page, all or nothing; may be repeated."""
        return call.write(lambda connection, caller: service.register(connection, caller, uuid, body))

    @routes.post(f"{_PATH}/known-batches", response_model=BatchesDone)
    def known_batches(call: Authenticated, uuid: UUID, body: _known_body) -> Response:
        """Which of many batches are done."""
        return call.read(lambda connection, caller: service.known_batches(connection, caller, uuid, body))

    return routes
