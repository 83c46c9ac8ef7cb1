"""`encord-integrations join`."""

import sys
from typing import Annotated

import typer

from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing
from pulumi_encord_integrations.cli.lookup import Integration, find
from pulumi_encord_integrations.cli.rendering.output import printable, result, say
from pulumi_encord_integrations.client.errors import NotAllowed

EXAMPLES = ("join prod-images", "join 0d2e9b6e-3c0a-4f5e-9a3b-0f6f6d8f6a11 --yes --json")

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def join(integration: Integration, yes: Yes = False, json: Json = False, stack: Stack = None) -> None:
    """Joins an integration, as an admin of the organization; that makes you its Admin.

    It says what it is about to do and asks first.
    """
    from pulumi_encord_integrations.client import members, organizations

    with existing(stack, f'there is no integration "{integration}"', write=True) as client:
        view = find(client, integration)
        caller = organizations.current(client)
        user = caller.user_email
        if view.role == "admin" and members.of(client, view.uuid).get(user) == "admin":
            say(f'{user} is an Admin of "{printable(view.title)}" already; nothing was changed')
        elif caller.role != "ADMIN":
            raise NotAllowed(
                "only admins of the organization may join", hint="Ask one of them, or an Admin of it"
            )
        else:
            say(
                f'{user} becomes an Admin of "{printable(view.title)}" ({view.uuid}). '
                "Individual Admins can be neither removed nor demoted afterwards."
            )
            confirm("Join?", yes=yes)
            members.join(client, view.uuid)
            say("joined")
    if json:
        result(document(integrationUuid=view.uuid, title=view.title, user=user, role="admin"))


def confirm(question: str, *, yes: bool) -> None:
    """Goes on only after a yes; where nobody can be asked, --yes must have said it."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("there is no terminal to ask at: say --yes")
    typer.confirm(question, abort=True, err=True)
