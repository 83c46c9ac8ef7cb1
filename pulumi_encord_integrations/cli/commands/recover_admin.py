"""`encord-integrations recover-admin`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from pulumi_encord_integrations.cli.commands.join import Yes, confirm
from pulumi_encord_integrations.cli.connection import Json, document
from pulumi_encord_integrations.cli.extras import Database, EncryptionKey
from pulumi_encord_integrations.cli.key_files import NewKeyFile, PublicKeyFile, made, read_public, require_one
from pulumi_encord_integrations.cli.operator import operating
from pulumi_encord_integrations.cli.rendering.help import NAME
from pulumi_encord_integrations.cli.rendering.output import printable, result, say
from pulumi_encord_integrations.client.errors import ConfigurationError

EXAMPLES = (
    "recover-admin --database /srv/encord.sqlite ada@example.com --public-key ada.pub",
    "recover-admin --database /srv/encord.sqlite ada@example.com --new-key ada.key --promote --restore",
)
_NAME = "recover-admin"
"""What the key is called."""


def recover_admin(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="An admin of the organization.")],
    public_key: PublicKeyFile = None,
    new_key: NewKeyFile = None,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make the user an admin of the organization first.")
    ] = False,
    restore: Annotated[bool, typer.Option("--restore", help="Lift the user's suspension.")] = False,
    organization: Annotated[
        str | None,
        typer.Option("--organization", metavar="NAME", help="Name or uuid, where several have that user."),
    ] = None,
    database: Database = None,
    encryption_key: EncryptionKey = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Registers a key of an admin of the organization, where no admin has one any more.

    Run it on the machine that serves; the API may go on serving. It says what it is about to do and asks
    first; the audit trail keeps it. Keys that are there stay as they are.
    """
    require_one(public_key, new_key)
    from pulumi_encord_integrations.model.text import canonical_email

    given = read_public(public_key) if public_key else ""
    if new_key is not None and new_key.exists():
        raise ConfigurationError(f"{new_key} exists", hint="Name a new file, or use --public-key")
    with operating(database, encryption_key) as opened:
        from pulumi_encord_integrations.server.services import recovery

        seen = recovery.planned(
            opened, canonical_email(email), organization=organization, promote=promote, restore=restore
        )
        who = printable(seen.email)
        say(f'{who} gets a key that may change everything in "{printable(seen.organization_name)}".')
        if seen.promote:
            say(f"{who} becomes an admin of the organization.")
        if seen.restore:
            say(f"{who} is suspended no more: keys of before work again.")
        confirm("Register?", yes=yes)
        public = given or made(new_key or Path())
        recovery.recover(opened, seen, public, _NAME)
    from pulumi_encord_integrations.model.public_keys import fingerprint

    known = fingerprint(public)
    say(f"registered {known}")
    if new_key is not None:
        say(f"next: ENCORD_SSH_KEY_FILE={shlex.quote(str(new_key.absolute()))} {NAME} keys list")
    if json:
        done = {"promoted": seen.promote, "restored": seen.restore, "fingerprint": known}
        result(document(user=seen.email, organizationUuid=seen.organization, **done))
