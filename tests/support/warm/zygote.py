"""The process that is forked: it imports what Pulumi's Python processes need, then waits for launchers.

It has one thread and opens no channel, so that its forks are whole. It ends when its stdin closes.
"""

import atexit
import gc
import importlib
import os
import runpy
import selectors
import signal
import socket
import struct
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from tests.support.killpoints import prepare

IMPORTED = (
    "pulumi.dynamic",
    "pulumi.runtime.proto.language_pb2_grpc",
    "pulumi.runtime.proto.plugin_pb2",
    "pulumi_encord_integrations.resources.providers",
    "pulumi_encord_integrations.embedded",
    "pulumi_encord_integrations.server.app",
    "tests.support.types",
)
NO_SIGNAL = signal.SIGKILL


@dataclass(frozen=True)
class Request:
    """What a launcher asks for: a process with these arguments, files and surroundings."""

    folder: str
    group: int
    arguments: list[str]
    environment: dict[str, str]
    files: list[int]


def main(address: str) -> Request:
    """Serve until stdin closes. In a fork, return what it shall run."""
    for name in IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listening, selectors.DefaultSelector() as selector:
        listening.bind(address)
        listening.listen(64)
        print("ready", flush=True)
        return _serve(listening, selector)


def _serve(listening: socket.socket, selector: selectors.BaseSelector) -> Request:
    wakeups, woken = socket.socketpair()
    for end in (wakeups, woken):
        end.setblocking(False)
    signal.set_wakeup_fd(woken.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waiting: dict[int, socket.socket] = {}
    for readable in (listening, wakeups, sys.stdin):
        selector.register(readable, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                sys.exit()
            elif key.fileobj is wakeups:
                wakeups.recv(4096)
                _reap(waiting, selector)
            elif key.fileobj is listening:
                connection, _ = listening.accept()
                request = _received(connection)
                pid = os.fork()
                if not pid:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for left in (*waiting.values(), connection, wakeups, woken):
                        left.close()
                    return request
                for number in request.files:
                    os.close(number)
                connection.sendall(pid.to_bytes(4, "big"))
                waiting[pid] = connection
                selector.register(connection, selectors.EVENT_READ, pid)
            else:
                # A launcher that was killed takes its process along.
                selector.unregister(key.fileobj)
                os.kill(key.data, signal.SIGKILL)


def _reap(waiting: dict[int, socket.socket], selector: selectors.BaseSelector) -> None:
    while waiting:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        connection = waiting.pop(pid)
        if connection in selector.get_map():
            selector.unregister(connection)
            connection.sendall(status.to_bytes(4, "big"))
        connection.close()


def _received(connection: socket.socket) -> Request:
    head, files, _, _ = socket.recv_fds(connection, 4, 3)
    (length,) = struct.unpack(">I", head)
    message = b""
    while len(message) < length:
        message += connection.recv(length - len(message))
    folder, group, count, *rest = os.fsdecode(message).split("\0")
    arguments, variables = rest[: int(count)], rest[int(count) :]
    environment = dict(variable.split("=", 1) for variable in variables)
    return Request(folder, int(group), arguments, environment, files)


def become(request: Request) -> None:
    """Take the place of the launcher."""
    os.setpgid(0, request.group)
    for place, number in enumerate(request.files):
        os.dup2(number, place)
        os.close(number)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    sys.orig_argv = [sys.executable, *request.arguments]
    prepare()


def run(arguments: list[str]) -> int:
    """Do what `python -u ARGUMENTS` would, and return its exit code."""
    code = 0
    try:
        _execute(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
        if code and not isinstance(end.code, int):
            print(end.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001  the interpreter's own last resort
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    return code


def _execute(arguments: list[str]) -> None:
    if arguments[1] == "-m":
        sys.argv = arguments[2:]
        sys.path[0] = os.getcwd()
        runpy.run_module(arguments[2], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments[1:]
        sys.path[0] = str(Path(arguments[1]).parent)
        runpy.run_path(arguments[1], run_name="__main__")


if __name__ == "__main__":
    asked = main(sys.argv[1])
    become(asked)
    # Taking down an interpreter that has imported so much would take longer than most processes' work.
    os._exit(run(asked.arguments))
