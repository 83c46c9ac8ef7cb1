"""A signal ends the command at once, whatever swallows the exception that it raises.

Python drops exceptions of finalizers and callbacks, a library may catch everything, and C code may not return
for long. So a thread learns of the signal from a pipe, raises the exception again until something handles it,
and ends the process if that takes too long.
"""

import _thread
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

CODES: Final[dict[int, int]] = {signal.SIGINT: 8, signal.SIGTERM: 128 + signal.SIGTERM}
"""Signal -> exit code: Pulumi's for "cancelled", the shell's for "terminated"."""
_WORDS: Final[dict[int, str]] = {signal.SIGINT: "cancelled", signal.SIGTERM: "terminated"}
_AGAIN = 1.0
"""Seconds until the exception is raised again."""
_PATIENCE = 4.0
"""Seconds for everything that has to be cleaned up."""
_SHOW_CURSOR = b"\x1b[?25h"


class _State:
    number: int = signal.SIGINT
    """The signal that came."""
    came = False
    handled = False
    """The command is ending: the exception must not be raised again."""
    expected = False
    """A signal is how the verb is meant to end."""
    folder: Path | None = None
    """Removed however the process ends."""
    terminal: list[Any] | None = None


_state = _State()


def install(*, expected: bool = False) -> None:
    """Takes over the signals that end this process; those that it was started to ignore stay ignored.

    `expected` says that a signal is how the verb is meant to end.
    """
    _state.expected = expected
    if os.name != "posix":
        return
    heard, told = os.pipe()
    os.set_blocking(told, False)
    _state.terminal = _terminal()
    for number in (*CODES, signal.SIGALRM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_signal)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    sys.unraisablehook = _on_unraisable
    # Not of `threading`: nothing waits for this thread when the process ends.
    _thread.start_new_thread(_watch, (heard, _thread.get_ident()))


def release() -> None:
    """Leaves the signals to a server that has handlers of its own and ends by itself."""
    signal.set_wakeup_fd(-1)


def finish() -> None:
    """From here on no signal raises an exception: the process ends anyway."""
    _state.handled = True


def cancelled() -> tuple[int, str]:
    """The exit code of a run that a person or a signal ended, and the word to say, if any."""
    finish()
    if _state.expected:
        return 0, ""
    return CODES[_state.number], _WORDS[_state.number]


@contextmanager
def removed(folder: Path) -> Iterator[None]:
    """A block that needs a temporary folder: a signal that leaves no time to clean up removes it, too."""
    _state.folder = folder
    try:
        yield
    finally:
        _state.folder = None


def _on_signal(number: int, _frame: FrameType | None) -> None:
    if number in CODES:
        if _state.came:
            # The second one: the thread ends the process.
            return
        _state.came, _state.number = True, number
    elif _cleaning_up():
        return
    if not _state.handled:
        raise KeyboardInterrupt


def _cleaning_up() -> bool:
    """Whether the exception has arrived: an `except`, `finally` or `with` is handling it."""
    found = sys.exc_info()[1]
    while found is not None and not isinstance(found, KeyboardInterrupt):
        found = found.__context__
    return found is not None


def _on_unraisable(ignored: "sys.UnraisableHookArgs") -> None:
    # What vanished is raised again, so it is no news.
    if not issubclass(ignored.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(ignored)


def _watch(heard: int, main_thread: int) -> None:
    while (number := os.read(heard, 1)[0]) not in CODES:
        pass
    deadline = time.monotonic() + _PATIENCE
    while (left := deadline - time.monotonic()) > 0:
        if select.select([heard], [], [], min(_AGAIN, left))[0]:
            if os.read(heard, 1)[0] in CODES:
                break
        elif not _state.handled:
            signal.pthread_kill(main_thread, signal.SIGALRM)
    _end(number)


def _end(number: int) -> None:
    said = _state.handled or _state.expected
    try:
        # In the background, touching the terminal would stop this process.
        if _state.terminal and os.tcgetpgrp(2) == os.getpgrp():
            import termios

            termios.tcsetattr(2, termios.TCSANOW, _state.terminal)
            os.write(2, _SHOW_CURSOR)
        if not said:
            os.write(2, f"error: {_WORDS[number]}\n".encode())
        if _state.folder:
            shutil.rmtree(_state.folder, ignore_errors=True)
    finally:
        os._exit(0 if _state.expected else CODES[number])


def _terminal() -> list[Any] | None:
    """The settings of the terminal that stderr is, None if it is none."""
    if not os.isatty(2):
        return None
    import termios

    return termios.tcgetattr(2)
