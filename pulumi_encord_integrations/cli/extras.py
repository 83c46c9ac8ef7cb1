"""What the package needs beyond its own dependencies."""

import importlib.util

from pulumi_encord_integrations.client.errors import ConfigurationError

_SERVER = ("fastapi", "uvicorn", "sqlalchemy", "alembic")


def require_server() -> None:
    """Raises `ConfigurationError` if the libraries of the server are not installed."""
    missing = [name for name in _SERVER if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f"this needs {', '.join(missing)}",
            hint="Install the extra: pip install 'pulumi-encord-integrations[server]'",
        )
