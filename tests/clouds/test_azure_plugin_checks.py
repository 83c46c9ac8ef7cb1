"""What the stand-in for the azure-native plugin takes and refuses, asked as the engine asks."""

from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2 as pb

from tests.support.cloud_plugins.azure.catalog import AZURE
from tests.support.cloud_plugins.server import Plugin
from tests.support.cloud_plugins.values import UNKNOWN, asset, same_assets
from tests.support.clouds.azure_roles import READER

HERE = {"resourceGroupName": "g", "accountName": "acme1"}
SCOPE = "/subscriptions/9d0bd1f1-8f6c-4e5e-8f5e-0e7a7a5c2b11"
ROLE = f"{SCOPE}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
ASSIGNED = {"scope": SCOPE, "principalId": READER, "roleDefinitionId": ROLE, "roleAssignmentName": READER}


@pytest.mark.parametrize(
    ("type_", "inputs", "refused"),
    [
        ("storage:BlobContainer", {**HERE, "publicAccess": "Everybody"}, "publicAccess"),
        ("storage:BlobContainer", {**HERE, "defaultEncryptionScope": "x"}, "defaultEncryptionScope"),
        ("storage:BlobContainer", {"accountName": "acme1"}, "resourceGroupName"),
        ("storage:Blob", {**HERE, "containerName": "c", "source": "text"}, "source"),
        ("storage:Blob", {**HERE, "containerName": "c", "type": "Page"}, "type"),
        ("storage:BlobServiceProperties", HERE, "blobServicesName"),
        ("storage:BlobServiceProperties", {**HERE, "blobServicesName": "main"}, "blobServicesName"),
        (
            "storage:BlobServiceProperties",
            {**HERE, "blobServicesName": "default", "cors": {"rules": []}},
            "cors",
        ),
        (
            "storage:BlobServiceProperties",
            {**HERE, "blobServicesName": "default", "cors": {"corsRules": [{"allowedMethods": ["GET"]}]}},
            "cors",
        ),
        ("storage:StorageAccount", {"resourceGroupName": "g", "kind": "k", "sku": {}}, "accountName"),
        ("storage:StorageAccount", {**HERE, "kind": "StorageV2", "sku": {"tier": "x"}}, "sku"),
        ("resources:ResourceGroup", {}, "location"),
        ("authorization:RoleAssignment", {**ASSIGNED, "scope": "/subscriptions/x"}, "scope"),
        ("authorization:RoleAssignment", {**ASSIGNED, "scope": f"{SCOPE}/resourceGroups/g/x"}, "scope"),
        ("authorization:RoleAssignment", {**ASSIGNED, "roleDefinitionId": READER}, "roleDefinitionId"),
        ("authorization:RoleAssignment", {**ASSIGNED, "principalId": "encord"}, "principalId"),
        ("authorization:RoleAssignment", {**ASSIGNED, "roleAssignmentName": "read"}, "roleAssignmentName"),
        ("authorization:RoleAssignment", {**ASSIGNED, "condition": "x"}, "condition"),
    ],
)
def test_inputs_that_it_does_not_know_are_refused(type_: str, inputs: dict[str, Any], refused: str) -> None:
    news = json_format.ParseDict(inputs, struct_pb2.Struct())
    urn = f"urn:pulumi:dev::toy::toy:Component$azure-native:{type_}::name"
    answer = Plugin(AZURE).Check(pb.CheckRequest(urn=urn, news=news, randomSeed=b"x" * 32), None)
    assert [failure.property for failure in answer.failures] == [refused]


def test_settings_functions_and_arguments_that_it_does_not_know_are_refused() -> None:
    plugin = Plugin(AZURE)
    news = json_format.ParseDict({"location": "westeurope", "useMsi": "true"}, struct_pb2.Struct())
    assert [one.property for one in plugin.CheckConfig(pb.CheckRequest(news=news), None).failures] == [
        "useMsi"
    ]
    answer = plugin.Invoke(pb.InvokeRequest(tok="azure-native:storage:getBlobContainer"), None)
    assert "is no function" in answer.failures[0].reason
    args = json_format.ParseDict({**HERE, "expand": "kerb"}, struct_pb2.Struct())
    answer = plugin.Invoke(
        pb.InvokeRequest(tok="azure-native:storage:listStorageAccountKeys", args=args), None
    )
    assert [one.property for one in answer.failures] == ["expand"]


def test_names_are_made_up_as_the_type_needs_them() -> None:
    kinds = AZURE.kinds
    assert kinds["azure-native:storage:BlobContainer"].made_up("data", b"x" * 32) == "data"
    assert kinds["azure-native:resources:ResourceGroup"].made_up("group", b"\1\2\3\4") == "group-0102030"
    assignment = kinds["azure-native:authorization:RoleAssignment"]
    name = assignment.made_up("read", b"\1" * 32)
    assert name == "01010101-0101-4101-8101-010101010101"
    assert not list(assignment.faults("roleAssignmentName", name))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (asset(b"a"), {key: value for key, value in asset(b"a").items() if key != "hash"}, True),
        (asset(b"a"), asset(b"b"), False),
        (asset(b"a"), UNKNOWN, False),
        (asset(b""), None, False),
    ],
)
def test_assets_are_compared_by_what_they_hold(one: Any, other: Any, alike: bool) -> None:
    assert same_assets(one, other) is alike
