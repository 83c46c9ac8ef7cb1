"""Amazon S3 through the customer's role, once its trust is proven."""

from collections.abc import Sequence
from functools import cache
from typing import ClassVar

from pulumi_encord_integrations.model.access_checks import AccessCheckRequest
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds import aws_trust, bucket_checks
from pulumi_encord_integrations.server.clouds.adapter import (
    AccessFinding,
    CloudAdapter,
    SignedObjects,
    StoredIntegration,
)
from pulumi_encord_integrations.server.clouds.aws_sessions import Role, RoleSessions
from pulumi_encord_integrations.server.clouds.browser import Browser
from pulumi_encord_integrations.server.clouds.s3_refusals import Grants
from pulumi_encord_integrations.server.clouds.s3_storage import S3Storage


class Aws(CloudAdapter):
    """Signs with sessions of the role. URLs expire with the session that signed them."""

    proves_access: ClassVar[bool] = True

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._sessions = RoleSessions()

    def sign(
        self, integration: StoredIntegration, objects: Sequence[StoredObject], session_seconds: int | None
    ) -> SignedObjects:
        """URLs that live as long as declared, or as long as the session that signs them."""
        assert session_seconds is not None  # noqa: S101  nothing is signed before the access is proven
        return self._sessions.sign(
            _role(integration), integration.settings["region"], objects, integration.seconds, session_seconds
        )

    def prove(self, integration: StoredIntegration) -> AccessFinding:
        """Whether the role trusts this deployment alone."""
        return aws_trust.probe(_role(integration))

    def check(self, integration: StoredIntegration, request: AccessCheckRequest) -> AccessFinding:
        """The trust, and once it is proven whether the role reads the buckets, and browsers may."""
        found = self.prove(integration)
        if found.trust is None or not found.trust.proven:
            return found
        # The role may have been made anew, which ends the sessions of the old one.
        self._sessions.forget(_role(integration))
        storage = self._storage(integration, found.trust.session_seconds)
        more = bucket_checks.checks(storage, integration, integration.buckets, request)
        return AccessFinding([*found.checks, *more], found.trust)

    def _storage(self, integration: StoredIntegration, session_seconds: int | None) -> S3Storage:
        role, region = _role(integration), integration.settings["region"]
        return S3Storage(
            # Making a client takes longer than most questions.
            client=cache(lambda bucket: self._sessions.client(role, region, bucket, self._browser.outbound)),
            sign=lambda objects: self.sign(integration, objects, session_seconds).urls,
            grants=Grants(by_role=True, partition=role.arn.split(":")[1]),
            browser=self._browser,
            probe=bucket_checks.probe_of(integration),
        )


def _role(integration: StoredIntegration) -> Role:
    """With the external id that its trust policy must demand."""
    return Role(integration.settings["role_arn"], integration.external_id)
