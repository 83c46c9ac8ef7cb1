"""Files that a verb reads, `-` and pipes included."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pulumi_encord_integrations.cli import interrupts, paths
from pulumi_encord_integrations.client.errors import ConfigurationError

STDIN = Path("-")
_DEVICES = Path("/dev")


def source(text: str) -> Path:
    """A file that can be read, or `-`; for `parser=`."""
    return STDIN if text == str(STDIN) else paths.file(text)


@contextmanager
def readable_twice(file: Path) -> Iterator[Path]:
    """The file or, of what can be read once only, a copy of it."""
    # On some systems /dev/stdin goes on where it was read before, even if it is a file.
    if file != STDIN and file.is_file() and not file.is_relative_to(_DEVICES):
        yield file
        return
    with tempfile.TemporaryDirectory() as folder, interrupts.removed(Path(folder)):
        copy = Path(folder, "input")
        with copy.open("xb") as written:
            _copy(file, written)
        yield copy


def content(file: Path) -> bytes:
    """All of it; raises OSError."""
    return _stdin().read() if file == STDIN else file.read_bytes()


def name_of(file: Path) -> str:
    """For the person at the terminal."""
    if file in {STDIN, _DEVICES / "stdin"}:
        return "standard input"
    return str(file) if file.is_relative_to(_DEVICES) else file.name


def _copy(file: Path, written: BinaryIO) -> None:
    try:
        if file == STDIN:
            shutil.copyfileobj(_stdin(), written)
        else:
            with file.open("rb") as opened:
                shutil.copyfileobj(opened, written)
    except OSError as error:
        raise ConfigurationError(f"{name_of(file)} cannot be read: {error.strerror}") from None


def _stdin() -> BinaryIO:
    if sys.stdin is None:
        raise ConfigurationError("standard input is closed", hint="Name a file")
    return sys.stdin.buffer
