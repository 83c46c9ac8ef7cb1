"""What reaches the terminal: stdout is the result, stderr the words."""

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType

_UNBOUNDED = 100_000
"""Cells in a line of a pipe or file: nothing is folded there."""


def coloured(stream: TextIO) -> bool:
    """Whether a stream may hold colours: NO_COLOR, then FORCE_COLOR, then TERM=dumb, then a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def printable(text: str) -> str:
    """Text that others wrote, in one line that cannot steer a terminal."""
    return "".join(
        char if char.isprintable() else " " if char.isspace() else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )


def result(text: str) -> None:
    """Writes the result; a reader that has gone away has seen enough."""
    _write(sys.stdout, text)


def show(renderable: "RenderableType") -> None:
    """Writes the result, laid out for a terminal's width or, in a pipe, without folding."""
    result(_rendered(renderable, sys.stdout))


def say(text: str) -> None:
    """Writes words for the person who runs the command."""
    _write(sys.stderr, f"{text}\n")


def complain(message: str, *hints: str) -> None:
    """Writes `error: ...`, then each hint."""
    for label, style, text in (("error", "bold red", message), *(("hint", "cyan", hint) for hint in hints)):
        if text:
            _write(sys.stderr, f"{_styled(label, style)}: {printable(text)}\n")


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


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        # What is still buffered would be written, and fail aloud, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise typer.Exit(0) from None
