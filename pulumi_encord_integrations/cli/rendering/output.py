"""What reaches the terminal: stdout is the result, stderr the words."""

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import RenderableType

_UNBOUNDED = 100_000
"""Cells in a line of a pipe or file: nothing is folded there."""


class OutputFailed(Exception):
    """The result could not be written; what the verb did is done."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"cannot write the output: {reason}")


def coloured(stream: TextIO) -> bool:
    """Whether a stream may hold colours: NO_COLOR, then FORCE_COLOR, then TERM=dumb, then a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def symbols(stream: TextIO) -> bool:
    """Whether a stream is a terminal that can show more than letters."""
    return stream.isatty() and os.environ.get("TERM") != "dumb" and "utf" in (stream.encoding or "").lower()


def printable(text: str) -> str:
    """Text that others wrote, in one line that cannot steer a terminal."""
    return "".join(
        char if char.isprintable() else " " if char.isspace() else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )


def yes_no(value: bool) -> str:
    """A truth as all verbs show it."""
    return "yes" if value else "no"


def result(text: str) -> None:
    """Writes the result; where its reader has gone away, typer ends the run and `run` calls that done.

    Raises `OutputFailed`.
    """
    try:
        _stdout().write(text)
        _stdout().flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is still buffered would fail, and change the exit code, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputFailed(error.strerror or str(error)) from None


def _stdout() -> TextIO:
    # Python has none where it was closed before the start.
    stream: TextIO | None = sys.stdout
    if stream is None:
        raise OutputFailed("standard output is closed")
    return stream


def show(renderable: "RenderableType") -> None:
    """Writes the result, laid out for a terminal's width or, in a pipe, without folding."""
    result(_rendered(renderable, _stdout()))


def say(text: str) -> None:
    """Writes words for the person who runs the command; nobody need be there to read them."""
    if sys.__stderr__ is None:
        # It was closed before Python began.
        return
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except BrokenPipeError:
        # What is still buffered would fail, and change the exit code, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def complain(message: str, *hints: str) -> None:
    """Writes `error: ...`, then each hint."""
    for label, style, text in (("error", "bold red", message), *(("hint", "cyan", hint) for hint in hints)):
        if text:
            say(f"{_styled(label, style)}: {printable(text)}")


def _styled(text: str, style: str) -> str:
    if not coloured(sys.stderr):
        return text
    from rich.text import Text

    return _rendered(Text(text, style), sys.stderr).rstrip("\n")


def _rendered(renderable: "RenderableType", stream: TextIO) -> str:
    from rich.console import Console

    console = Console(
        file=io.StringIO(),
        width=None if stream.isatty() else _UNBOUNDED,
        color_system="standard" if coloured(stream) else None,
        force_terminal=coloured(stream),
        highlight=False,
        markup=False,
        emoji=False,
    )
    with console.capture() as captured:
        console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())
