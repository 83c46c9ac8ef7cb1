"""Containers, and single blobs in them."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Set
from typing import Any, ClassVar

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient, ContainerClient, ContentSettings

from tests.support.cloud_plugins.azure.arm import Arm, ArmKind
from tests.support.cloud_plugins.azure.resources import StorageAccount
from tests.support.cloud_plugins.kinds import Bag
from tests.support.cloud_plugins.values import UNKNOWN, asset, content

_PUBLIC = {"None": None, "Container": "container", "Blob": "blob"}


class BlobContainer(ArmKind):
    """A container."""

    path = f"{StorageAccount.path}/blobServices/default/containers/{{containerName}}"
    token = "Microsoft.Storage/storageAccounts/blobServices/containers"
    identity = ("resourceGroupName", "accountName", "containerName")
    optional: ClassVar[Mapping[str, Any]] = {"metadata": None, "publicAccess": "None"}
    named = "containerName"
    computed = frozenset({"name", "type"})

    def made_up(self, name: str, seed: bytes) -> str:
        """What is in something named needs no random part."""
        return name

    def faults(self, key: str, value: Any) -> Iterator[str]:
        yield from super().faults(key, value)
        if key == "publicAccess" and value not in {*_PUBLIC, UNKNOWN}:
            yield "is no level of public access"

    def create(self, cloud: Arm, inputs: Bag) -> None:
        self.must_be_new(cloud, inputs)
        with _container(cloud, inputs) as container:
            container.create_container(inputs.get("metadata"), _PUBLIC[inputs.get("publicAccess", "None")])

    def read(self, cloud: Arm, id_: str) -> Bag | None:
        parts = self.parts(id_)
        if not cloud.has_account(parts["resourceGroupName"], parts["accountName"]):
            return None
        with _container(cloud, parts) as container:
            try:
                found = container.get_container_properties()
            except ResourceNotFoundError:
                return None
        level = {None: "None", "container": "Container", "blob": "Blob"}[found.public_access]
        more = {"metadata": dict(found.metadata) or None, "publicAccess": level}
        return {**parts, **more, **self.named_outputs(parts["containerName"])}

    def update(self, cloud: Arm, inputs: Bag, changed: Set[str]) -> None:
        with _container(cloud, inputs) as container:
            if "metadata" in changed:
                container.set_container_metadata(inputs.get("metadata") or {})
            if "publicAccess" in changed:
                level: Any = _PUBLIC[inputs.get("publicAccess", "None")]
                container.set_container_access_policy({}, public_access=level)

    def delete(self, cloud: Arm, id_: str, state: Bag) -> None:
        """With all that is in it, as Azure does."""
        if self.read(cloud, id_) is not None:
            with _container(cloud, state) as container:
                container.delete_container()


class Blob(ArmKind):
    """A block blob, whose content only another one can change."""

    path = f"{BlobContainer.path}/blobs/{{blobName}}"
    token = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
    identity = ("resourceGroupName", "accountName", "containerName", "blobName")
    optional: ClassVar[Mapping[str, Any]] = {
        "contentType": "application/octet-stream",
        "metadata": None,
        "source": None,
        "type": "Block",
    }
    named = "blobName"
    assets = frozenset({"source"})
    replacing = frozenset({"source", "type"})
    computed = frozenset({"contentMd5", "name", "url"})

    def made_up(self, name: str, seed: bytes) -> str:
        """What is in something named needs no random part."""
        return name

    def faults(self, key: str, value: Any) -> Iterator[str]:
        yield from super().faults(key, value)
        if key == "type" and value not in {"Block", UNKNOWN}:
            yield "can only be Block here"

    def create(self, cloud: Arm, inputs: Bag) -> None:
        self.must_be_new(cloud, inputs)
        data = content(inputs["source"]) if inputs.get("source") else b""
        kind = _settings(inputs)
        with _blob(cloud, inputs) as blob:
            blob.upload_blob(data, content_settings=kind, metadata=inputs.get("metadata"))

    def read(self, cloud: Arm, id_: str) -> Bag | None:
        parts = self.parts(id_)
        if not cloud.has_account(parts["resourceGroupName"], parts["accountName"]):
            return None
        with _blob(cloud, parts) as blob:
            try:
                found = blob.download_blob()
            except ResourceNotFoundError:
                return None
            data, properties = found.readall(), found.properties
        account, container, name = (parts[key] for key in self.identity[1:])
        return {
            **parts,
            "contentMd5": b64encode(properties.content_settings.content_md5 or b"").decode() or None,
            "contentType": properties.content_settings.content_type,
            "metadata": dict(properties.metadata) or None,
            "name": name,
            "source": asset(data) if data else None,
            "type": "Block",
            "url": f"https://{account}.blob.core.windows.net/{container}/{name}",
        }

    def update(self, cloud: Arm, inputs: Bag, changed: Set[str]) -> None:
        with _blob(cloud, inputs) as blob:
            if "contentType" in changed:
                blob.set_http_headers(_settings(inputs))
            if "metadata" in changed:
                blob.set_blob_metadata(inputs.get("metadata") or {})

    def delete(self, cloud: Arm, id_: str, state: Bag) -> None:
        if self.read(cloud, id_) is not None:
            with _blob(cloud, state) as blob:
                blob.delete_blob()


def _container(cloud: Arm, inputs: Bag) -> ContainerClient:
    service = cloud.blobs(inputs["resourceGroupName"], inputs["accountName"])
    return service.get_container_client(inputs["containerName"])


def _blob(cloud: Arm, inputs: Bag) -> BlobClient:
    return _container(cloud, inputs).get_blob_client(inputs["blobName"])


def _settings(inputs: Bag) -> ContentSettings:
    return ContentSettings(content_type=inputs.get("contentType") or Blob.optional["contentType"])
