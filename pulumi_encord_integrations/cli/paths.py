"""Paths on the command line: `~` is a home folder here too, where the shell leaves it alone."""

import os
from pathlib import Path

from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.client.paths import expanded, path_of


def path(text: str) -> Path:
    """A path, whether or not there is anything; for `parser=`."""
    try:
        return expanded(text, "it")
    except ConfigurationError as error:
        raise ValueError(str(error)) from None


def setting(text: str) -> Path:
    """The path of a key, which may stand in the setting itself by mistake and is not shown then."""
    try:
        path_of(text, "it", Path())
    except ConfigurationError as error:
        raise ValueError(str(error)) from None
    return path(text)


def file(text: str) -> Path:
    """A file that can be read."""
    found = path(text)
    if not os.path.exists(found):  # noqa: PTH110  Path's own raises for a name that is too long
        raise ValueError(f"file {text!r} does not exist.")
    if found.is_dir():
        raise ValueError(f"file {text!r} is a directory.")
    if not os.access(found, os.R_OK):
        raise ValueError(f"file {text!r} is not readable.")
    return found


def folder(text: str) -> Path:
    """A folder that exists."""
    found = path(text)
    if not os.path.isdir(found):  # noqa: PTH112
        raise ValueError(f"dir {text!r} is a file or does not exist.")
    return found
