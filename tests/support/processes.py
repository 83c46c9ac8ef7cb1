"""Processes that outlive the command which started them, ended one by one by their ids."""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

PROVIDERS = "provider-pids"
AS_WRITTEN = {"PYTHONDONTWRITEBYTECODE": "1"}
"""Python takes a program for the one it compiled if its length and its second of writing are the same."""


def forget_recorded(folder: Path) -> None:
    """Drops the records of a command that ended by itself, since ids are used again."""
    shutil.rmtree(folder / PROVIDERS, ignore_errors=True)


def end_recorded(folder: Path) -> None:
    """Ends the provider processes that fault_injection/sitecustomize.py recorded in `folder`."""
    for record in (folder / PROVIDERS).glob("*"):
        with suppress(ProcessLookupError):
            os.kill(int(record.name), signal.SIGKILL)
        record.unlink()
