"""The CORS rules of a storage account's blobs, of which there is one list for all containers."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_encord_integrations.components._arguments import AGAIN, valid
from pulumi_encord_integrations.components.azure.sdk import (
    BlobServiceProperties,
    CorsRuleArgs,
    CorsRulesArgs,
)
from pulumi_encord_integrations.model.policies.azure import azure_cors
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
    origins: pulumi.Input[Sequence[pulumi.Input[str]]] | None,
) -> BlobServiceProperties:
    """Owns the whole list of an account: it lets the app's browsers read blobs, and no others."""
    # All but the origins is known in every preview.
    rule = CorsRuleArgs(
        allowed_origins=pulumi.Output.all(origins=origins).apply(lambda known: _allowed(label, known)),
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
        opts=opts,
    )


def _claimed(label: str, storage_account: pulumi.Input[str]) -> pulumi.Input[str]:
    """The account, unless another component owns its list: each would undo what the other did."""

    def claim(account: str) -> str:
        owner = _run.current().cors_owners.setdefault(f"storage account {account}", label)
        if owner != label:
            raise pulumi.RunError(
                f"{label}: manage_cors: {owner} owns the CORS rules of storage account {account} already"
            )
        return account

    if isinstance(storage_account, str):
        return claim(storage_account)
    return pulumi.Output.all(storage_account).apply(lambda known: claim(known[0]))


def _allowed(label: str, known: Mapping[str, Any]) -> list[str]:
    if not known["origins"]:
        said = "the API knows no origin of the app; set encord:appOrigins where it runs"
        raise pulumi.RunError(f"{label}: {said}, {AGAIN}")
    rules = valid(label, lambda: azure_cors(known["origins"]))
    return list(rules[0]["allowedOrigins"])
