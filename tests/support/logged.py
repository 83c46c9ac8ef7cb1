"""The log of a server, as a file that a test reads."""

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_encord_integrations.server import logs

PACKAGE = logging.getLogger("pulumi_encord_integrations")


@dataclass
class Logged:
    """What was logged."""

    path: Path
    handler: logs.LogHandler

    @property
    def text(self) -> str:
        self.handler.flush()
        return self.path.read_text()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Of a log in JSON."""
        return [json.loads(line) for line in self.text.splitlines()]

    def requests(self, count: int = 1) -> list[dict[str, Any]]:
        """The lines of requests, of which there are so many: each is written behind its answer."""
        deadline = time.monotonic() + 20
        while True:
            found = [line for line in self.lines if line["event"] == "request"]
            if len(found) >= count or time.monotonic() > deadline:
                return found
            time.sleep(0.01)


@contextmanager
def configured(stream: int, kind: logs.Format = "json", level: str = "info") -> Iterator[logs.LogHandler]:
    """The log of this process goes to the descriptor until the block ends."""
    root = logging.getLogger()
    before, levels = root.handlers[:], (root.level, PACKAGE.level)
    handler = logs.configure(kind, level, stream)
    try:
        yield handler
    finally:
        root.handlers[:] = before
        root.setLevel(levels[0])
        PACKAGE.setLevel(levels[1])
        handler.close()


@contextmanager
def logging_to(path: Path, kind: logs.Format = "json", level: str = "info") -> Iterator[Logged]:
    """The same into a file."""
    stream = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        with configured(stream, kind, level) as handler:
            yield Logged(path, handler)
    finally:
        os.close(stream)
