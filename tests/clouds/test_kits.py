"""How the servers' files are fetched, and how their processes end."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tools.clouds import kits
from tools.clouds.kits import KITS, Kit, Unavailable

LEFT_ALONE = """
import sys
from tools.clouds.process import Processes

processes = Processes("alone")
processes.start([sys.executable, "-c", "import time; time.sleep(600)"])
print(processes._started[0].pid, processes.folder, flush=True)
sys.stdin.read()
"""


class Fetched(Kit):
    """A kit whose fetch is told how to end."""

    name, version = "fetched", "1"

    def __init__(self, failure: str = "") -> None:
        self.failure = failure
        self.fetches = 0

    def lacks(self) -> str:
        return ""

    def fetch(self) -> None:
        self.fetches += 1
        assert list(self.folder.iterdir()) == []
        (self.folder / "half").touch()
        if self.failure:
            self.run(sys.executable, "-c", f"raise SystemExit({self.failure!r})")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kits, "FOLDER", tmp_path)
    return tmp_path


def test_a_kit_is_fetched_once() -> None:
    kit = Fetched()
    kit.prepare()
    kit.prepare()
    assert (kit.made(), kit.fetches) == (True, 1)


def test_half_a_kit_is_none(folder: Path) -> None:
    kit = Fetched()
    kit.folder.mkdir()
    (kit.folder / "half").touch()
    assert not kit.made()
    kit.prepare()
    assert kit.made()


def test_a_failure_is_told_and_not_repeated_until_asked() -> None:
    kit = Fetched("no route to the index")
    for _ in range(2):
        with pytest.raises(Unavailable, match="failed: no route to the index"):
            kit.prepare()
    assert (kit.made(), kit.folder.exists(), kit.fetches) == (False, False, 1)
    assert kit.why_not().endswith("no route to the index")
    kit.failure = ""
    kit.prepare(retry=True)
    assert kit.made()


def test_a_failure_is_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    kit = Fetched("no route to the index")
    with pytest.raises(Unavailable):
        kit.prepare()
    monkeypatch.setattr(kits, "_FORGET_SECONDS", 0)
    kit.failure = ""
    kit.prepare()
    assert kit.made()


def test_a_machine_without_the_tools_is_told_which(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", str(folder))
    for name in ("azurite", "iam-simulate"):
        with pytest.raises(Unavailable, match="it needs node and npm"):
            KITS[name].prepare()
    with pytest.raises(Unavailable, match="apt-get is not there"):
        KITS["ceph"].prepare()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_killed_run_leaves_no_server() -> None:
    run = subprocess.Popen([sys.executable, "-c", LEFT_ALONE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert run.stdout
    assert run.stdin
    server, made = run.stdout.readline().split()
    assert Path(made.decode()).is_dir()
    os.kill(int(server), 0)
    run.kill()
    run.wait(10)
    Path(made.decode(), "0.log").unlink()
    Path(made.decode()).rmdir()
    run.stdin.close()
    run.stdout.close()
    _await_end(int(server))


def _await_end(process: int) -> None:
    deadline = time.monotonic() + 30
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(process, 0)
            if Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] == "Z":
                return
            time.sleep(0.1)
        os.kill(process, signal.SIGKILL)
        pytest.fail("the server outlived the run that started it")
