"""Rotates encryption keys in processes that are killed at a step: `python -m tests.support.killed_rotation`.

Each line of its input is a database, its key file and the number of a step. It answers `killed`, or how many
steps there are for one that is beyond them. A step is a write of the file, of a row, or a commit.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event

from pulumi_encord_integrations.client.paths import database_of
from pulumi_encord_integrations.server.services import rotation
from pulumi_encord_integrations.server.store.factory import database_at

_READS = ("SELECT", "PRAGMA", "SHOW", "BEGIN", "SET")
AT_ONCE = 2


class _Steps:
    def __init__(self, last: int) -> None:
        self.last, self.seen = last, 0

    def __call__(self, *_: Any) -> None:
        if self.seen == self.last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen += 1

    def statement(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(_READS):
            self()

    def around(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*given: Any) -> Any:
            self()
            done = act(*given)
            self()
            return done

        return acted


def _rotate(place: str, key_file: str, last: int) -> None:
    step = _Steps(last)
    rotation._AT_ONCE = AT_ONCE
    database = database_at(database_of(place, "place", Path.cwd()), Path(key_file))
    for name, listener in (("before_cursor_execute", step.statement), ("commit", step)):
        event.listen(database._engine, name, listener)
    # What each write of the file does, one after the other.
    os.fsync = step.around(os.fsync)
    Path.replace = step.around(Path.replace)  # type: ignore[method-assign]
    database.prepare()
    with rotation.exclusive(database):
        rotation.prepare(database)
        rotation.complete(database)
    database.close()
    print(step.seen, flush=True)


def main() -> None:
    """Answers line by line."""
    for line in sys.stdin:
        place, key_file, last = line.split()
        child = os.fork()
        if not child:
            try:
                _rotate(place, key_file, int(last))
                os._exit(0)
            finally:
                # An exception is on its way: whoever waits for the answer must get one.
                traceback.print_exc()
                os._exit(1)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            print("killed", flush=True)
        elif status:
            print("failed", flush=True)


if __name__ == "__main__":
    main()
