"""The process that is forked: it imports what Pulumi's processes and the command need, then serves launchers.

It has one thread and opens no channel, so that its forks are whole. It ends when its stdin closes.
"""

import atexit
import gc
import importlib
import io
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from tests.support.fault_injection import prepare

IMPORTED = (
    "grpc._channel",
    "grpc._server",
    "grpc.experimental",
    "pulumi.dynamic",
    "pulumi.runtime.proto.language_pb2_grpc",
    "pulumi.runtime.proto.plugin_pb2",
    "pulumi_encord_integrations.resources.providers",
    "pulumi_encord_integrations.resources.integrations",
    "pulumi_encord_integrations.resources.members",
    "pulumi_encord_integrations.embedded",
    "pulumi_encord_integrations.server.app",
    "pulumi_encord_integrations.cli.app",
    "rich.progress",
    "tests.support.types",
)


@dataclass(frozen=True)
class Request:
    """The process that a launcher asks for."""

    folder: str
    arguments: list[str]
    environment: dict[str, str]
    files: list[int]
    """Its stdin, stdout and stderr."""


class Zygote:
    """Forks once for each launcher, and tells it how its process ended."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self._launchers: dict[int, socket.socket] = {}
        self._ended, self._signalled = socket.socketpair()
        self._signalled.setblocking(False)
        signal.set_wakeup_fd(self._signalled.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector = selectors.DefaultSelector()
        for readable in (sys.stdin, self._ended, listening):
            self._selector.register(readable, selectors.EVENT_READ)

    def serve(self) -> Request:
        """Return in a fork, with what it is to run."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    sys.exit()
                if key.fileobj is self._ended:
                    self._ended.recv(4096)
                    self._tell_ends()
                elif key.fileobj is self._listening:
                    if request := self._accept():
                        return request
                elif key.data in self._launchers:
                    self._selector.unregister(key.fileobj)
                    # A launcher that was killed takes its process along.
                    os.kill(key.data, signal.SIGKILL)

    def _accept(self) -> Request | None:
        launcher, _ = self._listening.accept()
        # One that was stopped must not keep others waiting.
        launcher.settimeout(10)
        request = None
        with suppress(OSError):
            request = _received(launcher)
        if not request:
            launcher.close()
            return None
        pid = os.fork()
        if not pid:
            self._leave(launcher)
            return request
        for number in request.files:
            os.close(number)
        _tell(launcher, pid)
        self._launchers[pid] = launcher
        self._selector.register(launcher, selectors.EVENT_READ, pid)
        return None

    def _leave(self, launcher: socket.socket) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for left in (*self._launchers.values(), launcher, self._listening, self._ended, self._signalled):
            left.close()

    def _tell_ends(self) -> None:
        while self._launchers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            launcher = self._launchers.pop(pid)
            if launcher in self._selector.get_map():
                self._selector.unregister(launcher)
                _tell(launcher, status)
            launcher.close()


def _tell(launcher: socket.socket, number: int) -> None:
    with suppress(ConnectionError):  # of a launcher that was killed
        launcher.sendall(number.to_bytes(4, "big"))


def _received(launcher: socket.socket) -> Request | None:
    """What a launcher asks for; nothing if it was killed before it had said so."""
    head, files, _, _ = socket.recv_fds(launcher, 4, 3)
    length = int.from_bytes(head, "big")
    message = b""
    while len(message) < length:
        part = launcher.recv(length - len(message))
        if not part:
            break
        message += part
    if not message or len(message) < length:
        for number in files:
            os.close(number)
        return None
    folder, count, *rest = os.fsdecode(message).split("\0")
    arguments, variables = rest[: int(count)], rest[int(count) :]
    environment = dict(variable.split("=", 1) for variable in variables)
    return Request(folder, arguments, environment, files)


def become(request: Request) -> None:
    """Take the place of the launcher."""
    # A group of its own: what is sent to the launcher's group, the launcher passes on.
    os.setpgid(0, 0)
    for place, number in enumerate(request.files):
        os.dup2(number, place)
        os.close(number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  for the process's life
    sys.stdout = _opened(1, "strict")
    sys.stderr = _opened(2, "backslashreplace")
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    time.tzset()
    sys.orig_argv = [sys.executable, *request.arguments]
    sys.dont_write_bytecode = bool(request.environment.get("PYTHONDONTWRITEBYTECODE"))
    prepare()


def _opened(number: int, errors: str) -> io.TextIOWrapper:
    """As `python -u` opens stdout and stderr."""
    raw = cast(BinaryIO, io.FileIO(number, "w", closefd=False))
    return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, write_through=True)


def run(arguments: list[str]) -> int:
    """Do what `python ARGUMENTS` would, and return its exit code."""
    code = 0
    try:
        _execute(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
        if code and end.code is not code:
            print(end.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001  as the interpreter itself, whatever it is
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    return code


def _execute(arguments: list[str]) -> None:
    if arguments[1] == "-m":
        sys.argv = arguments[2:]
        sys.path[0] = str(Path.cwd())
        runpy.run_module(arguments[2], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments[1:]
        sys.path[0] = str(Path(arguments[1]).parent)
        runpy.run_path(arguments[1], run_name="__main__")


def main(address: str) -> Request:
    """Serve at a Unix socket until stdin closes; return in each fork."""
    for name in IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        print("ready", flush=True)
        return Zygote(listening).serve()


if __name__ == "__main__":
    asked = main(sys.argv[1])
    become(asked)
    # Taking down an interpreter that has imported so much would take longer than most processes' work.
    os._exit(run(asked.arguments))
