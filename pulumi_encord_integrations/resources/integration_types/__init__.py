"""One file for each type of integration: its resource in a program."""

from pulumi_encord_integrations.resources.integration_types.aws import AwsIntegration
from pulumi_encord_integrations.resources.integration_types.azure import AzureIntegration
from pulumi_encord_integrations.resources.integration_types.direct_access import DirectAccessIntegration
from pulumi_encord_integrations.resources.integration_types.gcp import GcpIntegration
from pulumi_encord_integrations.resources.integration_types.otc import OtcIntegration
from pulumi_encord_integrations.resources.integration_types.s3_compatible import S3CompatibleIntegration

__all__ = [
    "AwsIntegration",
    "AzureIntegration",
    "DirectAccessIntegration",
    "GcpIntegration",
    "OtcIntegration",
    "S3CompatibleIntegration",
]
