"""Kills at a moment that is counted: the second write of a create, say, before or after its commit.

`ENCORD_TEST_FAULT=moment:METHOD:MOMENT:NUMBER:DELAY:VICTIM` kills VICTIM (`cli`, `provider` or `group`, which
is the CLI with all that it started) DELAY milliseconds behind the NUMBERth MOMENT of a METHOD (`create`,
`update` or `delete`) of any resource. The file `moment` tells that it happened.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial, wraps
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

MARK = "moment"
METHODS = ("create", "update", "delete")
MOMENTS = ("called", "sent", "committed", "answered")
"""The engine has asked; a write goes to the API; it has been committed; the engine gets its answer."""

_now = threading.local()
"""Which method of a provider a thread is in."""


def strikes(method: str, moment: str, number: str, delay: str, victim: str) -> list[tuple[str, Any]]:
    """The modules to patch, and how."""
    assert method in METHODS
    assert moment in MOMENTS
    numbers = count(1)

    def reached(now: str) -> None:
        if now == moment and _method() == method and next(numbers) == int(number):
            Path(os.environ["ENCORD_TEST_FOLDER"], MARK).touch()
            _soon(int(delay) / 1000, partial(_kill, victim))

    return [("resources._adapter", partial(_calls, reached)), ("client.client", partial(_writes, reached))]


def _method() -> str:
    return getattr(_now, "method", "")


def _calls(reached: Callable[[str], None], module: ModuleType) -> None:
    for name in METHODS:
        setattr(module.ProviderAdapter, name, _told(getattr(module.ProviderAdapter, name), name, reached))


def _told(original: Any, name: str, reached: Callable[[str], None]) -> Any:
    @wraps(original)
    def told(*args: Any) -> Any:
        _now.method = name
        try:
            reached("called")
            answer = original(*args)
            reached("answered")
            return answer
        finally:
            _now.method = ""

    return told


def _writes(reached: Callable[[str], None], module: ModuleType) -> None:
    original = module.Client._send

    @wraps(original)
    def send(client: Any, request: Any) -> Any:
        if request.method == "GET":
            return original(client, request)
        reached("sent")
        answer = original(client, request)
        reached("committed")
        return answer

    module.Client._send = send


def _soon(seconds: float, action: Callable[[], None]) -> None:
    if not seconds:
        action()
        return
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


def _kill(victim: str) -> None:
    cli = int(Path(os.environ["ENCORD_TEST_FOLDER"], "cli.pid").read_text())
    if victim != "provider":
        # The CLI puts its plugins into groups of their own.
        for pid in [cli, *(_descendants(cli) if victim == "group" else ())]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    if victim != "cli":
        os.kill(os.getpid(), signal.SIGKILL)


def _descendants(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield from _descendants(child)
                yield child
