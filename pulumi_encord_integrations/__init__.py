"""Encord data integrations, declared with Pulumi.

`AwsIntegration` and its siblings declare how Encord reaches data in a cloud, `IntegrationMembers` and
`UserGroup` who may use it; `declare_organization` declares all that an `encord.yaml` says; `get_integration`
and `list_integrations` look up what exists. `components` has the cloud side.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_encord_integrations.model.policies.aws import read_policy, trust_policy
    from pulumi_encord_integrations.model.policies.control import ChallengeObject, challenge_object
    from pulumi_encord_integrations.model.policies.cors import cors_rules
    from pulumi_encord_integrations.organization.declare import Organization, declare_organization
    from pulumi_encord_integrations.resources.access_checks import AccessCheck, CheckedAccess
    from pulumi_encord_integrations.resources.expiry import SignedUrlExpiry
    from pulumi_encord_integrations.resources.groups import UserGroup, UserGroupMembers
    from pulumi_encord_integrations.resources.integration_types import (
        AwsIntegration,
        AzureIntegration,
        DirectAccessIntegration,
        GcpIntegration,
        OtcIntegration,
        S3CompatibleIntegration,
    )
    from pulumi_encord_integrations.resources.integrations import Bucket, BucketArgs, Integration
    from pulumi_encord_integrations.resources.lookups import (
        get_integration,
        get_integration_output,
        list_integrations,
    )
    from pulumi_encord_integrations.resources.members import (
        IntegrationJoin,
        IntegrationMember,
        IntegrationMembers,
        ListedGroup,
        ListedMembers,
        MemberArgs,
    )
    from pulumi_encord_integrations.resources.organization_users import OrganizationUser
    from pulumi_encord_integrations.resources.service_accounts import (
        FederationArgs,
        ServiceAccount,
        ServiceAccountKeyArgs,
    )
else:
    from importlib import import_module

    # The command imports this package too, and must not wait for Pulumi.
    _HOMES = {
        "model.policies.aws": ("read_policy", "trust_policy"),
        "model.policies.control": ("ChallengeObject", "challenge_object"),
        "model.policies.cors": ("cors_rules",),
        "organization.declare": ("Organization", "declare_organization"),
        "resources.access_checks": ("AccessCheck", "CheckedAccess"),
        "resources.expiry": ("SignedUrlExpiry",),
        "resources.groups": ("UserGroup", "UserGroupMembers"),
        "resources.integration_types": (
            "AwsIntegration",
            "AzureIntegration",
            "DirectAccessIntegration",
            "GcpIntegration",
            "OtcIntegration",
            "S3CompatibleIntegration",
        ),
        "resources.integrations": ("Bucket", "BucketArgs", "Integration"),
        "resources.lookups": ("get_integration", "get_integration_output", "list_integrations"),
        "resources.members": (
            "IntegrationJoin",
            "IntegrationMember",
            "IntegrationMembers",
            "ListedGroup",
            "ListedMembers",
            "MemberArgs",
        ),
        "resources.organization_users": ("OrganizationUser",),
        "resources.service_accounts": ("FederationArgs", "ServiceAccount", "ServiceAccountKeyArgs"),
    }

    def __getattr__(name):
        """What a program imports, loaded when first asked for."""
        for module, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AccessCheck",
    "AwsIntegration",
    "AzureIntegration",
    "Bucket",
    "BucketArgs",
    "ChallengeObject",
    "CheckedAccess",
    "DirectAccessIntegration",
    "FederationArgs",
    "GcpIntegration",
    "Integration",
    "IntegrationJoin",
    "IntegrationMember",
    "IntegrationMembers",
    "ListedGroup",
    "ListedMembers",
    "MemberArgs",
    "Organization",
    "OrganizationUser",
    "OtcIntegration",
    "S3CompatibleIntegration",
    "ServiceAccount",
    "ServiceAccountKeyArgs",
    "SignedUrlExpiry",
    "UserGroup",
    "UserGroupMembers",
    "challenge_object",
    "cors_rules",
    "declare_organization",
    "get_integration",
    "get_integration_output",
    "list_integrations",
    "read_policy",
    "trust_policy",
]
