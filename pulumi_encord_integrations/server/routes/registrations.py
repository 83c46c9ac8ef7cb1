"""Registration of data over HTTP."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.objects import MAX_URL_BYTES
from pulumi_encord_integrations.model.registration_filters import ListName, RegistrationFilters
from pulumi_encord_integrations.model.registrations import (
    BatchesDone,
    KnownBatches,
    Registered,
    RegistrationBody,
    RegistrationsRemoved,
    RegistrationView,
)
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.responses import success
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.services import registrations as service
from pulumi_encord_integrations.server.services.prechecks import examined_for

_register_body: Any = body_of(RegistrationBody)
_known_body: Any = body_of(KnownBatches)
OfList = Annotated[ListName | None, Query(alias="dataType")]
Url = Annotated[str | None, Query(min_length=1, max_length=MAX_URL_BYTES)]
_PATH = "/{uuid:uuid}/registrations"


def router() -> LazyRouter:
    """The routes of registrations."""
    routes = middleware.router("registrations", "/cloud-integrations", large=True)

    @routes.get(_PATH, response_model=Page[RegistrationView])
    def list_registrations(
        request: Authenticated,
        uuid: UUID,
        of_list: OfList = None,
        url: Url = None,
        page_size: Annotated[int, Query(alias="pageSize", ge=1, le=1000)] = 100,
        page_token: Annotated[str | None, Query(alias="pageToken", max_length=256)] = None,
    ) -> Response:
        """What was registered, in no order that means anything; a page may hold less than there is."""
        filters = RegistrationFilters(of_list, url)
        return success(
            request.work.read(
                partial(
                    service.list_registrations, uuid=uuid, filters=filters, size=page_size, token=page_token
                )
            )
        )

    @routes.delete(_PATH, response_model=RegistrationsRemoved)
    def remove(
        request: Authenticated,
        uuid: UUID,
        of_list: OfList = None,
        url: Url = None,
        if_count: Annotated[int | None, Query(alias="ifCount", ge=0)] = None,
    ) -> Response:
        """Takes back what was registered, all of it without a filter, with ifCount only exactly that many;
        the files stay.
        """
        filters = RegistrationFilters(of_list, url)
        found = service.search(request.work, uuid, filters)
        return request.write(service.remove, uuid, filters, found, if_count)

    @routes.post(_PATH, response_model=Registered)
    def register(request: Authenticated, uuid: UUID, body: _register_body) -> Response:
        """Registers the JSON of Encord's page, all or nothing; may be repeated."""
        return request.write(service.register, uuid, service.judge(request.work, uuid, body))

    @routes.post(f"{_PATH}/known-batches", response_model=BatchesDone)
    def known_batches(request: Authenticated, uuid: UUID, body: _known_body) -> Response:
        """Which of many batches are done."""
        asked = examined_for(request.work, KnownBatches, body, service.registrable, uuid)
        return request.read(service.known_batches, uuid, asked)

    return routes
