"""Processes of the engine tests that are forked instead of started (tests/support/warm) are like others."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import warm
from tests.support.processes import AS_WRITTEN

HANDED_OVER = "pulumi-language-python-exec"
"""The name by which the zygote knows a program that it shall run."""


def start(
    folder: Path, program: str, *arguments: str, name: str = HANDED_OVER, **env: str
) -> "subprocess.Popen[str]":
    """`python -u NAME ARGUMENTS` with a program of that name."""
    script = folder / name
    script.write_text(program)
    command = [warm.python(), "-u", str(script), *arguments]
    pipe = subprocess.PIPE
    env = {"PATH": os.defpath, "LC_CTYPE": "C.UTF-8", "COLOUR": "blåu", **env}
    return subprocess.Popen(command, cwd=folder, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def run(
    folder: Path, program: str, *arguments: str, name: str = HANDED_OVER, **env: str
) -> tuple[int, str, str]:
    with start(folder, program, *arguments, name=name, **env) as child:
        out, err = child.communicate("typed", timeout=60)
    return child.returncode, out, err


def test_it_has_the_arguments_folder_environment_and_files_of_its_starter(tmp_path: Path) -> None:
    program = """
import os, sys
print(__name__, sys.argv[1:], os.getcwd(), os.environ["COLOUR"], len(os.environ), sys.stdin.read())
print("to stderr", file=sys.stderr)
"""
    code, out, err = run(tmp_path, program, "-x", "")
    assert out.split() == ["__main__", "['-x',", "'']", str(tmp_path), "blåu", "3", "typed"]
    assert (code, err) == (0, "to stderr\n")


@pytest.mark.parametrize(
    ("program", "code"),
    [("import sys; sys.exit(7)", 7), ("1 / 0", 1), ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL)],
)
def test_its_end_is_told_to_its_starter(tmp_path: Path, program: str, code: int) -> None:
    assert run(tmp_path, program)[0] == code


def test_it_has_imported_everything_already_and_another_program_nothing(tmp_path: Path) -> None:
    program = "import sys; print('pulumi' in sys.modules)"
    assert run(tmp_path, program)[1] == "True\n"
    assert run(tmp_path, program, name="other.py")[1] == "False\n"


def test_a_program_that_was_rewritten_within_a_second_is_not_taken_for_the_compiled_one(
    tmp_path: Path,
) -> None:
    for word in ("first", "other"):
        (tmp_path / "words.py").write_text(f"WORD = '{word}'")
        os.utime(tmp_path / "words.py", (1, 1))
        assert run(tmp_path, "import words; print(words.WORD)", **AS_WRITTEN)[1] == f"{word}\n"
    assert not (tmp_path / "__pycache__").exists()


def pid_of(child: "subprocess.Popen[str]") -> int:
    assert child.stdout
    return int(child.stdout.readline())


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not Path(f"/proc/{pid}").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells whether a process is there")
def test_it_ends_with_its_starter(tmp_path: Path) -> None:
    with start(tmp_path, "import os, time; print(os.getpid()); time.sleep(600)") as child:
        pid = pid_of(child)
        assert pid != child.pid
        child.kill()
        assert gone(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_sent_the_signals_of_its_starter(tmp_path: Path, number: signal.Signals) -> None:
    program = """
import os, signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: sys.exit(100 + number))
print(os.getpid())
time.sleep(600)
"""
    with start(tmp_path, program) as child:
        pid_of(child)
        child.send_signal(number)
        assert child.wait(timeout=60) == 100 + number


def test_a_signal_that_comes_after_its_end_is_lost(tmp_path: Path) -> None:
    with start(tmp_path, "import os, time; print(os.getpid(), flush=True); time.sleep(600)") as child:
        pid = pid_of(child)
        child.send_signal(signal.SIGSTOP)
        os.kill(pid, signal.SIGKILL)
        assert gone(pid)
        child.send_signal(signal.SIGTERM)
        child.send_signal(signal.SIGCONT)
        _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (-signal.SIGKILL, "")


@pytest.mark.parametrize("said", [b"", (100).to_bytes(4, "big"), (100).to_bytes(4, "big") + b"cut"])
def test_a_starter_that_was_killed_before_it_had_asked_harms_no_other(tmp_path: Path, said: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as killed:
        killed.connect(str(warm.interpreter() / "socket"))
        killed.sendall(said)
    assert run(tmp_path, "print('run')")[1] == "run\n"


def test_many_that_are_killed_at_any_time_harm_no_other(tmp_path: Path) -> None:
    for delay in range(40):
        with start(tmp_path, "import os; os.kill(os.getpid(), 15)") as child:
            time.sleep(delay / 1_000)
            child.kill()
    assert run(tmp_path, "print('run')")[1] == "run\n"
