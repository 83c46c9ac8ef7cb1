"""`encord-integrations keys invite` and `keys accept`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli import paths
from pulumi_encord_integrations.cli.commands.keys import KeyScope, Scoped, ends
from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing
from pulumi_encord_integrations.cli.key_files import signer_in
from pulumi_encord_integrations.cli.rendering.output import OutputFailed, printable, result, say
from pulumi_encord_integrations.client.errors import ConfigurationError, EncordError, NotAllowed

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.model.keys import InvitationAcceptance, KeyView

INVITE_EXAMPLES = (
    "keys invite mia@example.com",
    "keys invite mia@example.com --expires 8h --key-expires 90d",
)
ACCEPT_EXAMPLES = (
    "keys accept --new-key ~/.ssh/encord.key",
    "keys accept --new-key ~/.ssh/encord.key --name laptop < invitation",
)
_ACCEPTED_BEFORE = {"invitation_not_valid", "read_only"}
"""What a key is told that has accepted its invitation; the second if it may only read."""
VARIABLE = "ENCORD_INVITATION"
"""Holds the token, which no argument may: every user of a machine sees those."""


def invite(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Who is part of the organization.")],
    scope: Scoped = KeyScope.WRITE,
    expires: Annotated[
        str,
        typer.Option("--expires", metavar="SPAN", help="How long it is good for: 8h, 2d; at most 30d."),
    ] = "2d",
    key_expires: Annotated[
        str | None,
        typer.Option("--key-expires", metavar="SPAN", help="The key ends after 90d, 1w. [default: never]"),
    ] = None,
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Invites somebody to register a key, once.

    It prints a token that nobody sees again. Hand it over in private: whoever has it becomes that user.
    """
    from pulumi_encord_integrations.cli.spans import end_after
    from pulumi_encord_integrations.client import keys as api
    from pulumi_encord_integrations.model.keys import InvitationSpec

    spec = InvitationSpec(
        scope=scope.value,
        expires_at=end_after(expires, "--expires"),
        key_expires_at=end_after(key_expires, "--key-expires"),
    )
    with existing(stack, f'there is no user "{email}"', write=True) as client:
        issued = api.invite(client, email, spec)
        endpoint = client.endpoint
    say(
        f"{printable(issued.user)} may register one key ({issued.scope}) until "
        f"{issued.expires_at:%Y-%m-%d %H:%M} UTC:"
    )
    say(f"  ENCORD_ENDPOINT={endpoint} encord-integrations keys accept --new-key FILE")
    told = document(invitation=issued.model_dump(mode="json", by_alias=True)) if json else f"{issued.token}\n"
    try:
        result(told)
    except OutputFailed as failed:
        failed.add_note(
            f"The token is lost: run `keys revoke {issued.uuid} --for {issued.user}`, then invite anew"
        )
        raise


def accept(
    new_key: Annotated[
        Path,
        typer.Option(
            "--new-key",
            parser=paths.setting,
            metavar="FILE",
            help="The private key: made if there is no such file, else taken from it.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Of the key. [default: the file's name]")
    ] = None,
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Accepts an invitation with a new key.

    The token comes from ENCORD_INVITATION, else from a prompt or standard input. Run again with the same file
    and token, it says what became of the first run.
    """
    from pulumi_encord_integrations.cli.configuration import read_settings
    from pulumi_encord_integrations.client.client import Client

    settings = read_settings(stack)
    if settings.embedded:
        raise ConfigurationError(
            "an embedded API makes the keys of its users itself", hint="Set encord:endpoint to a served API's"
        )
    acceptance = _acceptance(_token(), name or new_key.stem)
    # The key lies in its file before the API knows it: whatever fails then, it is not lost.
    signer, made = signer_in(new_key)
    client = Client(settings.endpoint, signer)
    try:
        view = _accepted(client, acceptance)
    except EncordError:
        if made:
            say(f"the private key in {printable(str(new_key))} stays: run this again with it")
        raise
    finally:
        client.close()
    say(f"{printable(str(new_key))} holds a key of {printable(view.user)}: {view.scope}, {ends(view)}")
    say(f"next: export ENCORD_SSH_KEY_FILE={new_key.absolute()}")
    if json:
        result(document(key=view.model_dump(mode="json", by_alias=True)))


def _accepted(client: "Client", acceptance: "InvitationAcceptance") -> "KeyView":
    """The key, registered now, or before by a run whose answer was lost."""
    from pulumi_encord_integrations.client import keys as api

    try:
        return api.accept(client, acceptance)
    except NotAllowed as error:
        known = _known(client) if error.code in _ACCEPTED_BEFORE else None
        if known is None:
            raise
        say("the invitation was accepted with this key before; nothing was changed")
        return known


def _known(client: "Client") -> "KeyView | None":
    """The key that the client signs with, if it is registered and may be used."""
    from pulumi_encord_integrations.client import keys as api
    from pulumi_encord_integrations.client.errors import NotAuthenticated

    try:
        return next((one for one in api.listing(client) if one.current), None)
    except (NotAllowed, NotAuthenticated):
        return None


def _token() -> str:
    from pulumi_encord_integrations.model.keys import is_invitation

    given = os.environ.get(VARIABLE)
    if not given and sys.stdin is not None:
        if sys.stdin.isatty():
            given = str(typer.prompt("Invitation", hide_input=True, err=True))
        else:
            given = sys.stdin.readline(1024)
    token = (given or "").strip()
    if not is_invitation(token):
        raise typer.BadParameter(
            f"that is no invitation: what keys invite prints begins with encinv_; set {VARIABLE} to it, "
            "or write it to standard input"
        )
    return token


def _acceptance(token: str, name: str) -> "InvitationAcceptance":
    from pulumi_encord_integrations.model.keys import InvitationAcceptance

    found, problems = InvitationAcceptance.examine({"token": token, "name": name})
    if found is None or problems:
        raise typer.BadParameter("; ".join(f"--{one}" for one in map(str, problems)))
    return found
