"""Which adapter reaches the data of which type of integration."""

from collections.abc import Mapping

from pulumi_encord_integrations.model.principals import CloudAccess, Principals
from pulumi_encord_integrations.server.clouds.adapter import CloudAdapter
from pulumi_encord_integrations.server.clouds.aws import Aws
from pulumi_encord_integrations.server.clouds.azure import Azure, Delegation, application_credential
from pulumi_encord_integrations.server.clouds.browser import Browser
from pulumi_encord_integrations.server.clouds.direct_access import DirectAccess
from pulumi_encord_integrations.server.clouds.gcp import Gcp, GoogleAccount
from pulumi_encord_integrations.server.clouds.key_pairs import KeyPair
from pulumi_encord_integrations.server.clouds.outbound import Outbound


def adapters(principals: Principals, access: CloudAccess) -> Mapping[str, CloudAdapter]:
    """By provider."""
    application = application_credential(principals.application_id, access.azure_secret)
    browser = Browser(Outbound(access.private_networks), principals.origins)
    key_pair = KeyPair(browser)
    google = GoogleAccount(access.gcp_key_file, principals.service_account_email, access.gcs_endpoint)
    return {
        "AWS": Aws(browser),
        "GCP": Gcp(google, browser),
        "AZURE": Azure(
            access.azure_blob_endpoint, Delegation(application), browser, principals.application_id
        ),
        "OTC": key_pair,
        "S3_COMPATIBLE": key_pair,
        "DIRECT_ACCESS": DirectAccess(browser),
    }
