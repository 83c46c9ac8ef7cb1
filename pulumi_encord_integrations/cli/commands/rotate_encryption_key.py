"""`encord-integrations rotate-encryption-key`."""

from typing import Annotated

import typer

from pulumi_encord_integrations.cli.commands.join import Yes, confirm
from pulumi_encord_integrations.cli.connection import Json, document
from pulumi_encord_integrations.cli.extras import Database, EncryptionKey
from pulumi_encord_integrations.cli.operator import operating
from pulumi_encord_integrations.cli.rendering.output import printable, result, say

_SHARED = "--database postgresql://encord@db.example.com/encord --encryption-key /srv/encryption-key"
EXAMPLES = (
    "rotate-encryption-key --database /srv/encord.sqlite",
    f"rotate-encryption-key {_SHARED} --prepare",
    f"rotate-encryption-key {_SHARED}",
)


def rotate_encryption_key(
    prepare: Annotated[
        bool,
        typer.Option("--prepare", help="Only put the new key into the file, to copy it to other servers."),
    ] = False,
    database: Database = None,
    encryption_key: EncryptionKey = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Gives a database a new encryption key, and seals every secret with it; the API may go on serving.

    Run it on the machine that serves, as the user that owns the key file. Whatever stops it, run it again: it
    goes on, and until it is done the file holds both keys. Where several servers serve one database, run it
    with --prepare first, and copy the file to them. Bearer tokens of before end; Pulumi sees no change.
    """
    with operating(database, encryption_key, needs_key=True) as opened:
        from pulumi_encord_integrations.server.services import rotation

        file = printable(str(opened.key_file))
        with rotation.exclusive(opened):
            found = rotation.state(opened)
            if found.complete:
                rest = "" if prepare else ", seal every secret and replace the present one"
                say(f"A new key will be put into {file}{rest}.")
            else:
                say(f"{file} holds the new key {found.key_id} already, beside {found.before}.")
            confirm("Rotate?", yes=yes)
            done = rotation.prepare(opened)
            if not prepare:
                done = rotation.complete(opened)
    if prepare:
        say(f"{file} holds the new key {done.key_id}. Copy it to the other servers, then run this again.")
    else:
        say(f"sealed {done.resealed:,} secrets with the key {done.key_id}, alone in {file} now")
        say("Back the file up: earlier copies of it open no secret of this database any more.")
    if done.lost:
        say(f"{done.lost:,} secrets did not open before either; they stay as they are.")
    if json:
        told = {"resealed": done.resealed, "lost": done.lost, "complete": done.complete}
        result(document(keyId=done.key_id, replaces=done.before or None, **told))
