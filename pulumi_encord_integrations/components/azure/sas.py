"""Account SAS tokens that renew themselves: the same one on each run until it is time for the next."""

# The analyzer of source-based plugins reads these annotations: no unions but with None, no Literal, no
# callables, and nothing postponed.

from datetime import UTC, datetime
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_encord_integrations.components._arguments import require_arguments, valid
from pulumi_encord_integrations.components.azure.sdk import HttpProtocol, list_storage_account_sas_output
from pulumi_encord_integrations.model.policies.azure import (
    DEFAULT_RENEW_BEFORE,
    DEFAULT_WINDOW,
    SasWindow,
    sas_end,
    sas_parameters,
    sas_window,
)

_KEYS = ("key1", "key2")


class AzureSasArgs(TypedDict):
    """How an account SAS token is made, and renewed; `{}` takes all defaults."""

    window: NotRequired[str]
    """From the end of one token to the end of the next: "90d", "12w", ISO 8601. Default "90d"."""
    renew_before: NotRequired[str]
    """How long before a token's end an update makes the next one; shorter than the window. Default "14d"."""
    key_name: NotRequired[str]
    """The key of the account that signs: key1 or key2. Default key1."""


def now() -> datetime:
    """The clock by which tokens are made and renewed."""
    return datetime.now(UTC)


def window_of(label: str, given: Any) -> SasWindow:
    """The windows that arguments name; raises `RunError` for what is wrong with them."""
    require_arguments(label, AzureSasArgs, given, "sas")
    for name in AzureSasArgs.__optional_keys__:
        if not isinstance(given.get(name), str | None):
            raise pulumi.RunError(
                f"{label}: sas.{name} must be plain text in the program itself: it decides what is made"
            )
    if (given.get("key_name") or _KEYS[0]) not in _KEYS:
        raise pulumi.RunError(f"{label}: sas.key_name must be key1 or key2")
    spans = given.get("window") or DEFAULT_WINDOW, given.get("renew_before") or DEFAULT_RENEW_BEFORE
    return valid(f"{label}: sas", lambda: sas_window(*spans))


def end_of(label: str, given: Any) -> datetime:
    """When the token that is made by now ends."""
    return sas_end(now(), window_of(label, given))


def account_sas(
    component: pulumi.Resource,
    given: AzureSasArgs,
    ends_at: datetime,
    *,
    resource_group_name: pulumi.Input[str],
    storage_account: pulumi.Input[str],
    writable: bool,
) -> pulumi.Output[str]:
    """The token, a secret: it opens all blobs of the account until it ends."""
    opens = sas_parameters(ends_at, writable=writable)
    made = list_storage_account_sas_output(
        resource_group_name=resource_group_name,
        account_name=storage_account,
        key_to_sign=given.get("key_name") or _KEYS[0],
        services=opens["services"],
        resource_types=opens["resource_types"],
        permissions=opens["permissions"],
        protocols=HttpProtocol(opens["protocols"]),
        shared_access_expiry_time=opens["expiry"],
        opts=pulumi.InvokeOptions(parent=component),
    )
    return pulumi.Output.secret(made.account_sas_token)
