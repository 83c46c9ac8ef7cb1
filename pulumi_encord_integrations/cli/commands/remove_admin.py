"""`encord-integrations remove-admin`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.commands.join import Yes, confirm
from pulumi_encord_integrations.cli.commands.serve import open_database
from pulumi_encord_integrations.cli.connection import Json, document
from pulumi_encord_integrations.cli.extras import Database, EncryptionKey, database_in, require_server
from pulumi_encord_integrations.cli.lookup import Integration, the_one
from pulumi_encord_integrations.cli.rendering.output import printable, result, say
from pulumi_encord_integrations.client.errors import ConfigurationError, NotFound, Refused

if TYPE_CHECKING:
    from pulumi_encord_integrations.server.services.operations import Listed
    from pulumi_encord_integrations.server.store.database import Database as OpenDatabase

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
    from pulumi_encord_integrations.cli.configuration import read_server_settings
    from pulumi_encord_integrations.model.text import canonical_email

    settings = read_server_settings()
    place = database_in(database, settings)
    require_server(place)
    who = canonical_email(email)
    opened = open_database(place, encryption_key or settings.encryption_key_file or Path("unused"))
    try:
        found = _remove(opened, integration, who, yes=yes)
    finally:
        opened.close()
    say("removed")
    if json:
        result(document(integrationUuid=found.uuid, title=found.title, removed=who))


def _remove(database: "OpenDatabase", integration: str, email: str, *, yes: bool) -> "Listed":
    from pulumi_encord_integrations.server.errors import DatabaseUnusable, ObjectNotFound, ServiceError
    from pulumi_encord_integrations.server.services import operations

    try:
        database.prepare()
        everything = operations.integrations(database)
        found = the_one(everything, integration, f'there is no integration "{integration}"')
        operations.require_removable(database, found.uuid, email)
        say(f'{printable(email)} will no longer be an Admin of "{printable(found.title)}" ({found.uuid}).')
        confirm("Remove?", yes=yes)
        operations.remove_admin(database, found.uuid, email)
    except DatabaseUnusable as error:
        raise ConfigurationError(error.message, hint=error.hint) from None
    except ServiceError as error:
        kind = NotFound if isinstance(error, ObjectNotFound) else Refused
        raise kind(error.message, hint=error.hint) from None
    return found
