"""A server of this process: on free loopback ports, in a folder of its own, ended by its id."""

import atexit
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

START_SECONDS = 90


class NotStarted(Exception):
    """A server does not answer; the message ends with its last words."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Processes:
    """Processes that end with this one, the newest first."""

    def __init__(self, name: str, within: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"encord-{name}-{os.getpid()}-", dir=within))
        self._started: list[subprocess.Popen[bytes]] = []
        atexit.register(self.stop)

    def start(self, command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
        """Starts one; its words go to a file of the folder."""
        with (self.folder / f"{len(self._started)}.log").open("wb") as words:
            started = subprocess.Popen(
                [str(word) for word in command],
                cwd=self.folder,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509  one call into libc
            )
        self._started.append(started)

    def await_answer(self, answers: Callable[[], bool]) -> None:
        """Returns when it answers; fails with its last words if it does not."""
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            ended = self._started[-1].poll() is not None
            if ended or time.monotonic() > deadline:
                words = sorted(self.folder.glob("*.log"))[-1].read_text(errors="replace")[-2000:]
                self.stop()
                raise NotStarted(f"the server {'ended' if ended else 'does not answer'}:\n{words}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ends all at once, since nothing of theirs is kept, and removes the folder."""
        for process in reversed(self._started):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        self._started.clear()
        shutil.rmtree(self.folder, ignore_errors=True)


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def answers_http(url: str) -> bool:
    """Whether a server answers anything there."""
    try:
        urlopen(url, timeout=2).close()
    except HTTPError:
        return True
    except OSError:
        return False
    return True


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
