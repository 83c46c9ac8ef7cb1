"""Storage that speaks S3's protocol, reached with the integration's own key pair."""

from collections.abc import Sequence

from pulumi_encord_integrations.model.access_checks import AccessCheckRequest
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds import bucket_checks, s3
from pulumi_encord_integrations.server.clouds.adapter import (
    AccessFinding,
    CloudAdapter,
    SignedObjects,
    StoredIntegration,
    ends_in,
)
from pulumi_encord_integrations.server.clouds.browser import Browser
from pulumi_encord_integrations.server.clouds.s3 import DEFAULT_REGION, BucketEndpoint, Keys
from pulumi_encord_integrations.server.clouds.s3_refusals import Grants
from pulumi_encord_integrations.server.clouds.s3_storage import S3Storage


class KeyPair(CloudAdapter):
    """Signs and reads with a key pair, which proves by itself who declared it."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def sign(
        self, integration: StoredIntegration, objects: Sequence[StoredObject], session_seconds: int | None
    ) -> SignedObjects:
        """URLs that live as long as declared."""
        keys, endpoint = _reached(integration)
        endpoints = {one.bucket: endpoint for one in objects}
        expires_at = ends_in(integration.seconds)
        return SignedObjects(s3.sign(keys, endpoints, objects, integration.seconds), expires_at)

    def check(self, integration: StoredIntegration, request: AccessCheckRequest) -> AccessFinding:
        """Whether the key pair reads the buckets, and browsers may."""
        keys, endpoint = _reached(integration)
        client = s3.s3_client(keys, endpoint, outbound=self._browser.outbound)
        storage = S3Storage(
            client=lambda _bucket: client,
            sign=lambda objects: self.sign(integration, objects, None).urls,
            grants=Grants(by_role=False),
            browser=self._browser,
            probe=bucket_checks.probe_of(integration),
        )
        return AccessFinding(bucket_checks.checks(storage, integration, integration.buckets, request))


def _reached(integration: StoredIntegration) -> tuple[Keys, BucketEndpoint]:
    settings = integration.settings
    keys = Keys(settings["access_key_id"], integration.spec.secret_access_key.get_secret_value())
    return keys, BucketEndpoint(settings["endpoint"], settings.get("region") or DEFAULT_REGION)
