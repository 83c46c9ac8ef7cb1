"""What the operator of a deployment does with its database, on its machine."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_encord_integrations.cli.extras import database_in, require_server
from pulumi_encord_integrations.cli.lookup import the_one
from pulumi_encord_integrations.cli.rendering.output import printable, say
from pulumi_encord_integrations.client.errors import ConfigurationError, NotFound, Refused

if TYPE_CHECKING:
    from pulumi_encord_integrations.server.services.operations import Listed
    from pulumi_encord_integrations.server.store.database import Database


@contextmanager
def operating(
    database: str | None,
    encryption_key: Path | None,
    *,
    read_only: bool = False,
    create: bool = False,
    prepare: bool = True,
    needs_key: bool = False,
) -> "Iterator[Database]":
    """The prepared database that the options, else the settings, name; its refusals end the command.

    With `read_only` one of an older version is refused, because it would be migrated; otherwise it is told.
    Without `prepare` it is left as it is, whatever it holds. Verbs that write, and with `needs_key` those
    that read, are refused where no file of the encryption key is named, or another database's.
    """
    from pulumi_encord_integrations.cli.configuration import read_server_settings

    settings = read_server_settings()
    place = database_in(database, settings)
    require_server(place)
    from pulumi_encord_integrations.server.errors import DatabaseUnusable, ObjectNotFound, ServiceError
    from pulumi_encord_integrations.server.store.database import DatabaseError, PoolTimeout
    from pulumi_encord_integrations.server.store.factory import database_at

    key_file = encryption_key or settings.encryption_key_file
    keyed = needs_key or not read_only
    if key_file is None and not keyed and not isinstance(place, Path):
        key_file = Path("unused")
    try:
        with closing(database_at(place, key_file, create=create, read_only=read_only)) as opened:
            try:
                if prepare:
                    opened.prepare()
                tell_migrated(opened)
                if prepare and keyed:
                    opened.require_matching_key()
                yield opened
            except (DatabaseError, PoolTimeout) as error:
                raise opened.refusal_of(error) from None
    except DatabaseUnusable as error:
        raise ConfigurationError(error.message, hint=error.hint) from None
    except ServiceError as error:
        kind = NotFound if isinstance(error, ObjectNotFound) else Refused
        raise kind(error.message, hint=error.hint) from None


def tell_migrated(database: "Database") -> None:
    """Says what opening it changed, and where the copy of before is."""
    from pulumi_encord_integrations.server.store.revision import REVISION

    if database.migrated_from:
        kept = f"; as it was before: {printable(str(database.copy))}" if database.copy else ""
        say(f"migrated {printable(database.name)} from {database.migrated_from} to {REVISION}{kept}")


def any_organization(database: "Database", integration: str) -> "Listed":
    """The integration of that uuid or title, in whichever organization."""
    from pulumi_encord_integrations.server.services import operations

    everything = operations.integrations(database)
    return the_one(everything, integration, f'there is no integration "{integration}"')
