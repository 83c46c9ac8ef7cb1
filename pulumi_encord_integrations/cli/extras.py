"""What the package needs beyond its own dependencies."""

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from pulumi_encord_integrations.client.errors import ConfigurationError

_SERVER = ("fastapi", "uvicorn", "sqlalchemy", "alembic")


EncryptionKey = Annotated[
    Path | None,
    typer.Option(
        "--encryption-key",
        metavar="FILE",
        help="With an address: the file of the encryption key. [default: ENCORD_ENCRYPTION_KEY_FILE]",
    ),
]


def require_server(database: str = "") -> None:
    """Raises `ConfigurationError` if the libraries of the server, or for its database, are not installed."""
    from pulumi_encord_integrations.client.settings import ADDRESSES

    wanted = {"server": _SERVER, "postgresql": ("psycopg",) if database.startswith(ADDRESSES) else ()}
    for extra, names in wanted.items():
        missing = [name for name in names if importlib.util.find_spec(name) is None]
        if missing:
            raise ConfigurationError(
                f"this needs {', '.join(missing)}",
                hint=f"Install the extra: pip install 'pulumi-encord-integrations[{extra}]'",
            )
