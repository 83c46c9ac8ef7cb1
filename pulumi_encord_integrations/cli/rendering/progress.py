"""A progress bar on a terminal; silence elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pulumi_encord_integrations.cli.rendering.output import symbols

Advance = Callable[[int], None]
"""Takes how far it is by now, of the whole."""


@contextmanager
def bar(what: str, whole: int) -> Iterator[Advance]:
    """Shows how far something is, on stderr."""
    if not symbols(sys.stderr):
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=max(whole, 1))
        yield lambda done: progress.update(task, completed=done)
