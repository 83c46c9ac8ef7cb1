"""Which kind of database a setting means."""

from pathlib import Path

from pulumi_encord_integrations.model.databases import PostgresqlAddress
from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.postgresql import PostgresqlDatabase
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase


def database_at(
    place: Path | PostgresqlAddress,
    key_file: Path | None = None,
    *,
    create: bool = False,
    read_only: bool = False,
) -> Database:
    """The database of a file, whose encryption key lies beside it unless it is named, or of an address.

    Raises `DatabaseUnusable`.
    """
    if isinstance(place, Path):
        return SqliteDatabase(
            place.absolute(),
            create=create,
            read_only=read_only,
            key_file=key_file and key_file.absolute(),
        )
    if key_file is None:
        raise DatabaseUnusable(
            "with PostgreSQL the file of the encryption key must be named",
            "Name it: --encryption-key FILE, or ENCORD_ENCRYPTION_KEY_FILE",
        )
    return PostgresqlDatabase(place, key_file.absolute(), create=create, read_only=read_only)
