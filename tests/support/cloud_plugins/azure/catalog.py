"""What the plugin knows of Azure."""

import re
from importlib.metadata import version

from azure.core.exceptions import AzureError
from azure.storage.blob import generate_account_sas

from tests.support.cloud_plugins.azure.arm import Arm, NotDone
from tests.support.cloud_plugins.azure.containers import Blob, BlobContainer
from tests.support.cloud_plugins.azure.resources import ResourceGroup, StorageAccount
from tests.support.cloud_plugins.azure.roles import RoleAssignment
from tests.support.cloud_plugins.azure.services import BlobServiceProperties
from tests.support.cloud_plugins.kinds import Bag, CloudFunction, CloudPlugin

_ACCOUNT = frozenset({"accountName", "resourceGroupName"})
_SAS = frozenset({"permissions", "resourceTypes", "services", "sharedAccessExpiryTime"})
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_KEYS = ("key1", "key2")


def account_sas(cloud: Arm, arguments: Bag) -> Bag:
    """A real SAS token: the same for the same parameters, as Azure's is."""
    keys = dict(zip(_KEYS, cloud.keys(arguments["resourceGroupName"], arguments["accountName"]), strict=True))
    signing = arguments.get("keyToSign") or "key1"
    times = [arguments.get(f"sharedAccess{end}Time") for end in ("Start", "Expiry")]
    if signing not in keys or not all(_TIME.fullmatch(time) for time in times if time):
        raise NotDone("InvalidValuesForRequestParameters: Values for request parameters are invalid.")
    start, expiry = times
    token = generate_account_sas(
        arguments["accountName"],
        keys[signing],
        resource_types=arguments["resourceTypes"],
        permission=arguments["permissions"],
        expiry=expiry or "",
        start=start,
        services=arguments["services"],
        protocol=arguments.get("protocols") or "https,http",
    )
    return {"accountSasToken": token}


def account_keys(cloud: Arm, arguments: Bag) -> Bag:
    """The two keys of a storage account."""
    keys = cloud.keys(arguments["resourceGroupName"], arguments["accountName"])
    rights = {"permissions": "FULL", "creationTime": "2026-01-01T00:00:00.0000000Z"}
    return {
        "keys": [{"keyName": name, "value": key, **rights} for name, key in zip(_KEYS, keys, strict=True)]
    }


def client_config(cloud: Arm, _arguments: Bag) -> Bag:
    """As whom the plugin acts, and where."""
    return {
        "clientId": cloud.client_id,
        "objectId": cloud.object_id,
        "subscriptionId": cloud.subscription_id,
        "tenantId": cloud.tenant_id,
    }


AZURE = CloudPlugin(
    name="azure-native",
    version=version("pulumi-azure-native"),
    kinds={
        "azure-native:authorization:RoleAssignment": RoleAssignment(),
        "azure-native:resources:ResourceGroup": ResourceGroup(),
        "azure-native:storage:Blob": Blob(),
        "azure-native:storage:BlobContainer": BlobContainer(),
        "azure-native:storage:BlobServiceProperties": BlobServiceProperties(),
        "azure-native:storage:StorageAccount": StorageAccount(),
    },
    functions={
        "azure-native:authorization:getClientConfig": CloudFunction(client_config),
        "azure-native:storage:listStorageAccountKeys": CloudFunction(account_keys, _ACCOUNT),
        "azure-native:storage:listStorageAccountSAS": CloudFunction(
            account_sas, _ACCOUNT | _SAS, frozenset({"keyToSign", "protocols", "sharedAccessStartTime"})
        ),
    },
    connect=Arm,
    settings=frozenset({"location", "subscriptionId"}),
    replacing_settings=frozenset({"subscriptionId"}),
    ignored_settings=frozenset({"disablePulumiPartnerId", "environment", "version"}),
    refusals=(AzureError, NotDone),
)
