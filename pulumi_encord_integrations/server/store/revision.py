"""The newest migration, and where the encryption key of a database lies."""

import os
from pathlib import Path

REVISION = "0007"
"""The newest migration."""


def private_file(path: Path) -> None:
    """Makes an empty file that only its owner may read; raises OSError if there is one."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def encryption_key_file(database: Path) -> Path:
    """Where the encryption key of a database lies."""
    return beside(database, "encryption-key")


def beside(database: Path, ending: str) -> Path:
    """A file that belongs to a database: beside the real file, whichever link names it.

    One that lies beside the link alone is used where it is.
    """
    # Path's own raises for a name that is too long.
    real = Path(os.path.realpath(database)) if os.path.islink(database) else database  # noqa: PTH114
    file, linked = (one.with_name(f"{one.name}.{ending}") for one in (real, database))
    return linked if os.path.lexists(linked) and not os.path.lexists(file) else file
