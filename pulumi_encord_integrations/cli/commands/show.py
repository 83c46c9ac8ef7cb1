"""`encord-integrations show`."""

from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing, wire_forms
from pulumi_encord_integrations.cli.lookup import Integration, find
from pulumi_encord_integrations.cli.rendering.output import result
from pulumi_encord_integrations.cli.rendering.output import show as print_result

EXAMPLES = (
    "show prod-images",
    "show 0d2e9b6e-3c0a-4f5e-9a3b-0f6f6d8f6a11 --stack prod",
    "show prod-images --json | jq -r .integration.externalId",
)


def show(integration: Integration, json: Json = False, stack: Stack = None) -> None:
    """Shows everything of one integration.

    The values that the cloud side needs stand alone at the end of their lines.
    """
    with existing(stack, f'there is no integration "{integration}"') as client:
        view = find(client, integration)
    if json:
        result(document(integration=wire_forms([view])[0]))
    else:
        from pulumi_encord_integrations.cli.rendering.integrations import sheet

        print_result(sheet(view))
