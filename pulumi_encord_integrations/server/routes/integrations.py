"""Integrations over HTTP."""

from functools import reduce
from operator import or_
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.identity import LetGo
from pulumi_encord_integrations.model.integration_registry import integration_types
from pulumi_encord_integrations.model.integrations import (
    CreatedIntegration,
    IntegrationFilters,
    IntegrationTitles,
)
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.routes.schema import Documented
from pulumi_encord_integrations.server.routes.stacks import DeclaredBy, DeclaredIn, StackId
from pulumi_encord_integrations.server.services import integrations as service
from pulumi_encord_integrations.server.services.bodies import change_model_of, create_model_of


def _any_create() -> Any:
    models = [create_model_of(kind) for kind in integration_types()]
    return models[0] if len(models) == 1 else Annotated[reduce(or_, models), Field(discriminator="provider")]


def _any_change() -> Any:
    return reduce(or_, map(change_model_of, integration_types()))


_create_body: Any = Annotated[dict[str, Any], Documented(_any_create)]
_change_body: Any = Annotated[dict[str, Any], Documented(_any_change)]
_THE_CREATED = {"uuid": "$response.body#/integration/integrationUuid"}
_LINKS = {
    method: {
        "operationRef": f"#/paths/~1v2~1public~1cloud-integrations~1{{uuid}}/{method}",
        "parameters": _THE_CREATED,
    }
    for method in ("get", "patch", "delete")
}


def router() -> LazyRouter:
    """The routes, documented with the bodies and answers of every registered type of integration."""
    view: Any = reduce(or_, (kind.view for kind in integration_types()))
    routes = middleware.router("cloud-integrations", "/cloud-integrations")

    @routes.get("", response_model=IntegrationTitles)
    def list_titles(
        request: Authenticated,
        filter_integration_uuids: Annotated[list[UUID], Query(alias="filterIntegrationUuids")] = [],  # noqa: B006
        filter_integration_titles: Annotated[list[str], Query(alias="filterIntegrationTitles")] = [],  # noqa: B006
        include_org_access: Annotated[bool, Query(alias="includeOrgAccess")] = False,
    ) -> Response:
        """Titles and uuids of the integrations that the caller may view."""
        filters = IntegrationFilters(
            include_org_access=include_org_access,
            titles=filter_integration_titles,
            uuids=[str(uuid) for uuid in filter_integration_uuids],
        )
        return request.read(service.titles, filters)

    @routes.get("/search", response_model=Page[view])
    def search(
        request: Authenticated,
        owner: str | None = None,
        mine: bool = False,
        provider: str | None = None,
        title: str | None = None,
        include_org_access: Annotated[bool, Query(alias="includeOrgAccess")] = False,
        page_size: Annotated[int, Query(alias="pageSize", ge=1, le=1000)] = 100,
        page_token: Annotated[str | None, Query(alias="pageToken", max_length=256)] = None,
        stack_id: StackId = None,
    ) -> Response:
        """Whole integrations, oldest first; declaredHere for those that the stack of stackId declares."""
        titles = [] if title is None else [title]
        filters = IntegrationFilters(include_org_access, mine, owner, provider, titles)
        return request.read(service.search, filters, page_size, page_token, stack_id)

    @routes.post("", response_model=CreatedIntegration, responses={200: {"links": _LINKS}})
    def create(request: Authenticated, body: _create_body) -> Response:
        """Creates an integration or, for a known declaration, answers the object with this spec applied."""
        return request.write(service.create, service.judge_create(request.work, body))

    @routes.get("/{uuid:uuid}", response_model=view)
    def read(request: Authenticated, uuid: UUID, stack_id: StackId = None) -> Response:
        """One integration; declaredHere if the stack of stackId declares it."""
        return request.read(service.read, uuid, stack_id)

    @routes.patch("/{uuid:uuid}", response_model=view)
    def change(
        request: Authenticated,
        uuid: UUID,
        body: _change_body,
        declared_by: DeclaredBy = None,
        declared_in: DeclaredIn = None,
    ) -> Response:
        """Changes what may change in place; what is absent stays, null clears; with declaredBy, an identity,
        or declaredIn, project/stack, refused if another stack declares it.
        """
        asked = service.judge_change(request.work, uuid, body)
        return request.write(service.change, uuid, asked, declared_by, declared_in)

    @routes.delete("/{uuid:uuid}", response_model=LetGo)
    def delete(
        request: Authenticated,
        uuid: UUID,
        declared_by: DeclaredBy = None,
        if_empty: Annotated[bool, Query(alias="ifEmpty")] = False,
    ) -> Response:
        """Deletes, with ifEmpty only what holds no data; for a stack releases what was adopted and keeps
        what another stack declares.
        """
        return request.write(service.delete, uuid, declared_by, if_empty=if_empty)

    return routes
