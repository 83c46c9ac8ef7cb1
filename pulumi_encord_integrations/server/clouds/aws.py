"""Amazon S3 through the customer's role, once its trust is proven."""

from collections.abc import Sequence
from typing import ClassVar

from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds import aws_trust
from pulumi_encord_integrations.server.clouds.adapter import (
    AccessFinding,
    SignedObjects,
    StoredIntegration,
    not_installed,
)
from pulumi_encord_integrations.server.clouds.aws_sessions import Role, RoleSessions


class Aws:
    """Signs with sessions of the role. URLs expire with the session that signed them."""

    proves_access: ClassVar[bool] = True

    def __init__(self) -> None:
        self._sessions = RoleSessions()

    def sign(
        self, integration: StoredIntegration, objects: Sequence[StoredObject], session_seconds: int | None
    ) -> SignedObjects:
        """URLs that live as long as declared, or as long as the session that signs them."""
        assert session_seconds is not None  # noqa: S101  nothing is signed before the access is proven
        return self._sessions.sign(
            _role(integration), integration.settings["region"], objects, integration.seconds, session_seconds
        )

    def check(self, integration: StoredIntegration) -> AccessFinding:
        """Whether the role trusts this deployment alone."""
        try:
            return aws_trust.probe(_role(integration))
        except ImportError as missing:
            raise not_installed(missing) from None


def _role(integration: StoredIntegration) -> Role:
    """With the external id that its trust policy must demand."""
    return Role(integration.settings["role_arn"], integration.external_id)
