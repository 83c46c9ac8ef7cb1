"""Writes a file whole or not at all."""

import os
import secrets
from pathlib import Path

from pulumi_encord_integrations.client.errors import ConfigurationError


def writable(path: Path, *, force: bool) -> None:
    """Raises `ConfigurationError` if a file may not be written there."""
    if path.is_dir():
        raise ConfigurationError(f"{path} is a folder", hint="Name a file")
    if not path.parent.is_dir():
        raise ConfigurationError(f"{path.parent} is no folder", hint="Make it first")
    if os.path.lexists(path) and not force:
        raise ConfigurationError(f"{path} exists", hint="Name a new file, or add --force")


def write(path: Path, text: str, *, force: bool) -> None:
    """Puts the text there at once; until then nothing, or what was there, is seen."""
    beside = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}")
    try:
        try:
            with beside.open("x", encoding="ascii", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            # Reading took its time.
            writable(path, force=force)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from None
