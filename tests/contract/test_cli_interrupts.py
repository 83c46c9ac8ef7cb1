"""The command ends at the first Ctrl-C, also where Python or a library drops the exception that it raises."""

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.support.command import environment

PROGRAM = """
import ctypes, gc, os, signal, sys, threading, types, weakref
from pulumi_encord_integrations.cli import interrupts, main

class Thing: pass

def interrupt(number=signal.SIGINT):
    signal.raise_signal(number)

def block():
    threading.Event().wait()

def verb(*_arguments, **_more):
    {body}
    block()

{prepare}
main()
"""
SWALLOWED = {
    "finalizer": "Thing.__del__ = lambda self: interrupt(); Thing()",
    "weak reference": "thing = Thing(); known = weakref.ref(thing, lambda _: interrupt()); del thing",
    "collection": "gc.callbacks.append(lambda *_: gc.callbacks.clear() or interrupt()); gc.collect()",
    "callback of C": "ctypes.CFUNCTYPE(None)(interrupt)()",
    "except": """
    try: interrupt()
    except BaseException: pass""",
}
STUCK = """
    lock, mutex = ctypes.CDLL(None).pthread_mutex_lock, ctypes.create_string_buffer(64)
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    lock(mutex), lock(mutex)"""
ALONE = "sys.modules['pulumi_encord_integrations.cli.app'] = types.SimpleNamespace(run=verb)"
LISTING = "from pulumi_encord_integrations.client import integrations; integrations.search = verb"
SERVING = "from pulumi_encord_integrations.cli.commands import serve; serve.open_database = verb"
COPYING = f"from pulumi_encord_integrations.cli.inputs import STDIN, readable_twice; {ALONE}"
LOADING = """
class Finder:
    def find_spec(name, path=None, target=None):
        if name == "typer": verb()
sys.meta_path.insert(0, Finder)"""
IMPATIENT = f"interrupts._AGAIN = interrupts._PATIENCE = 3600; {ALONE}"


def command(body: str, prepare: str = ALONE, *arguments: str) -> list[str]:
    """A command whose verb has this body."""
    return [sys.executable, "-c", PROGRAM.format(body=body, prepare=prepare), *arguments]


def ended(folder: Path, *described: str) -> tuple[int, str]:
    """The exit code of such a command, and all that it said."""
    ran = subprocess.run(
        command(*described),
        cwd=folder,
        env=settings(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def settings(folder: Path) -> dict[str, str]:
    return environment(folder, ENCORD_ENDPOINT="http://127.0.0.1:1", ENCORD_TOKEN="token")


@pytest.mark.parametrize("body", SWALLOWED.values(), ids=SWALLOWED)
def test_an_interrupt_that_vanishes_ends_the_command(tmp_path: Path, body: str) -> None:
    assert ended(tmp_path, body) == (8, "error: cancelled\n")


def test_an_interrupt_ends_code_that_does_not_return_to_python(tmp_path: Path) -> None:
    assert ended(tmp_path, STUCK) == (8, "error: cancelled\n")


def test_an_interrupt_that_vanishes_in_a_real_verb_ends_it(tmp_path: Path) -> None:
    assert ended(tmp_path, SWALLOWED["finalizer"], LISTING, "list") == (8, "error: cancelled\n")


@pytest.mark.parametrize("body", ["interrupt()", SWALLOWED["except"]], ids=["raised", "vanished"])
def test_an_interrupt_ends_the_command_while_its_modules_load(tmp_path: Path, body: str) -> None:
    assert ended(tmp_path, body, LOADING) == (8, "error: cancelled\n")


def test_what_an_interrupt_leaves_is_cleaned_up(tmp_path: Path) -> None:
    body = """
    try: interrupt()
    finally: open("cleaned", "x").close()"""
    assert ended(tmp_path, body, LISTING, "list") == (8, "error: cancelled\n")
    assert (tmp_path / "cleaned").exists()


def test_cleaning_up_is_not_interrupted_while_it_takes_its_time(tmp_path: Path) -> None:
    prepare = f"interrupts._AGAIN = 0.05; {LISTING}"
    body = """
    import time
    try: interrupt()
    finally:
        try: {}["absent"]
        except KeyError: time.sleep(0.5)
        open("cleaned", "x").close()"""
    assert ended(tmp_path, body, prepare, "list") == (8, "error: cancelled\n")
    assert (tmp_path / "cleaned").exists()


AGAIN = "interrupt(); os.kill(os.getpid(), signal.SIGINT); block()"


@pytest.mark.parametrize(
    "body", [STUCK, f"\n    try: interrupt()\n    finally: {AGAIN}"], ids=["in C", "by two signals"]
)
def test_no_copy_of_standard_input_is_left_where_there_is_no_time_to_clean_up(
    tmp_path: Path, body: str
) -> None:
    (tmp_path / "tmp").mkdir()
    prepare = f"os.environ['TMPDIR'] = 'tmp'; interrupts._PATIENCE = 1; {COPYING}"
    inside = body.replace("\n", "\n    ")
    copying = f"""
    with readable_twice(STDIN) as copy:
        assert copy.exists()
        {inside}"""
    assert ended(tmp_path, copying, prepare) == (8, "error: cancelled\n")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_second_interrupt_does_not_wait_for_the_cleaning(tmp_path: Path) -> None:
    body = """
    try: interrupt()
    finally: threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start(); block()"""
    assert ended(tmp_path, body, IMPATIENT) == (8, "error: cancelled\n")


def test_cleaning_up_that_does_not_end_is_ended(tmp_path: Path) -> None:
    body = """
    threading.Thread(target=block).start()
    interrupt()"""
    assert ended(tmp_path, body) == (8, "error: cancelled\n")


@pytest.mark.parametrize(
    "body", ["interrupt(signal.SIGTERM)", "Thing.__del__ = lambda _: interrupt(15); Thing()"]
)
def test_sigterm_ends_the_command_with_143(tmp_path: Path, body: str) -> None:
    assert ended(tmp_path, body, LISTING, "list") == (143, "error: terminated\n")


def test_a_signal_that_vanishes_while_a_server_starts_ends_it_well(tmp_path: Path) -> None:
    assert ended(tmp_path, SWALLOWED["finalizer"], SERVING, "serve") == (0, "")


@pytest.mark.parametrize("body", ["interrupt()", "interrupt(signal.SIGTERM)", SWALLOWED["except"]])
@pytest.mark.parametrize("arguments", [["serve"], ["--debug", "serve", "--port", "0"]])
def test_a_signal_while_the_modules_of_a_server_load_ends_it_well(
    tmp_path: Path, body: str, arguments: list[str]
) -> None:
    assert ended(tmp_path, body, LOADING, *arguments) == (0, "")


def test_a_signal_that_was_ignored_from_the_start_stays_ignored(tmp_path: Path) -> None:
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "from pulumi_encord_integrations.cli import interrupts; interrupts.install();"
        "print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN, signal.getsignal(signal.SIGTERM))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("True <function _on_signal")


def test_a_terminal_is_left_as_it_was_found(tmp_path: Path) -> None:
    mine, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    body = f"import tty; tty.setraw(2); os.write(2, b'\\x1b[?25l'){STUCK}"
    # Opened by the leader of a session, a terminal becomes the one that controls it.
    prepare = f"os.open(os.ttyname(2), os.O_RDWR); {ALONE}"
    with subprocess.Popen(
        command(body, prepare), env=settings(tmp_path), stderr=theirs, start_new_session=True
    ) as process:
        try:
            assert process.wait(60) == 8
        finally:
            process.kill()
    assert termios.tcgetattr(theirs) == before
    assert os.read(mine, 1000).endswith(b"\x1b[?25herror: cancelled\r\n")
