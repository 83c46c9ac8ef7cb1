"""Where the engine is kept, and how several runs at once share that folder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.engine.commands import WORDS_EVERY, say

HERE = Path(__file__).resolve().parent
KEPT_IN = "ENCORD_ENGINE_DIR"


def kept_in() -> Path:
    """Return the folder that holds installed and built engines."""
    named = os.environ.get(KEPT_IN)
    return Path(named).expanduser().resolve() if named else HERE.parents[1] / ".cache" / "engine"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time install or build in the folder; the lock ends with its process."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as handle:
        _acquire(handle.fileno())
        yield


def _acquire(handle: int) -> None:
    started, said = time.monotonic(), 0.0
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            gone = time.monotonic() - started
            if gone >= said:
                say(f"another run is making it ready, waiting ... {gone:.0f} s")
                said += WORDS_EVERY
            time.sleep(0.2)
        else:
            return
