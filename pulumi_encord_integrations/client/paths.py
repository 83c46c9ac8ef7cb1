"""Paths and databases as settings and flags write them; all are read here."""

import os
import re
from pathlib import Path

from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.model.databases import NotADatabase, PostgresqlAddress

DATABASE = Path(".encord", "encord.sqlite")
"""The database of a project that names none, in a folder that git ignores."""
_FORMER_DATABASE = "encord.sqlite"
_CREDENTIAL = re.compile(r".*://|-----BEGIN|[0-9a-f]{64}$", re.IGNORECASE | re.DOTALL)


def path_of(text: str, setting: str, start: Path) -> Path:
    """The path that a setting names, from `start` if it is relative; raises `ConfigurationError`."""
    if _CREDENTIAL.match(text):
        raise ConfigurationError(f"{setting} must be the path of a file, not an address or a key")
    if not text or "\0" in text:
        raise ConfigurationError(f"{setting} must be the path of a file")
    return start / expanded(text, setting)


def expanded(text: str, setting: str) -> Path:
    """A path with `~` and `~user` replaced by the home folder; raises `ConfigurationError`."""
    if not text.startswith("~"):
        return Path(text)
    first, *rest = Path(text).parts
    # Path.expanduser takes an empty HOME for the root.
    home = "" if first == "~" and os.environ.get("HOME") == "" else os.path.expanduser(first)  # noqa: PTH111
    if not Path(home).is_absolute():
        raise ConfigurationError(
            f"{setting} begins with {first}, and that home folder is not known",
            hint="Set HOME, or write the whole path" if first == "~" else "Write the whole path",
        )
    return Path(home, *rest)


def database_of(text: str, setting: str, start: Path) -> Path | PostgresqlAddress:
    """The file or address that a setting names; raises `ConfigurationError`, which does not quote it."""
    text = text.strip()
    try:
        address = PostgresqlAddress.read(text)
    except NotADatabase as error:
        raise ConfigurationError(f"{setting} {error.message}", hint=error.hint) from None
    return address or path_of(text, setting, start)


def default_database(project: Path) -> Path:
    """Where the database of a project lies that names none."""
    path, former = project / DATABASE, project / _FORMER_DATABASE
    return former if former.exists() and not path.exists() else path
