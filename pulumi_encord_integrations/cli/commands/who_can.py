"""`encord-integrations who-can`."""

from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing
from pulumi_encord_integrations.cli.lookup import nearest
from pulumi_encord_integrations.cli.rendering.output import printable, result, say, show
from pulumi_encord_integrations.client.errors import NotFound

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.model.members import UserAccess

EXAMPLES = ("who-can mia@example.com", "who-can mia@example.com --json | jq -r '.access[].title'")


def who_can(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="A user of the organization.")],
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Tells what a person may do on each integration, and through which group.

    Only integrations that you administer are shown; all of them to an auditor, or if you ask of yourself.
    """
    from pulumi_encord_integrations.client import organizations
    from pulumi_encord_integrations.model.text import canonical_email

    who = canonical_email(email)
    with existing(stack, f'nobody is known by "{email}"') as client:
        found = _access(client, who)
        caller = organizations.current(client)
    if json:
        rows = [access.model_dump(mode="json", by_alias=True) for access in found]
        result(document(user=who, access=rows))
    elif found:
        from pulumi_encord_integrations.cli.rendering.people import access_table

        show(access_table(found))
        if found[0].suspended:
            say(f"{printable(who)} is suspended and may use none of these until that is lifted.")
    if not found:
        say(f"{printable(email)} may use none of the integrations that are shown to you")
    if caller.user_email != who and not caller.auditor:
        say("Integrations that you do not administer are not shown.")


def _access(client: "Client", email: str) -> "list[UserAccess]":
    from pulumi_encord_integrations.client import members, organization_users

    try:
        return members.access(client, email)
    except NotFound as error:
        if error.code != "user_not_found":
            raise
        known = [user.email for user in organization_users.listing(client)]
        raise NotFound(f'the organization has no user "{email}"', hint=nearest(email, known)) from None
