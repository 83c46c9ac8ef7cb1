"""`encord-integrations restore`."""

from pathlib import Path
from typing import Annotated

import typer

from pulumi_encord_integrations.cli import paths
from pulumi_encord_integrations.cli.connection import Json, document
from pulumi_encord_integrations.cli.operator import operating
from pulumi_encord_integrations.cli.rendering.output import printable, result, say
from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.client.paths import database_of

_FROM = "restore --from /backups/2026-11-28"
EXAMPLES = (
    f"{_FROM} --database /srv/encord.sqlite",
    f"{_FROM} --database /srv/encord.sqlite --encryption-key /safe/encryption-key",
    f"{_FROM} --database postgresql://encord@db.example.com/encord --encryption-key /srv/encryption-key",
)


def restore(
    from_: Annotated[
        Path, typer.Option("--from", metavar="DIR", parser=paths.path, help="What `backup` made.")
    ],
    database: Annotated[
        str,
        typer.Option(metavar="FILE|ADDRESS", help="A new SQLite file, or an empty database of PostgreSQL."),
    ],
    encryption_key: Annotated[
        Path | None,
        typer.Option(
            "--encryption-key",
            metavar="FILE",
            parser=paths.setting,
            help="The encryption key, if the backup does not hold it; with an address: where the key lies.",
        ),
    ] = None,
    lose_secrets: Annotated[
        bool,
        typer.Option("--lose-secrets", help="Restore it although the key does not open all its secrets."),
    ] = False,
    json: Json = False,
) -> None:
    """Restores a backup into a new SQLite file, or into an empty database of PostgreSQL.

    It compares what came back with the manifest, and migrates a backup of an older version. A place that
    holds something is refused. Run again, it starts anew. What was SQLite may become PostgreSQL, and the
    other way round.
    """
    folder = from_.absolute()
    # A file has its key beside it: what is named is copied there.
    is_file = isinstance(database_of(database, "--database", Path.cwd()), Path)
    lies = None if is_file else encryption_key
    with operating(database, lies, create=True, prepare=False, needs_key=True) as opened:
        from pulumi_encord_integrations.server.services.restoration import restore as put_back

        try:
            restored = put_back(folder, opened, encryption_key, lose_secrets=lose_secrets)
        except OSError as error:
            said = f"{error.filename or opened.name}: {error.strerror}"
            raise ConfigurationError(f"cannot restore into {said}") from None
        key_file = opened.key_file
    manifest = restored.manifest
    rows = sum(manifest.rows.values())
    say(f"restored {rows:,} rows of {manifest.taken_at:%Y-%m-%d %H:%M} UTC into {printable(opened.name)}")
    made = "made" if restored.made_key else "was there already"
    say(f"The encryption key {printable(str(key_file))} {made}.")
    if restored.unreadable:
        say(f"{restored.unreadable:,} secrets are sealed with another key, and are lost: set them anew.")
    if json:
        result(
            document(
                database=opened.name,
                encryptionKey=str(key_file),
                lostSecrets=restored.unreadable,
                manifest=manifest.model_dump(mode="json", by_alias=True),
            )
        )
