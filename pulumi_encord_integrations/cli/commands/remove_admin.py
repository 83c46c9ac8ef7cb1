"""`encord-integrations remove-admin`."""

from typing import Annotated

import typer

from pulumi_encord_integrations.cli.commands.join import Yes, confirm
from pulumi_encord_integrations.cli.connection import Json, document
from pulumi_encord_integrations.cli.extras import Database, EncryptionKey
from pulumi_encord_integrations.cli.lookup import Integration
from pulumi_encord_integrations.cli.operator import any_organization, operating
from pulumi_encord_integrations.cli.rendering.output import printable, result, say

EXAMPLES = (
    "remove-admin --database /srv/encord.sqlite prod-images ada@example.com",
    "remove-admin --database /srv/encord.sqlite 0d2e9b6e-3c0a-4f5e-9a3b-0f6f6d8f6a11 ada@example.com",
)


def remove_admin(
    integration: Integration,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The individual Admin.")],
    database: Database = None,
    encryption_key: EncryptionKey = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Removes an individual Admin from an integration, which the API does for nobody.

    Run it on the machine that serves. It says what it is about to do and asks first; the audit trail keeps
    it. A role through a group stays.
    """
    from pulumi_encord_integrations.model.text import canonical_email

    who = canonical_email(email)
    with operating(database, encryption_key) as opened:
        from pulumi_encord_integrations.server.services import operations

        found = any_organization(opened, integration)
        groups = operations.require_removable(opened, found.uuid, who)
        named = f'of "{printable(found.title)}" ({found.uuid})'
        if groups:
            by = f"stays one by the group {', '.join(map(printable, groups))}"
            say(f"{printable(who)} will no longer be an individual Admin {named}, and {by}.")
        else:
            say(f"{printable(who)} will no longer be an Admin {named}.")
        confirm("Remove?", yes=yes)
        operations.remove_admin(opened, found.uuid, who)
    say("removed")
    if json:
        result(document(integrationUuid=found.uuid, title=found.title, removed=who, adminByGroups=groups))
