"""The newest migration, and where the encryption key of a database lies."""

from pathlib import Path

REVISION = "0006"
"""The newest migration."""


def encryption_key_file(database: Path) -> Path:
    """Where the encryption key of a database lies."""
    return database.with_name(f"{database.name}.encryption-key")
