"""Running one long step: words every few seconds, a time limit, and nothing left behind."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

WORDS_EVERY = 10.0


class EngineError(Exception):
    """There is no engine, and the message says what to do."""


class StepFailed(EngineError):
    """One way to an engine did not work; another one may."""


def say(words: str) -> None:
    """Print a line about the engine to stderr."""
    print(f"engine: {words}", file=sys.stderr, flush=True)


def run(
    command: Sequence[str],
    *,
    words: str,
    limit: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a command to its end and return its stdout; `words` and the seconds gone by are said as it runs."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        # A session of its own, so that a time-out reaches what the command has started too.
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=cwd,
            env=env,
            start_new_session=True,
        )
        try:
            _wait(child, started, words, limit)
        finally:
            _end(child)
        if child.returncode:
            raise StepFailed(f"{Path(command[0]).name} failed (exit code {child.returncode})\n{_tail(err)}")
        out.seek(0)
        return out.read().decode(errors="replace")


def _wait(child: "subprocess.Popen[bytes]", started: float, words: str, limit: float) -> None:
    while True:
        gone = time.monotonic() - started
        if gone > limit:
            raise StepFailed(f"gave up after {gone:.0f} s: {words}")
        try:
            child.wait(timeout=min(WORDS_EVERY, limit - gone + 0.1))
        except subprocess.TimeoutExpired:
            if time.monotonic() - started < limit:
                say(f"{words} ... {time.monotonic() - started:.0f} s")
        else:
            return


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _tail(stream: IO[bytes], lines: int = 20) -> str:
    stream.seek(0)
    return "\n".join(f"  {line}" for line in stream.read().decode(errors="replace").splitlines()[-lines:])
