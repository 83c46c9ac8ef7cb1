"""What the package needs beyond its own dependencies."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli import paths
from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.client.paths import database_of
from pulumi_encord_integrations.model.databases import PostgresqlAddress

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.settings import Settings

_SERVER = ("fastapi", "uvicorn", "sqlalchemy", "alembic")


EncryptionKey = Annotated[
    Path | None,
    typer.Option(
        "--encryption-key",
        metavar="FILE",
        parser=paths.setting,
        help="The encryption key, if not beside the database. [default: ENCORD_ENCRYPTION_KEY_FILE]",
    ),
]


Database = Annotated[
    str | None,
    typer.Option(metavar="FILE|ADDRESS", help="What init-server made. [default: ENCORD_DATABASE]"),
]


def database_in(flag: str | None, settings: "Settings") -> Path | PostgresqlAddress:
    """The database of `--database`, else of the settings; raises `ConfigurationError`."""
    return database_of(flag, "--database", Path.cwd()) if flag else settings.database


def require_server(database: Path | PostgresqlAddress | None = None) -> None:
    """Raises `ConfigurationError` if the libraries of the server, or for its database, are not installed."""
    wanted = {
        "server": _SERVER,
        "postgresql": ("psycopg",) if isinstance(database, PostgresqlAddress) else (),
    }
    for extra, names in wanted.items():
        missing = [name for name in names if importlib.util.find_spec(name) is None]
        if missing:
            raise ConfigurationError(
                f"this needs {', '.join(missing)}",
                hint=f"Install the extra: pip install 'pulumi-encord-integrations[{extra}]'",
            )
