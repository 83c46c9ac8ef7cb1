"""What is wrong in a file, each thing with its place, and how it is shown."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from pulumi_encord_integrations.client.errors import EncordError
from pulumi_encord_integrations.model.problems import Problem

MAX_SHOWN = 100
"""Findings that are shown; the rest is counted."""

Path = tuple[str | int, ...]


class Position(NamedTuple):
    """Line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, order=True)
class Diagnostic:
    """One thing that is wrong: where, what, and what to do; without a place it is the file as a whole."""

    place: Position | tuple[()]
    path: Path = field(compare=False)
    message: str
    help: str = ""

    def shown(self, file: str) -> str:
        """Three lines: the error, its place, the help."""
        at = ":".join([file, *map(str, self.place)])
        lines = [f"error: {self.message}", f"  --> {at} {Problem(self.path, '').where}".rstrip()]
        return "\n".join([*lines, f"help: {self.help}"] if self.help else lines)


class BadDeclaration(EncordError):
    """A file that cannot be used; the message shows all that is wrong with it, in the order of the file."""

    def __init__(self, file: str, diagnostics: Iterable[Diagnostic]) -> None:
        self.file = file
        self.diagnostics = sorted(diagnostics)
        told = [diagnostic.shown(file) for diagnostic in self.diagnostics[:MAX_SHOWN]]
        rest = len(self.diagnostics) - len(told)
        super().__init__("\n\n".join([*told, f"and {rest:,} more problems"] if rest else told))


class Unreadable(Exception):
    """The text cannot be read on from here."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic
