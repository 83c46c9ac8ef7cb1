"""The CORS rules of a storage account's blobs, of which there is one list for all containers."""

import pulumi

from pulumi_encord_integrations.components._arguments import Origins, allowed_origins
from pulumi_encord_integrations.components.azure.sdk import (
    BlobServiceProperties,
    CorsRuleArgs,
    CorsRulesArgs,
)
from pulumi_encord_integrations.model.policies.cors import (
    EXPOSED_HEADERS,
    MAX_AGE_SECONDS,
    METHODS,
    REQUEST_HEADERS,
)
from pulumi_encord_integrations.resources import _run


def own_cors(
    label: str,
    name: str,
    opts: pulumi.ResourceOptions,
    *,
    resource_group_name: pulumi.Input[str],
    storage_account: pulumi.Input[str],
    origins: Origins,
) -> BlobServiceProperties:
    """Owns the whole list of an account: it lets the app's browsers read blobs, and no others."""
    # All but the origins is known in every preview.
    rule = CorsRuleArgs(
        allowed_origins=allowed_origins(label, origins, "manage_cors"),
        allowed_methods=METHODS,
        allowed_headers=REQUEST_HEADERS,
        exposed_headers=EXPOSED_HEADERS,
        max_age_in_seconds=MAX_AGE_SECONDS,
    )
    return BlobServiceProperties(
        name,
        resource_group_name=resource_group_name,
        account_name=_claimed(label, storage_account),
        blob_services_name="default",
        cors=CorsRulesArgs(cors_rules=[rule]),
        # Where another component takes the list over, the end of this one would empty it.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True)),
    )


def _claimed(label: str, storage_account: pulumi.Input[str]) -> pulumi.Input[str]:
    """The account, unless another component owns its list: each would undo what the other did."""

    def claim(account: str) -> str:
        _run.current().claim(label, f"owns the CORS rules of storage account {account}")
        return account

    if isinstance(storage_account, str):
        return claim(storage_account)
    return pulumi.Output.all(storage_account).apply(lambda known: claim(known[0]))
