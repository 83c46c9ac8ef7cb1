"""`encord-integrations backup`."""

from pathlib import Path
from typing import Annotated

import typer

from pulumi_encord_integrations.cli import paths
from pulumi_encord_integrations.cli.connection import Json, document
from pulumi_encord_integrations.cli.extras import Database, EncryptionKey
from pulumi_encord_integrations.cli.operator import operating
from pulumi_encord_integrations.cli.rendering.output import printable, result, say
from pulumi_encord_integrations.client.errors import ConfigurationError

EXAMPLES = (
    "backup --database /srv/encord.sqlite --to /backups/2026-11-28",
    "backup --database /srv/encord.sqlite --to /backups/2026-11-28 --with-key",
    "backup --database postgresql://encord@db.example.com/encord --to /backups/2026-11-28",
)


def backup(
    to: Annotated[
        Path,
        typer.Option("--to", metavar="DIR", parser=paths.path, help="The folder to make for the backup."),
    ],
    with_key: Annotated[
        bool,
        typer.Option("--with-key", help="Put the encryption key in, too: then the folder opens all secrets."),
    ] = False,
    database: Database = None,
    encryption_key: EncryptionKey = None,
    json: Json = False,
) -> None:
    """Backs a database up into a new folder, as it is in one moment; the API may go on serving.

    The folder holds the whole database in one SQLite file, also of PostgreSQL, and manifest.json. It is there
    once it is whole. The encryption key is not in it, unless --with-key says so: keep it apart.
    """
    folder = to.absolute()
    with operating(database, encryption_key, read_only=True, prepare=False, needs_key=with_key) as opened:
        from pulumi_encord_integrations.server.services.backup import take

        try:
            manifest = take(opened, folder, with_key=with_key)
        except OSError as error:
            raise ConfigurationError(f"cannot write the backup {folder}: {error.strerror}") from None
    rows = sum(manifest.rows.values())
    say(f"backed up {rows:,} rows of {printable(opened.name)} into {printable(str(folder))}")
    if with_key:
        say("The encryption key is in it: whoever reads the folder can read all secrets.")
    else:
        say(f"The encryption key {manifest.key_id} is not in it: back its file up apart from this folder.")
    if len(manifest.key_ids) > 1:
        say(f"Its secrets are sealed with {len(manifest.key_ids)} keys: {', '.join(manifest.key_ids)}.")
        say("A rotation is unfinished, or a key is lost. Only a key file that holds them all restores it:")
        say("copy the present one now, or complete the rotation and take another backup.")
    for organization, head in manifest.audit_heads.items():
        name = printable(manifest.organizations.get(organization, organization))
        say(f'head of the audit trail of "{name}": {head}')
    if json:
        result(document(folder=str(folder), manifest=manifest.model_dump(mode="json", by_alias=True)))
