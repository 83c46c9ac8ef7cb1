"""Signed URLs, and the checks of access, over HTTP."""

from typing import Any
from uuid import UUID

from fastapi import Response

from pulumi_encord_integrations.model.access_checks import AccessChecked, AccessCheckRequest
from pulumi_encord_integrations.model.signing import SignedUrls, SignedUrlsRequest
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.responses import success
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.services import access_checks, signing

_check_body: Any = body_of(AccessCheckRequest)
_sign_body: Any = body_of(SignedUrlsRequest)


def router() -> LazyRouter:
    """The routes that ask clouds."""
    routes = middleware.router("signing", "/cloud-integrations", clouds=True)

    @routes.post("/{uuid:uuid}/access-check", response_model=AccessChecked)
    def check(request: Authenticated, uuid: UUID, body: _check_body | None = None) -> Response:
        """Checks whether the data can be reached as declared: by the API, by browsers, by nobody else."""
        return success(access_checks.check(request.work, uuid, body or {}))

    @routes.post("/{uuid:uuid}/signed-urls", response_model=SignedUrls)
    def sign(request: Authenticated, uuid: UUID, body: _sign_body) -> Response:
        """URLs to read objects with, each with its end; of Direct Access none."""
        return success(signing.sign(request.work, uuid, body))

    return routes
