"""Resource groups and storage accounts: written down, since Azurite's accounts are fixed."""

from collections.abc import Iterator, Mapping, Set
from typing import Any, ClassVar

from tests.support.cloud_plugins.azure.arm import Arm, ArmKind, NotDone
from tests.support.cloud_plugins.azure.cors import set_rules
from tests.support.cloud_plugins.kinds import Bag


class Recorded(ArmKind):
    """A type that exists in the records alone."""

    computed = frozenset({"name", "type"})

    def create(self, cloud: Arm, inputs: Bag) -> None:
        self.must_be_new(cloud, inputs)
        self.update(cloud, inputs, frozenset())

    def read(self, cloud: Arm, id_: str) -> Bag | None:
        properties = cloud.records.get(id_)
        if properties is None:
            return None
        parts = self.parts(id_)
        return {**properties, **parts, **self.named_outputs(parts[self.identity[-1]])}

    def update(self, cloud: Arm, inputs: Bag, changed: Set[str]) -> None:
        cloud.records.put(self.id_of(cloud, inputs), {**self.optional, **inputs})

    def delete(self, cloud: Arm, id_: str, state: Bag) -> None:
        cloud.records.remove(id_)


class ResourceGroup(Recorded):
    """A resource group."""

    path = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
    token = "Microsoft.Resources/resourceGroups"
    identity = ("resourceGroupName",)
    required = frozenset({"location"})
    optional: ClassVar[Mapping[str, Any]] = {"tags": None}
    named = "resourceGroupName"
    replacing = frozenset({"location"})

    def defaults(self, cloud: Arm) -> Bag:
        return {"location": cloud.location} if cloud.location else {}

    def create(self, cloud: Arm, inputs: Bag) -> None:
        cloud.must_be_mine()
        super().create(cloud, inputs)

    def delete(self, cloud: Arm, id_: str, state: Bag) -> None:
        """With all that is in it, as Azure does."""
        name = state["resourceGroupName"]
        for one in list(cloud.records.all(below=f"{id_}/")):
            kind, _, account = one.rpartition("/")
            if kind == cloud.account_id(name, "").rstrip("/"):
                empty(cloud, name, account)
        cloud.records.remove(id_)


class StorageAccount(Recorded):
    """A storage account, one of those that Azurite knows."""

    path = f"{ResourceGroup.path}/providers/Microsoft.Storage/storageAccounts/{{accountName}}"
    token = "Microsoft.Storage/storageAccounts"
    identity = ("resourceGroupName", "accountName")
    required = frozenset({"kind", "sku"})
    optional: ClassVar[Mapping[str, Any]] = {
        "accessTier": "Hot",
        "allowBlobPublicAccess": False,
        "allowSharedKeyAccess": True,
        "defaultToOAuthAuthentication": False,
        "enableHttpsTrafficOnly": True,
        "location": None,
        "minimumTlsVersion": "TLS1_0",
        "publicNetworkAccess": "Enabled",
        "tags": None,
    }
    replacing = frozenset({"location"})
    structures = frozenset({"sku"})
    fields: ClassVar[Mapping[str, str]] = {"name": "name"}
    computed = frozenset({"name", "primaryEndpoints", "primaryLocation", "provisioningState", "type"})

    def create(self, cloud: Arm, inputs: Bag) -> None:
        name, group = inputs["accountName"], inputs["resourceGroupName"]
        cloud.must_have_group(group)
        if not cloud.can_have(name):
            raise NotDone(f"StorageAccountAlreadyTaken: The storage account named {name} is already taken.")
        super().create(cloud, inputs)

    def read(self, cloud: Arm, id_: str) -> Bag | None:
        there = super().read(cloud, id_)
        if there is None:
            return None
        group = cloud.records.get(cloud.group_id(there["resourceGroupName"])) or {}
        return {
            **there,
            "primaryEndpoints": {"blob": f"https://{there['accountName']}.blob.core.windows.net/"},
            "primaryLocation": there.get("location") or group.get("location"),
            "provisioningState": "Succeeded",
        }

    def delete(self, cloud: Arm, id_: str, state: Bag) -> None:
        """With all that is in it, as Azure does."""
        if cloud.has_account(state["resourceGroupName"], state["accountName"]):
            empty(cloud, state["resourceGroupName"], state["accountName"])
        super().delete(cloud, id_, state)

    def faults(self, key: str, value: Any) -> Iterator[str]:
        yield from super().faults(key, value)
        if key == "allowSharedKeyAccess" and value is False:
            yield "cannot be false: the stand-in reaches Azurite by the account's key"


def empty(cloud: Arm, group: str, account: str) -> None:
    """Takes all data of a storage account away."""
    with cloud.blobs(group, account) as service:
        for one in list(service.list_containers()):
            service.delete_container(one.name)
        set_rules(service, [])
