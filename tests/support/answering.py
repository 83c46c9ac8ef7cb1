"""A process of its own that answers line by line, such as one whose children are killed at a step."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def answering(module: str) -> Iterator[Callable[[str], str]]:
    """Asks a process that runs a module of the tests, and answers each line with one."""
    with subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        to, back = process.stdin, process.stdout

        def ask(line: str) -> str:
            to.write(f"{line}\n")
            to.flush()
            return back.readline().strip()

        yield ask
        to.close()
