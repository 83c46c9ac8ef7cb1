"""Components that provision the cloud side; each folder knows one cloud's SDK, an extra of the package.

`AwsBucketAccess`, `AzureContainerAccess` and `GcpBucketAccess` make what an integration reads with;
`AwsEncordIntegration`, `AzureEncordIntegration` and `GcpEncordIntegration` make that, the integration and the
check that it can.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_encord_integrations.components.aws.access import AwsBucketAccess, AwsBucketAccessArgs
    from pulumi_encord_integrations.components.aws.buckets import AwsBucketArgs
    from pulumi_encord_integrations.components.aws.integration import (
        AwsEncordIntegration,
        AwsEncordIntegrationArgs,
    )
    from pulumi_encord_integrations.components.azure.access import (
        AzureContainerAccess,
        AzureContainerAccessArgs,
    )
    from pulumi_encord_integrations.components.azure.integration import (
        AzureEncordIntegration,
        AzureEncordIntegrationArgs,
    )
    from pulumi_encord_integrations.components.azure.sas import AzureSasArgs
    from pulumi_encord_integrations.components.gcp.access import GcpBucketAccess, GcpBucketAccessArgs
    from pulumi_encord_integrations.components.gcp.buckets import GcpBucketArgs
    from pulumi_encord_integrations.components.gcp.integration import (
        GcpEncordIntegration,
        GcpEncordIntegrationArgs,
    )
else:
    from importlib import import_module

    _HOMES = {
        "aws.access": ("AwsBucketAccess", "AwsBucketAccessArgs"),
        "aws.buckets": ("AwsBucketArgs",),
        "aws.integration": ("AwsEncordIntegration", "AwsEncordIntegrationArgs"),
        "azure.access": ("AzureContainerAccess", "AzureContainerAccessArgs"),
        "azure.integration": ("AzureEncordIntegration", "AzureEncordIntegrationArgs"),
        "azure.sas": ("AzureSasArgs",),
        "gcp.access": ("GcpBucketAccess", "GcpBucketAccessArgs"),
        "gcp.buckets": ("GcpBucketArgs",),
        "gcp.integration": ("GcpEncordIntegration", "GcpEncordIntegrationArgs"),
    }

    def __getattr__(name):
        """A component, whose cloud's SDK is loaded when it is first asked for."""
        for module, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AwsBucketAccess",
    "AwsBucketAccessArgs",
    "AwsBucketArgs",
    "AwsEncordIntegration",
    "AwsEncordIntegrationArgs",
    "AzureContainerAccess",
    "AzureContainerAccessArgs",
    "AzureEncordIntegration",
    "AzureEncordIntegrationArgs",
    "AzureSasArgs",
    "GcpBucketAccess",
    "GcpBucketAccessArgs",
    "GcpBucketArgs",
    "GcpEncordIntegration",
    "GcpEncordIntegrationArgs",
]
