"""A dynamic resource with the properties of an integration that does nothing: the engine's own cost.

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
    "scenario": "Standard",
    "secure": True,
    "data_types": ["IMAGE", "VIDEO", "IMAGE_SEQUENCE", "IMAGE_GROUP", "DICOM", "NIfTI"],
    "features": ["SAM", "tracking", "interpolation", "micro_models"],
    "origins": [],
    "settings_revision": 1,
    "adopted": False,
    "incarnation": UUID,
}
FINGERPRINT = {"credential_fingerprint": "x" * 32}
OWN: dict[str, dict[str, Any]] = {
    "AwsIntegration": {"external_id": UUID},
    "GcpIntegration": {},
    "AzureIntegration": {**FINGERPRINT, "sas_ends_at": "2030-12-31T23:59:59Z"},
    "OtcIntegration": FINGERPRINT,
    "S3CompatibleIntegration": FINGERPRINT,
    "DirectAccessIntegration": {},
}
"""What only one type answers."""
UNSET = {
    "AwsIntegration": ("region", "principal_arn", "signed_url_expiry"),
    "GcpIntegration": ("service_account_email", "signed_url_expiry"),
    "AzureIntegration": ("tenant_id", "application_id"),
    "OtcIntegration": ("signed_url_expiry",),
    "S3CompatibleIntegration": ("region",),
    "DirectAccessIntegration": (),
}
MEMBER_OUTPUTS = {"live_role": "user", "adopted": False, "organization": UUID, "incarnation": UUID}
SECRET = {"sas_token", "secret_access_key"}


class NoopProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(str(uuid4()), {**props, **OUTPUTS, **OWN[props["kind"]]})

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=None if olds["title"] != news["title"] else False)


class Noop(Resource, module="bench", name="Noop"):
    def __init__(self, name: str, kind: str, props: dict[str, Any]) -> None:
        given = {key: pulumi.Output.secret(value) if key in SECRET else value for key, value in props.items()}
        seeds = dict.fromkeys((*OUTPUTS, *OWN[kind], *UNSET[kind], "adopt"))
        inputs: dict[str, Any] = {**seeds, **INPUTS, **given, "kind": kind}
        super().__init__(NoopProvider(), name, inputs, pulumi.ResourceOptions())


class NoopMemberProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(str(uuid4()), {**props, **MEMBER_OUTPUTS})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=False)


class NoopMember(Resource, module="bench", name="NoopMember"):
    """The shape of a member of an integration."""

    def __init__(self, name: str, integration: pulumi.CustomResource, user: str) -> None:
        given = {"integration": integration.id, "user": user, "role": "user", "on_delete": "remove"}
        seeds: dict[str, Any] = dict.fromkeys((*MEMBER_OUTPUTS, "group"))
        super().__init__(NoopMemberProvider(), name, {**seeds, **given}, pulumi.ResourceOptions())
