"""A dynamic resource with the properties of an `AwsIntegration` that does nothing: the engine's own cost.

The SDK and the engine take time for each property, so that fewer would not compare.
"""

from typing import Any
from uuid import uuid4

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

UUID = "00000000-0000-4000-8000-000000000000"
INPUTS = {
    "strict_client_only": False,
    "over_vpn": False,
    "declared_as": {"stack_id": UUID, "path": "x" * 60, "project": "bench", "stack": "bench"},
}
OUTPUTS = {
    "organization": UUID,
    "owner": "ada@example.com",
    "created_at": "2026-01-01T00:00:00Z",
    "origins": [],
    "settings_revision": 1,
    "adopted": False,
    "external_id": UUID,
    "incarnation": UUID,
}
UNSET = dict.fromkeys(("region", "principal_arn", "adopt"))


class NoopProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(str(uuid4()), {**props, **OUTPUTS})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=False)


class Noop(Resource, module="bench", name="Noop"):
    def __init__(self, name: str, props: dict[str, Any]) -> None:
        seeds: dict[str, Any] = {**dict.fromkeys(OUTPUTS), **UNSET, **INPUTS, **props}
        super().__init__(NoopProvider(), name, seeds, pulumi.ResourceOptions())
