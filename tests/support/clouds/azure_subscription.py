"""An Azure subscription on Azurite, and a Pulumi project that declares what is in it."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

from pulumi_encord_integrations.client import members
from tests.support.cloud_plugins import azure
from tests.support.cloud_plugins.azure.arm import ACCOUNT
from tests.support.cloud_plugins.azure.cors import rules_of, set_rules
from tests.support.cloud_plugins.azure.records import Records
from tests.support.clouds.azure_gateway import Gateway, Rules
from tests.support.clouds.azurite import Azurite, StorageAccount
from tests.support.clouds.entra import Entra
from tests.support.engine import Project
from tools.clouds.process import free_ports

ORIGIN = "https://app.test"


class Subscription:
    """A project on a subscription that holds one resource group with one storage account.

    The API is an application in Entra, which has a service principal in the subscription's tenant. It reaches
    Azurite by a gateway, which lets it do what the role assignments here allow; Azurite itself would let it
    do everything.
    """

    def __init__(self, project: Project, azurite: Azurite, entra: Entra) -> None:
        self.project, self.azurite, self.entra = project, azurite, entra
        self.name = f"acme-{uuid4().hex[:10]}"
        self.group, self.container = f"{self.name}-group", f"{self.name}-data"
        self.account, self.spare = azurite.new_account(), azurite.new_account()
        """Of the second name a program may make an account: Azurite cannot have any but its own."""
        self.accounts = [self.account, self.spare]
        self.certificate, self.data_endpoint = azurite.certificate, f"{azurite.root}/{{account}}"
        """Where the account's key is asked for everything, whatever the gateway says."""
        self.subscription_id, self.tenant_id, self.principal_id = (str(uuid4()) for _ in range(3))
        self.deployer_client_id, self.deployer_object_id = str(uuid4()), str(uuid4())
        entra.tenants[self.tenant_id] = self.principal_id
        self.records = Records(Path(project.folder) / "azure.json")
        self.rules = Rules(self.tenant_id, self._account_ids, self.role_assignments)
        self._gateway = Gateway(azurite.root, azurite.certificate, azurite.key, self.rules)
        self.blob_endpoint = f"{self._gateway.root}/{{account}}"
        self._begin()
        project.configure(
            azureApplicationId=entra.application_id,
            azureBlobEndpoint=self.blob_endpoint,
            appOrigins=ORIGIN,
            privateNetworks="127.0.0.0/8",
        )
        project.env |= {**azure.environment(project.env, self), **self.environment()}
        for name in ("https_proxy", "no_proxy"):
            # Libraries prefer them to those in capitals.
            project.env.pop(name, None)
        project.new_stack()

    def environment(self) -> dict[str, str]:
        """What the API's process must have to sign in at Entra, and to trust Azurite."""
        return {
            **self.entra.environment(),
            "ENCORD_AZURE_APPLICATION_SECRET": self.entra.secret,
            # For what speaks to Azurite without `requests`: the checks of preflights and signed URLs.
            "SSL_CERT_FILE": str(self.certificate),
        }

    def declare(self, program: str) -> None:
        """Makes it the program, in which ACCOUNT, CONTAINER, GROUP and so on name what is here."""
        known = {
            "ACCOUNT": self.account.name,
            "CONTAINER": self.container,
            "GROUP": self.group,
            "PRINCIPAL": self.principal_id,
            "SPARE": self.spare.name,
            "SUBSCRIPTION": self.subscription_id,
            "TENANT": self.tenant_id,
        }
        constants = "".join(f"{name} = {value!r}\n" for name, value in known.items())
        (self.project.folder / "__main__.py").write_text(constants + program)

    def service(self, account: StorageAccount | None = None) -> BlobServiceClient:
        """All that is in an account, by its key."""
        one = account or self.account
        url = self.data_endpoint.replace("{account}", one.name)
        return BlobServiceClient(url, one.keys[0], connection_verify=str(self.certificate), retry_total=0)

    def put(self, blob: str, data: bytes = b"data", container: str = "") -> None:
        """Writes a blob, into a container that is made where there is none."""
        with self.service() as service:
            there = service.get_container_client(container or self.container)
            if not there.exists():
                there.create_container()
            there.upload_blob(blob, data, overwrite=True)

    def blobs(self, container: str = "", account: StorageAccount | None = None) -> dict[str, bytes]:
        """The content of all blobs, by their names; none if there is no container."""
        with self.service(account) as service:
            there = service.get_container_client(container or self.container)
            try:
                return {name: there.download_blob(name).readall() for name in list(there.list_blob_names())}
            except ResourceNotFoundError:
                return {}

    def remove(self, *blobs: str, container: str = "") -> None:
        """Deletes blobs, or the whole container if none is named."""
        with self.service() as service:
            there = service.get_container_client(container or self.container)
            for blob in blobs:
                there.delete_blob(blob)
            if not blobs:
                there.delete_container()

    def containers(self, account: StorageAccount | None = None) -> set[str]:
        """The containers in an account."""
        with self.service(account) as service:
            return {one.name for one in service.list_containers()}

    def cors(self) -> list[dict[str, Any]]:
        """The CORS rules of the account, in the words of Azure's resource manager."""
        with self.service() as service:
            return rules_of(service)

    def set_cors(self, *rules: dict[str, Any]) -> None:
        """Makes these the account's CORS rules, as somebody would by hand."""
        with self.service() as service:
            set_rules(service, rules)

    def role_assignments(self) -> list[dict[str, Any]]:
        """The role assignments in the subscription."""
        below = f"/subscriptions/{self.subscription_id}"
        named = self.records.all(below).items()
        return [one for id_, one in named if "/providers/Microsoft.Authorization/roleAssignments/" in id_]

    def remove_role_assignments(self) -> None:
        """Takes all role assignments away, as somebody would by hand."""
        for id_ in self.records.all():
            if "/roleAssignments/" in id_:
                self.records.remove(id_)

    def assign(self, role: str, scope: str = "") -> None:
        """Gives the application a role on the account, or in another scope, as somebody would by hand."""
        where = scope or self.account_id
        definition = (
            f"/subscriptions/{self.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        )
        made = {"principalId": self.principal_id, "roleDefinitionId": definition, "scope": where}
        self.records.put(f"{where}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}", made)

    def cut_off(self) -> None:
        """Where the API looks for the accounts nobody answers any more."""
        (port,) = free_ports(1)
        self.project.configure(azureBlobEndpoint=f"https://127.0.0.1:{port}/{{account}}")

    def reconnect(self) -> None:
        """Undoes `cut_off`."""
        self.project.configure(azureBlobEndpoint=self.blob_endpoint)

    def leave_tenant(self) -> None:
        """The application is no longer in the tenant."""
        self.entra.tenants[self.tenant_id] = None

    def left(self) -> set[str]:
        """Ids and names of what a program made and is still there."""
        given = {f"/subscriptions/{self.subscription_id}/resourceGroups/{self.group}", self.account_id}
        return ({*self.records.all()} - given) | self.containers() | self.containers(self.spare)

    def members(self) -> set[str]:
        """Whom the one living integration lets in, beside whoever deploys."""
        (uuid,) = self.project.living()
        return set(members.of(self.project.api(), uuid)) - {"ada@example.com"}

    def stop(self) -> None:
        """Ends the gateway."""
        self._gateway.stop()

    @property
    def container_id(self) -> str:
        """The id of the container, which need not be there."""
        return f"{self.account_id}/blobServices/default/containers/{self.container}"

    @property
    def account_id(self) -> str:
        """The id of the storage account, which is the scope of its role assignments."""
        return ACCOUNT.format(self.subscription_id, self.group, self.account.name)

    def _account_ids(self) -> dict[str, str]:
        ids = [one for one in self.records.all() if one.rpartition("/")[0].endswith("/storageAccounts")]
        return {one.rpartition("/")[2]: one for one in ids}

    def _begin(self) -> None:
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.group}"
        self.records.put(group, {"location": "westeurope", "resourceGroupName": self.group})
        account = {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "accountName": self.account.name}
        self.records.put(self.account_id, {**account, "resourceGroupName": self.group})
