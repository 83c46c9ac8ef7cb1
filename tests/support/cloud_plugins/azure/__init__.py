"""A stand-in for the plugin `pulumi-resource-azure-native`, with Azurite in the place of Blob Storage.

What is in the data plane (containers, blobs, the account's CORS rules) it makes there, by the account's key.
What is in Azure's resource manager alone (resource groups, storage accounts, role assignments) it writes into
a file, `Records`, after checking the form, and that the scope and the principal exist. Whether a role
assignment lets its principal in is not the business of this plugin, nor of Azurite, which enforces none: the
gateway before it does, by the same file (tests/support/clouds/azure_gateway.py).

As the real one does, it refuses to create what is there already, also where Azure's own PUT would not. It
does not refuse to take over an account's CORS rules, whatever they are; deleting those leaves none. Where
something is replaced the old one ends first; the real one does so unless it made the name up. Accounts are
the ones that Azurite was started with: a program must name one of them, no name is made up. The real plugin
tells a changed blob by its MD5 sum; this one compares the content.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.support.cloud_plugins import on_the_path

if TYPE_CHECKING:
    from tests.support.clouds.azure_subscription import Subscription


def environment(outer: Mapping[str, str], subscription: "Subscription") -> dict[str, str]:
    """What the environment of a `pulumi` must be extended with, which otherwise is `outer`."""
    accounts = ";".join(":".join([one.name, *one.keys]) for one in subscription.accounts)
    return {
        **on_the_path(outer, "azure"),
        "AZURE_PLUGIN_ACCOUNTS": accounts,
        "AZURE_PLUGIN_BLOB_ENDPOINT": subscription.data_endpoint,
        "AZURE_PLUGIN_CERTIFICATE": str(subscription.certificate),
        "AZURE_PLUGIN_CLIENT_ID": subscription.deployer_client_id,
        "AZURE_PLUGIN_OBJECT_ID": subscription.deployer_object_id,
        "AZURE_PLUGIN_PRINCIPALS": subscription.principal_id,
        "AZURE_PLUGIN_RECORDS": str(subscription.records.path),
        "AZURE_PLUGIN_SUBSCRIPTION_ID": subscription.subscription_id,
        "AZURE_PLUGIN_TENANT_ID": subscription.tenant_id,
    }
