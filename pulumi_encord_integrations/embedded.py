"""The API inside this process.

Alone may know client and server both. Settings are checked without either; `connect` loads what it needs.
"""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from pulumi_encord_integrations.client.errors import ConfigurationError, NotAllowed
from pulumi_encord_integrations.client.settings import Settings
from pulumi_encord_integrations.model.text import Email
from pulumi_encord_integrations.model.users import SERVICE_ACCOUNT_DOMAIN, is_service_account

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client

_ADDRESS = "http://embedded"
NEEDED = ("fastapi", "sqlalchemy", "alembic")
"""Modules of the extra `[server]` that an embedded API loads."""


class DatabaseMissing(ConfigurationError):
    """There is no embedded database where the settings say."""


class NotReady(ConfigurationError):
    """The embedded API has something to write before it can answer: a migration, or a key."""


class NotAdmitted(NotAllowed, ConfigurationError):
    """The user that the settings name may not use the embedded API."""


def require(settings: Settings) -> None:
    """Refuses settings that an embedded API cannot start with; raises `ConfigurationError`."""
    _file(settings)
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f"the embedded API needs {', '.join(missing)}",
            hint="Install the extra: pip install 'pulumi-encord-integrations[server]'",
        )
    user_of(settings)


def connect(
    settings: Settings, *, create: bool = False, read_only: bool = False, stack: str = ""
) -> "Client":
    """A client of the API in this process, for the stack of that header.

    Only `create` may make its database; otherwise raises `DatabaseMissing`, a `ConfigurationError`, and with
    `read_only` `NotReady`, another.
    """
    require(settings)
    from pulumi_encord_integrations.client.auth import Signer, parse_key
    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.client.in_process import in_process
    from pulumi_encord_integrations.server import initialization
    from pulumi_encord_integrations.server.concurrency import inline
    from pulumi_encord_integrations.server.errors import DatabaseUnusable

    file = _file(settings)
    try:
        app, key = initialization.open_embedded(
            file,
            user_of(settings),
            settings.principals,
            create=create,
            read_only=read_only,
            clouds=settings.clouds,
            quotas=settings.quotas,
        )
    except DatabaseUnusable as error:
        hint = "Check encord:database or restore the file; only a new stack makes a new database"
        if error.missing:
            raise DatabaseMissing(error.message, hint=hint) from None
        kind = NotAdmitted if error.denied else NotReady if error.unready else ConfigurationError
        raise kind(error.message, hint=error.hint) from None
    except OSError as error:
        raise ConfigurationError(f"cannot use {file}: {error.strerror}") from None
    signer = Signer(parse_key(key, "the embedded key"))
    return Client(_ADDRESS, signer, in_process(inline(app)), stack=stack)


def _file(settings: Settings) -> Path:
    if isinstance(settings.database, Path):
        return settings.database
    raise ConfigurationError(
        "an embedded API keeps its data in a file, not in PostgreSQL",
        hint="Serve the API (encord-integrations serve), and set encord:endpoint to its address",
    )


def user_of(settings: Settings) -> str:
    """The e-mail that acts; raises `ConfigurationError`."""
    if not settings.user:
        raise ConfigurationError(
            "encord:user is not set",
            hint="Set the e-mail that acts: pulumi config set encord:user ada@example.com",
        )
    try:
        user = TypeAdapter(Email).validate_python(settings.user)
    except ValidationError:
        raise ConfigurationError("encord:user is not an e-mail address") from None
    if is_service_account(user):
        raise ConfigurationError(
            f"encord:user is a service account's: {SERVICE_ACCOUNT_DOMAIN} is their domain",
            hint="Set the e-mail of a person: an embedded API is used by people",
        )
    return user
