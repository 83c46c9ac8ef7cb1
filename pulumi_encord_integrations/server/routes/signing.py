"""Signed URLs, and the proof that has to come first, over HTTP."""

from typing import Any
from uuid import UUID

from fastapi import Response

from pulumi_encord_integrations.model.signing import AccessChecked, SignedUrls, SignedUrlsRequest
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.responses import success
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.services import access_checks, signing

_sign_body: Any = body_of(SignedUrlsRequest)


def router() -> LazyRouter:
    """The routes that ask clouds."""
    routes = middleware.router("signing", "/cloud-integrations", large=True)

    @routes.post("/{uuid:uuid}/access-check", response_model=AccessChecked)
    def check(request: Authenticated, uuid: UUID) -> Response:
        """Probes whether the role of an AWS integration trusts this API alone."""
        return success(access_checks.check(request.work, uuid))

    @routes.post("/{uuid:uuid}/signed-urls", response_model=SignedUrls)
    def sign(request: Authenticated, uuid: UUID, body: _sign_body) -> Response:
        """URLs to read objects with, each with its end; of Direct Access none."""
        return success(signing.sign(request.work, uuid, body))

    return routes
