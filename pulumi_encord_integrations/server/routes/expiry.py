"""The expiry of signed URLs over HTTP."""

from typing import Any
from uuid import UUID

from fastapi import Response

from pulumi_encord_integrations.model.expiry import ExpiryChange, ExpiryView
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.services import expiry as service
from pulumi_encord_integrations.server.services.prechecks import examined_for

_change_body: Any = body_of(ExpiryChange)
_PATH = "/{uuid:uuid}/signed-url-expiry"


def router() -> LazyRouter:
    """The routes of an integration's expiry."""
    routes = middleware.router("expiry", "/cloud-integrations")

    @routes.get(_PATH, response_model=ExpiryView)
    def read(request: Authenticated, uuid: UUID) -> Response:
        """How long signed URLs live; AWS, GCP and OTC alone."""
        return request.read(service.read, uuid)

    @routes.put(_PATH, response_model=ExpiryView)
    def change(request: Authenticated, uuid: UUID, body: _change_body) -> Response:
        """Sets how long signed URLs live."""
        asked = examined_for(request.work, ExpiryChange, body, service.changeable, uuid)
        return request.write(service.change, uuid, asked)

    @routes.delete(_PATH, response_model=ExpiryView)
    def restore(request: Authenticated, uuid: UUID) -> Response:
        """Sets it back to 1 week."""
        return request.write(service.restore, uuid)

    return routes
