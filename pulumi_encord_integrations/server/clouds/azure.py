"""Azure Blob Storage: a SAS of each blob by a user delegation key, or the account's own SAS appended."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds.adapter import (
    SignedObjects,
    StoredIntegration,
    Unchecked,
    cloud_failed,
    not_configured,
)
from pulumi_encord_integrations.server.errors import Conflict

_LONGEST = timedelta(days=7)
"""Azure's own bound of a user delegation key."""
_SKEW = timedelta(minutes=5)
_REUSED = timedelta(hours=1)

CredentialOf = Callable[[str], Any]
"""tenant -> an azure-core `TokenCredential` of the deployment's application there."""


@dataclass
class Account:
    """A storage account as the deployment reaches it."""

    name: str
    endpoint: str

    def url(self, one: StoredObject) -> str:
        """The blob's own URL."""
        return f"{self.endpoint}/{quote(one.bucket, safe='$')}/{quote(one.key, safe='/~')}"


def append(account: Account, token: str, ends_at: datetime, objects: Sequence[StoredObject]) -> SignedObjects:
    """The account's SAS signs no path: whoever holds such a URL can read all that the token opens."""
    return SignedObjects([f"{account.url(one)}?{token}" for one in objects], ends_at)


@dataclass
class Delegation:
    """User delegation keys of one deployment, each used for an hour."""

    credential_of: CredentialOf
    _keys: dict[tuple[str, str], tuple[datetime, datetime, Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sign(self, account: Account, tenant: str, objects: Sequence[StoredObject]) -> SignedObjects:
        """A SAS of each blob alone, to read it."""
        from azure.storage.blob import BlobSasPermissions, generate_blob_sas

        end, key = self._key(account, tenant)
        read = BlobSasPermissions(read=True)
        urls = [
            f"{account.url(one)}?"
            + generate_blob_sas(
                account.name,
                one.bucket,
                one.key,
                user_delegation_key=key,
                permission=read,
                expiry=end,
            )
            for one in objects
        ]
        return SignedObjects(urls, end)

    def _key(self, account: Account, tenant: str) -> tuple[datetime, Any]:
        now = datetime.now(UTC).replace(microsecond=0)
        with self._lock:
            known = self._keys.get((account.endpoint, tenant))
            if known is None or not known[0] <= now < known[0] + _REUSED:
                end = now + _LONGEST - _SKEW
                known = (now, end, self._ask(account, tenant, now - _SKEW, end))
                self._keys[account.endpoint, tenant] = known
        return known[1], known[2]

    def _ask(self, account: Account, tenant: str, start: datetime, end: datetime) -> Any:
        from azure.core.exceptions import AzureError
        from azure.storage.blob import BlobServiceClient

        credential = self.credential_of(tenant)
        try:
            with BlobServiceClient(account.endpoint, credential=credential, retry_total=1) as client:
                return client.get_user_delegation_key(start, end)
        except AzureError as error:
            reason = getattr(error, "error_code", None) or type(error).__name__
            raise cloud_failed(f"Azure gave no user delegation key for {account.name}: {reason}") from None


def application_credential(application: str | None, secret: str | None) -> CredentialOf:
    """The deployment's application in each customer's tenant."""

    def credential(tenant: str) -> Any:
        if not application or not secret:
            raise not_configured(
                "it has no Azure application with a secret",
                "Set ENCORD_AZURE_APPLICATION_ID and ENCORD_AZURE_APPLICATION_SECRET",
            )
        from azure.identity import ClientSecretCredential

        return ClientSecretCredential(tenant, application, secret)

    return credential


class Azure(Unchecked):
    """Signs with a user delegation key, or appends the integration's own SAS token."""

    def __init__(self, endpoint: str, delegation: Delegation) -> None:
        self._endpoint = endpoint
        """With `{account}` in it."""
        self.delegation = delegation

    def sign(
        self, integration: StoredIntegration, objects: Sequence[StoredObject], session_seconds: int | None
    ) -> SignedObjects:
        """URLs that live for a week, or as long as the SAS token."""
        settings, token = integration.settings, integration.spec.sas_token
        name = settings["storage_account"]
        account = Account(name, self._endpoint.replace("{account}", name))
        if token is None:
            return self.delegation.sign(account, settings["tenant_id"], objects)
        ends_at = datetime.fromisoformat(settings["sas_ends_at"])
        if ends_at <= datetime.now(UTC):
            raise Conflict(
                "credential_ended",
                f'the SAS token of "{integration.title}" ended on {ends_at:%Y-%m-%d %H:%M} UTC',
                "Declare a new one and run pulumi up",
            )
        return append(account, token.get_secret_value(), ends_at, objects)
