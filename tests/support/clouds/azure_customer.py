"""An API in this process on a subscription, and customers whose containers it reads by way of the gateway."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.settings import load
from pulumi_encord_integrations.model.policies.azure import azure_cors
from pulumi_encord_integrations.model.policies.control import challenge_object
from pulumi_encord_integrations.model.principals import CloudAccess, Principals
from pulumi_encord_integrations.server.clouds import outbound
from pulumi_encord_integrations.server.deployment import Deployment
from tests.support.api import CREATOR, INTEGRATIONS, Answer, Api
from tests.support.clouds.azure_roles import DELEGATOR, READER
from tests.support.clouds.azure_subscription import ORIGIN, Subscription
from tests.support.clouds.azurite import Azurite, StorageAccount
from tests.support.clouds.entra import Entra
from tests.support.clouds.objects import KEYS
from tests.support.engine import Project

_LETTERS = {"r": "read", "l": "list", "w": "write", "c": "create"}


class NoStack(Project):
    """A project that nothing is deployed with."""

    def new_stack(self, name: str = "dev") -> None:
        """Has none."""


@contextmanager
def undeployed(folder: Path, azurite: Azurite) -> Iterator[Subscription]:
    """A subscription of a block's own, without Pulumi."""
    entra = Entra(azurite.certificate, azurite.key)
    made = Subscription(NoStack(folder, {"PATH": ""}), azurite, entra)
    try:
        yield made
    finally:
        made.stop()
        entra.stop()


@contextmanager
def trusting(subscription: Subscription) -> Iterator[None]:
    """Lets this process be that of an API: it signs in at Entra, and trusts Azurite."""
    # What SSL_CERT_FILE names is read once.
    outbound._tls.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in subscription.environment().items():
            patch.setenv(name, value)
        yield
    outbound._tls.cache_clear()


@contextmanager
def embedded_api(subscription: Subscription) -> Iterator[Client]:
    """The embedded API of the subscription's project, as it is configured, behind the engine's back."""
    project = subscription.project
    settings = load(project.config.get, project.folder, project.env)
    with trusting(subscription), closing(embedded.connect(settings)) as client:
        yield client


@contextmanager
def calling(api: Api, subscription: Subscription, endpoint: str = "") -> Iterator[None]:
    """Lets the API be the application that is in the subscription's tenant, and has no role yet."""
    subscription.remove_role_assignments()
    subscription.entra.tenants[subscription.tenant_id] = subscription.principal_id
    clouds = CloudAccess(
        azure_secret=subscription.entra.secret,
        azure_blob_endpoint=endpoint or subscription.blob_endpoint,
        private_networks=(ip_network("127.0.0.0/8"),),
    )
    principals = Principals(application_id=subscription.entra.application_id, origins=[ORIGIN])
    api.app.state.deployment = Deployment(api.vault, principals, clouds)
    with trusting(subscription):
        yield


def sas_of(account: StorageAccount, seconds: float = 3600, permission: str = "rl") -> str:
    """An account SAS for containers and objects."""
    return generate_account_sas(
        account.name,
        account.keys[0],
        resource_types=ResourceTypes(container=True, object=True),
        permission=AccountSasPermissions(**{_LETTERS[letter]: True for letter in permission}),
        expiry=datetime.now(UTC) + timedelta(seconds=seconds),
    )


class Customer:
    """A container with blobs, and an integration that reads it, by a SAS token or by an application."""

    def __init__(
        self, api: Api, subscription: Subscription, *, container: str = "", who: str = CREATOR, **given: Any
    ) -> None:
        self.api, self.subscription, self.who = api, subscription, who
        self.container = container or f"acme-{uuid4().hex[:12]}"
        way = {} if "sasToken" in given else {"tenantId": subscription.tenant_id}
        body = {
            "provider": "AZURE",
            "title": f"data of {who}",
            "storageAccount": subscription.account.name,
            "container": self.container,
            **way,
            **given,
        }
        made = api.send(who=who, method="POST", body=body)
        assert made.status == 200, made.body
        self.view: dict[str, Any] = made.body["integration"]

    @property
    def container_id(self) -> str:
        return f"{self.subscription.account_id}/blobServices/default/containers/{self.container}"

    def fill(self) -> None:
        """Makes the container, and the account's CORS rules as our documents say."""
        with self.subscription.service() as service:
            made = service.create_container(self.container)
            for key in KEYS:
                made.upload_blob(key, key.encode())
        self.subscription.set_cors(*azure_cors([ORIGIN]))

    def grant(self) -> None:
        """Gives the application its two roles, as our documents say."""
        self.subscription.assign(READER, self.container_id)
        self.subscription.assign(DELEGATOR)

    def prove(self) -> None:
        """Writes the challenge object of the integration."""
        uuid, challenge = self.view["integrationUuid"], self.view["challenge"]
        one = challenge_object(uuid, challenge, self.container)
        self.subscription.put(one.key, one.value.encode(), self.container)

    @property
    def challenge_key(self) -> str:
        return f".encord/{self.view['integrationUuid']}"

    def check(self, **request: Any) -> dict[str, dict[str, Any]]:
        """Name -> what was found."""
        answer = self._ask("access-check", request or None)
        assert answer.status == 200, answer.body
        self.valid = answer.body["valid"]
        return {one["name"]: one for one in answer.body["checks"]}

    def sign(self, *keys: str) -> Answer:
        """Asks for signed URLs."""
        return self._ask("signed-urls", {"objectUrls": list(keys or KEYS)})

    def _ask(self, what: str, body: Mapping[str, Any] | None) -> Answer:
        path = f"{INTEGRATIONS}/{self.view['integrationUuid']}/{what}"
        return self.api.send(who=self.who, method="POST", path=path, body=body)
