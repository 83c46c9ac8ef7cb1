"""`encord-integrations init-server`."""

from pathlib import Path
from shlex import join
from typing import Annotated, Any

import typer

from pulumi_encord_integrations.cli import paths
from pulumi_encord_integrations.cli.commands.serve import open_database
from pulumi_encord_integrations.cli.extras import EncryptionKey, database_in, require_server
from pulumi_encord_integrations.cli.key_files import made, read_public, require_one
from pulumi_encord_integrations.cli.rendering.help import NAME
from pulumi_encord_integrations.cli.rendering.output import printable, result, say
from pulumi_encord_integrations.client.errors import ConfigurationError, Refused
from pulumi_encord_integrations.model.databases import PostgresqlAddress

_ACME = "init-server --database /srv/encord.sqlite --organization Acme --admin ada@example.com"
EXAMPLES = (f"{_ACME} --public-key ada.pub", f"{_ACME} --new-key ada.key")


def init_server(
    database: Annotated[
        str, typer.Option(metavar="FILE|ADDRESS", help="The database to make, or an empty one of PostgreSQL.")
    ],
    organization: Annotated[str, typer.Option(metavar="NAME", help="The organization that it serves.")],
    admin: Annotated[str, typer.Option(metavar="EMAIL", help="Its first user, an admin.")],
    public_key: Annotated[
        Path | None,
        typer.Option(parser=paths.setting, metavar="FILE", help="The admin's public key, OpenSSH Ed25519."),
    ] = None,
    new_key: Annotated[
        Path | None,
        typer.Option(
            parser=paths.setting, metavar="FILE", help="Make a private key for the admin, in this file."
        ),
    ] = None,
    encryption_key: EncryptionKey = None,
) -> None:
    """Makes the database of an API to serve.

    In it are the organization, its first admin and their public key; beside it lies the encryption key.
    Run it on the machine that serves. Run again, it refuses and changes nothing.
    """
    require_one(public_key, new_key)
    from pulumi_encord_integrations.cli.configuration import read_server_settings

    settings = read_server_settings()
    place = database_in(database, settings)
    require_server(place)
    from pulumi_encord_integrations.model.text import Email, Title
    from pulumi_encord_integrations.model.users import is_service_account
    from pulumi_encord_integrations.server import initialization
    from pulumi_encord_integrations.server.errors import DatabaseUnusable

    name = _checked(Title, organization, "--organization")
    email = _checked(Email, admin, "--admin")
    if is_service_account(email):
        raise typer.BadParameter("--admin must be a person's e-mail, not that of a service account")
    opened = open_database(place, encryption_key or settings.encryption_key_file, create=True)
    try:
        initialization.refuse_initialized(opened)
        key = read_public(public_key) if public_key else made(new_key or Path())
        encryption = initialization.initialize(opened, initialization.NewOrganization(name, email, key))
    except initialization.AlreadyInitialized as error:
        raise Refused(error.message, hint=error.hint) from None
    except DatabaseUnusable as error:
        raise ConfigurationError(error.message, hint=error.hint) from None
    except OSError as error:
        raise ConfigurationError(f"cannot write {error.filename or opened.name}: {error.strerror}") from None
    finally:
        opened.close()
    named = ["--encryption-key", str(encryption)] if encryption_key or not isinstance(place, Path) else []
    _tell(name, email, place, encryption, new_key, named)


def _tell(
    name: str,
    email: str,
    place: Path | PostgresqlAddress,
    encryption_key: Path,
    new_key: Path | None,
    named: list[str],
) -> None:
    lines = [f'Made the organization "{name}" and its admin {email}.']
    lines += [f"  database        {place}", f"  encryption key  {encryption_key}"]
    lines += [f"  private key     {new_key.absolute()}"] if new_key else []
    result("".join(f"{printable(line)}\n" for line in lines))
    say("Back the encryption key up apart from the database: without it no secret can be read.")
    say(f"next: {join([NAME, 'serve', '--database', str(place), *named])}")


def _checked(kind: Any, value: str, flag: str) -> str:
    from pydantic import TypeAdapter, ValidationError

    try:
        return str(TypeAdapter(kind).validate_python(value))
    except ValidationError as error:
        said = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise typer.BadParameter(f"{flag} {said.removeprefix('Value error, ')}") from None
