"""One file of facts for each type of integration."""

from pulumi_encord_integrations.model.integration_types.aws import AWS
from pulumi_encord_integrations.model.integration_types.azure import AZURE
from pulumi_encord_integrations.model.integration_types.direct_access import DIRECT_ACCESS
from pulumi_encord_integrations.model.integration_types.gcp import GCP
from pulumi_encord_integrations.model.integration_types.otc import OTC
from pulumi_encord_integrations.model.integration_types.s3_compatible import S3_COMPATIBLE

TYPES = (AWS, GCP, AZURE, OTC, S3_COMPATIBLE, DIRECT_ACCESS)
"""All of them, in the order of the documentation."""

__all__ = ["AWS", "AZURE", "DIRECT_ACCESS", "GCP", "OTC", "S3_COMPATIBLE", "TYPES"]
