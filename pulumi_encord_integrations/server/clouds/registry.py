"""Which adapter reaches the data of which type of integration."""

from collections.abc import Mapping

from pulumi_encord_integrations.model.principals import CloudAccess, Principals
from pulumi_encord_integrations.server.clouds.adapter import CloudAdapter
from pulumi_encord_integrations.server.clouds.aws import Aws
from pulumi_encord_integrations.server.clouds.azure import Azure, Delegation, application_credential
from pulumi_encord_integrations.server.clouds.gcp import Gcp
from pulumi_encord_integrations.server.clouds.s3 import S3


def adapters(principals: Principals, access: CloudAccess) -> Mapping[str, CloudAdapter]:
    """By provider; Direct Access has none, since its URLs are used as they are."""
    application = application_credential(principals.application_id, access.azure_secret)
    s3 = S3()
    return {
        "AWS": Aws(),
        "GCP": Gcp(access.gcp_key_file, principals.service_account_email),
        "AZURE": Azure(access.azure_blob_endpoint, Delegation(application)),
        "OTC": s3,
        "S3_COMPATIBLE": s3,
    }
