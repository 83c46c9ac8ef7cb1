"""The newest migration; and whose database a file is, told without the libraries of the service.

A preview asks nothing else of an embedded API. Loading the service for it would take longer than the answer.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

REVISION = "0005"
"""The newest migration."""

_WAIT_SECONDS = 0.2


def encryption_key_file(database: Path) -> Path:
    """Where the encryption key of a database lies."""
    return database.with_name(f"{database.name}.encryption-key")


def organization_of(path: Path) -> str | None:
    """The uuid of the organization in a database of this revision; None if that cannot be told so easily.

    Neither is it where the service would not start for want of its encryption key.
    """
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_WAIT_SECONDS)
        ) as db:
            (revision,) = db.execute("SELECT version_num FROM alembic_version").fetchone()
            (uuid,) = db.execute("SELECT uuid FROM organizations").fetchone()
    except (sqlite3.Error, TypeError, OSError):
        return None
    complete = revision == REVISION and encryption_key_file(path).is_file()
    return str(uuid) if complete else None
