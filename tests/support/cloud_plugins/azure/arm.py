"""How the plugin reaches a subscription: the records of the resource manager, and Azurite for data."""

import os
from collections.abc import Mapping, Set
from pathlib import Path
from typing import ClassVar

from azure.storage.blob import BlobServiceClient

from tests.support.cloud_plugins.azure.records import Records
from tests.support.cloud_plugins.kinds import Bag, Kind

ACCOUNT = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Storage/storageAccounts/{}"
_OWN = "AZURE_PLUGIN_"


class NotDone(Exception):
    """What Azure's resource manager, or the real plugin, refuses."""


class Arm:
    """One configured provider; what it was not told is in the environment."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        own = {name.removeprefix(_OWN): value for name, value in os.environ.items() if name.startswith(_OWN)}
        self.subscription_id = settings.get("subscriptionId") or own.get("SUBSCRIPTION_ID", "")
        self.tenant_id = own.get("TENANT_ID", "")
        self.client_id, self.object_id = own.get("CLIENT_ID", ""), own.get("OBJECT_ID", "")
        self.location = settings.get("location")
        self.principals = frozenset(own.get("PRINCIPALS", "").split(","))
        self.records = Records(Path(own.get("RECORDS", os.devnull)))
        accounts = [one.split(":") for one in own.get("ACCOUNTS", "").split(";") if one]
        self._keys = {name: keys for name, *keys in accounts}
        self._subscriptions = {own.get("SUBSCRIPTION_ID", "")}
        self._endpoint, self._certificate = own.get("BLOB_ENDPOINT", ""), own.get("CERTIFICATE", "")

    def must_be_mine(self) -> None:
        """Fails for a subscription that is not there."""
        if self.subscription_id not in self._subscriptions:
            raise NotDone(
                f"SubscriptionNotFound: The subscription '{self.subscription_id}' could not be found."
            )

    def group_id(self, name: str) -> str:
        """The id of a resource group, which need not be there."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{name}"

    def account_id(self, group: str, account: str) -> str:
        """The id of a storage account, which need not be there."""
        return ACCOUNT.format(self.subscription_id, group, account)

    def keys(self, group: str, account: str) -> list[str]:
        """The two keys of a storage account that is there."""
        self.must_have_account(group, account)
        return self._keys[account]

    def can_have(self, account: str) -> bool:
        """Whether Azurite knows an account of that name."""
        return account in self._keys

    def has_account(self, group: str, account: str) -> bool:
        """Whether a storage account is there."""
        return self.records.get(self.account_id(group, account)) is not None

    def must_have_group(self, name: str) -> None:
        """Fails, in Azure's words, where a resource group is not there."""
        self.must_be_mine()
        if self.records.get(self.group_id(name)) is None:
            raise NotDone(f"ResourceGroupNotFound: Resource group '{name}' could not be found.")

    def must_have_account(self, group: str, account: str) -> None:
        """Fails, in Azure's words, where a storage account is not there."""
        self.must_have_group(group)
        if not self.has_account(group, account):
            raise NotDone(
                f"ResourceNotFound: The Resource 'Microsoft.Storage/storageAccounts/{account}' "
                f"under resource group '{group}' was not found."
            )

    def blobs(self, group: str, account: str) -> BlobServiceClient:
        """The data of a storage account that is there."""
        key, _ = self.keys(group, account)
        url = self._endpoint.replace("{account}", account)
        return BlobServiceClient(url, key, connection_verify=self._certificate, retry_total=0)


class ArmKind(Kind):
    """A type with an id of the resource manager's, of which `path` is the form."""

    path: ClassVar[str]
    """The id with the names of inputs in braces; `subscriptionId` is one of the provider's."""
    token: ClassVar[str]
    """What Azure calls the type."""

    def id_of(self, cloud: Arm, inputs: Bag) -> str:
        return self.path.format(subscriptionId=cloud.subscription_id, **inputs)

    def ends_first(self, changed: Set[str]) -> bool:
        """The real plugin does so whenever the name was given."""
        return True

    def must_be_new(self, cloud: Arm, inputs: Bag) -> None:
        """Fails as the real plugin does, which takes over nothing."""
        id_ = self.id_of(cloud, inputs)
        if self.read(cloud, id_) is not None:
            raise NotDone(f"cannot create already existing resource '{id_}'")

    def parts(self, id_: str) -> Bag:
        """The inputs that an id holds; the last may have slashes in it."""
        pattern = self.path.lstrip("/").split("/")
        given = id_.lstrip("/").split("/", len(pattern) - 1)
        if len(given) != len(pattern):
            raise NotDone(f"{id_} is no id of {self.token}")
        return {
            name.strip("{}"): value
            for name, value in zip(pattern, given, strict=True)
            if name.startswith("{") and name != "{subscriptionId}"
        }

    def named_outputs(self, name: str) -> Bag:
        """What the resource manager answers of every resource."""
        return {"name": name, "type": self.token}
