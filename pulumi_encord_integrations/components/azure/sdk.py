"""What of Pulumi's SDK for Azure the components use; an extra of the package."""

try:
    from pulumi_azure_native.authorization.get_client_config import get_client_config_output
    from pulumi_azure_native.authorization.role_assignment import RoleAssignment
    from pulumi_azure_native.storage import (
        Blob,
        BlobContainer,
        BlobServiceProperties,
        CorsRuleArgs,
        CorsRulesArgs,
        HttpProtocol,
        PublicAccess,
        list_storage_account_sas_output,
    )
except ModuleNotFoundError as error:
    if not str(error.name).startswith("pulumi_azure_native"):
        raise
    raise ImportError(
        "the components for Azure need the extra: pip install 'pulumi-encord-integrations[azure]'"
    ) from None

__all__ = [
    "Blob",
    "BlobContainer",
    "BlobServiceProperties",
    "CorsRuleArgs",
    "CorsRulesArgs",
    "HttpProtocol",
    "PublicAccess",
    "RoleAssignment",
    "get_client_config_output",
    "list_storage_account_sas_output",
]
