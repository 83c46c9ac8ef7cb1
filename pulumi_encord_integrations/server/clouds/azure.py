"""Azure Blob Storage: a SAS of each blob by a user delegation key, or the account's own SAS appended."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pulumi_encord_integrations.model.access_checks import AccessCheckRequest, CheckName
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds import bucket_checks, control
from pulumi_encord_integrations.server.clouds.adapter import (
    AccessFinding,
    CloudAdapter,
    SignedObjects,
    StoredIntegration,
    cloud_failed,
    not_configured,
)
from pulumi_encord_integrations.server.clouds.azure_refusals import Way, code_of, entra_code
from pulumi_encord_integrations.server.clouds.azure_storage import AzureStorage
from pulumi_encord_integrations.server.clouds.browser import Browser, over_vpn
from pulumi_encord_integrations.server.clouds.bucket_checks import Target
from pulumi_encord_integrations.server.clouds.findings import Finding, deadline, tally
from pulumi_encord_integrations.server.errors import Conflict

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

_LONGEST = timedelta(days=7)
"""Azure's own bound of a user delegation key."""
_SKEW = timedelta(minutes=5)
_REUSED = timedelta(hours=1)
_PATIENCE: dict[str, Any] = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 10}
"""Seconds, of questions that are asked again by whoever asks."""
_TENANTS = 256
"""Tenants whose tokens are kept while they last."""
_GOOD: Mapping[CheckName, str] = {"credential": "Azure takes what the integration is reached with"}

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
        from azure.core.exceptions import AzureError

        now = datetime.now(UTC).replace(microsecond=0)
        with self._lock:
            known = self._keys.get((account.endpoint, tenant))
            if known is not None and known[0] <= now < known[0] + _REUSED:
                return known[1], known[2]
        try:
            return self.renew(account, tenant)
        except AzureError as error:
            reason = code_of(error) or entra_code(error) or type(error).__name__
            raise cloud_failed(f"Azure gave no user delegation key for {account.name}: {reason}") from None

    def renew(self, account: Account, tenant: str) -> tuple[datetime, Any]:
        """A new key and its end; raises what the library raises."""
        from azure.storage.blob import BlobServiceClient

        credential = self.credential_of(tenant)
        now = datetime.now(UTC).replace(microsecond=0)
        end = now + _LONGEST - _SKEW
        with BlobServiceClient(account.endpoint, credential=credential, **_PATIENCE) as client:
            key = client.get_user_delegation_key(now - _SKEW, end)
        with self._lock:
            self._keys[account.endpoint, tenant] = (now, end, key)
        return end, key


def application_credential(application: str | None, secret: str | None) -> CredentialOf:
    """The deployment's application in each customer's tenant."""

    def credential(tenant: str) -> Any:
        if not application or not secret:
            raise not_configured(
                "it has no Azure application with a secret",
                "Set ENCORD_AZURE_APPLICATION_ID and ENCORD_AZURE_APPLICATION_SECRET",
            )
        from azure.identity import ClientSecretCredential

        # What it logs is told in the answer, too.
        logging.getLogger("azure.identity").setLevel(logging.CRITICAL)
        # By itself the library waits for minutes, and asks ten times.
        return ClientSecretCredential(tenant, application, secret, **_PATIENCE)

    return lru_cache(_TENANTS)(credential)


class Azure(CloudAdapter):
    """Signs with a user delegation key, or appends the integration's own SAS token."""

    def __init__(
        self, endpoint: str, delegation: Delegation, browser: Browser, application: str | None
    ) -> None:
        self._endpoint = endpoint
        """With `{account}` in it."""
        self.delegation = delegation
        self._browser, self._application = browser, application

    def sign(
        self, integration: StoredIntegration, objects: Sequence[StoredObject], session_seconds: int | None
    ) -> SignedObjects:
        """URLs that live for a week, or as long as the SAS token."""
        account, token = self._account(integration), integration.spec.sas_token
        if token is None:
            return self.delegation.sign(account, integration.settings["tenant_id"], objects)
        ended = _ended(integration)
        if ended:
            raise Conflict("credential_ended", *ended)
        ends_at = datetime.fromisoformat(integration.settings["sas_ends_at"])
        return append(account, token.get_secret_value(), ends_at, objects)

    def controls(self, integration: StoredIntegration, buckets: Sequence[str]) -> Mapping[str, Finding]:
        """Whether the challenge object is in the container."""
        self.delegation.credential_of(integration.settings["tenant_id"])
        with self._storage(integration) as storage:
            return control.controls(storage, integration, buckets)

    def check(self, integration: StoredIntegration, request: AccessCheckRequest) -> AccessFinding:
        """Whether Azure takes the credential; with it control, reading, and browsers."""
        ends = deadline()
        with self._storage(integration) as storage:
            credential = (
                over_vpn(["credential"]) if integration.over_vpn else [self._credential(integration, storage)]
            )
            found = tally(["credential"], credential, _GOOD)
            if credential[0].required and not credential[0].success:
                return AccessFinding(found)
            if integration.spec.challenged:
                more = control.checks(storage, integration, request, ends)
            else:
                buckets = integration.buckets
                more = AccessFinding(bucket_checks.checks(storage, integration, buckets, request, ends))
            return AccessFinding([*found, *more.checks], controls=more.controls)

    def _credential(self, integration: StoredIntegration, storage: AzureStorage) -> Finding:
        target = Target(integration.settings["container"], scheme=storage.scheme)
        try:
            if tenant := integration.settings["tenant_id"]:
                self.delegation.renew(self._account(integration), tenant)
            elif ended := _ended(integration):
                return Finding("credential", False, *ended)
            else:
                storage.container().get_container_properties()
        except Exception as error:  # noqa: BLE001  whatever stops a library, the cloud was not asked
            return storage.credential_refused(target, error)
        return Finding("credential", True)

    def _account(self, integration: StoredIntegration) -> Account:
        name = integration.settings["storage_account"]
        return Account(name, self._endpoint.replace("{account}", name))

    @contextmanager
    def _storage(self, integration: StoredIntegration) -> Iterator[AzureStorage]:
        """The container; its connections are closed afterwards."""
        account, tenant = self._account(integration), integration.settings["tenant_id"]
        with ExitStack() as opened:
            yield AzureStorage(
                container=cache(lambda: opened.enter_context(self._container(integration))),
                sign=lambda objects: self.sign(integration, objects, None).urls,
                way=Way(account.name, self._application if tenant else None, tenant),
                browser=self._browser,
                probe=bucket_checks.probe_of(integration),
                scheme=f"{account.endpoint}/",
            )

    def _container(self, integration: StoredIntegration) -> "ContainerClient":
        from azure.core.credentials import AzureSasCredential
        from azure.storage.blob import ContainerClient

        settings, token = integration.settings, integration.spec.sas_token
        credential: Any = (
            self.delegation.credential_of(settings["tenant_id"])
            if token is None
            else AzureSasCredential(token.get_secret_value())
        )
        endpoint = self._account(integration).endpoint
        return ContainerClient(endpoint, settings["container"], credential=credential, **_PATIENCE)


def _ended(integration: StoredIntegration) -> tuple[str, str] | None:
    """What to say of a SAS token that is over, and what to do."""
    ends_at = datetime.fromisoformat(integration.settings["sas_ends_at"])
    if ends_at > datetime.now(UTC):
        return None
    return (
        f'the SAS token of "{integration.title}" ended on {ends_at:%Y-%m-%d %H:%M} UTC',
        "Declare a new one and run pulumi up",
    )
