"""Stands for `python` in a test's virtual environment: see the package's docstring.

Runs in an interpreter without site-packages, and imports as little as it can: its start is what a test pays.
"""

import _signal  # type: ignore[import-not-found]  # typeshed has none
import _socket
import os
import sys

SOCKET = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "socket")
HARMLESS = ("PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")
PASSED = ("pulumi-language-python-exec", "language_host.py", "encord-integrations")


def is_known(arguments: list[str]) -> bool:
    """Whether the zygote has imported what this needs, and nothing asks for another interpreter."""
    if any(name.startswith("PYTHON") and name not in HARMLESS for name in os.environ):
        return False
    if arguments[:3] == ["-u", "-m", "pulumi.dynamic"]:
        return True
    return arguments[:1] == ["-u"] and len(arguments) > 1 and os.path.basename(arguments[1]) in PASSED


def pass_on(pid: int, number: int) -> None:
    try:  # noqa: SIM105  contextlib is an import
        os.kill(pid, number)
    except ProcessLookupError:
        pass  # It has ended already, and its status is on the way here.


def hand_over(arguments: list[str]) -> int:
    """Let the zygote run it and return its exit status, as `waitpid` has it."""
    sent_early: list[int] = []
    pid = 0

    def forward(number: int, _frame: object) -> None:
        if pid:
            pass_on(pid, number)
        else:
            sent_early.append(number)

    for number in (_signal.SIGINT, _signal.SIGTERM):
        _signal.signal(number, forward)
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.connect(SOCKET)
    fields = [os.getcwd(), str(len(arguments)), *arguments]
    fields += [f"{name}={value}" for name, value in os.environ.items()]
    message = "\0".join(fields).encode("utf-8", "surrogateescape")
    standard = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    connection.sendmsg(
        [len(message).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, standard)]
    )
    sent = 0
    while sent < len(message):
        sent += connection.send(message[sent:])
    pid = int.from_bytes(connection.recv(4), "big")
    if not pid:
        sys.exit("the zygote has ended")
    while sent_early:
        pass_on(pid, sent_early.pop())
    status = connection.recv(4)
    if not status:
        pass_on(pid, _signal.SIGKILL)
        sys.exit("the zygote has ended")
    return int.from_bytes(status, "big")


if not is_known(sys.argv[1:]):
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
status = hand_over(sys.argv[1:])
if os.WIFSIGNALED(status):
    # Ends alike, once nothing is forwarded any more.
    for number in (_signal.SIGINT, _signal.SIGTERM):
        _signal.signal(number, _signal.SIG_DFL)
    os.kill(os.getpid(), os.WTERMSIG(status))
os._exit(os.WEXITSTATUS(status))
