"""The ways to an engine, none of which touches the network here."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.engine import EngineError, ensure, find, finder, gomodules, installed, locate, vendor
from tools.engine.commands import StepFailed, run

INSTALLER = """
import pathlib, sys
binaries = pathlib.Path(sys.argv[1], "bin")
binaries.mkdir(parents=True)
(binaries / "pulumi").touch()
"""


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ENCORD_ENGINE_DIR", str(tmp_path / "kept"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(vendor, "_REACH", "raise SystemExit('no such host')")
    return tmp_path / "kept"


def fake_pulumi(folder: Path, version: str, *, host: bool = True) -> Path:
    folder.mkdir(parents=True)
    for name in ("pulumi", *([installed.LANGUAGE_HOST] if host else [])):
        (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
        (folder / name).chmod(0o755)
    return folder


def test_a_pulumi_on_path_is_used_as_it_is(tmp_path: Path, kept: Path) -> None:
    folder = fake_pulumi(tmp_path / "path", "v3.272.0")
    assert ensure().folder == folder
    assert not kept.exists()


def test_a_pulumi_in_its_own_home_is_found(tmp_path: Path) -> None:
    folder = fake_pulumi(tmp_path / ".pulumi" / "bin", "v3.220.0")
    assert locate() == folder


@pytest.mark.parametrize(("version", "host"), [("v3.219.9", True), ("dev", True), ("v3.272.0", False)])
def test_a_pulumi_that_is_too_old_or_has_no_language_host_is_passed_over(
    tmp_path: Path, version: str, host: bool
) -> None:
    fake_pulumi(tmp_path / "path", version, host=host)
    assert find() is None


def test_locate_says_how_to_get_an_engine() -> None:
    with pytest.raises(EngineError, match="make test"):
        locate()


def test_the_installer_is_used_when_it_can_be_reached(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor, "_REACH", "pass")
    monkeypatch.setattr(vendor, "_INSTALL", INSTALLER)
    assert ensure().folder == kept / "vendor" / "bin"
    assert "vendor's installer" in ensure().origin


def test_an_installer_that_hangs_is_given_up(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor, "_REACH", "import time; time.sleep(600)")
    monkeypatch.setattr(vendor, "REACHED_WITHIN", 0.2)
    kept.mkdir()
    assert not vendor.install(kept, retry=False)


def test_an_unreachable_installer_is_remembered_until_asked_for(
    kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for retry, words in ((False, "no such host"), (False, "not tried again"), (True, "no such host")):
        with pytest.raises(EngineError):
            ensure(retry=retry)
        assert words in capsys.readouterr().err


def test_without_any_way_the_error_names_all_three() -> None:
    with pytest.raises(EngineError) as raised:
        ensure()
    assert all(
        words in str(raised.value) for words in ("on PATH", "installer", f"Go {gomodules.needed_go()}")
    )


def test_a_failed_build_leaves_nothing_and_shows_its_last_words(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail = [sys.executable, "-c", "raise SystemExit('disk full')"]

    def failing(go: str, aside: Path) -> None:
        run(fail, words="building", limit=60)

    monkeypatch.setattr(gomodules, "go_on_this_machine", lambda: "go")
    monkeypatch.setattr(gomodules, "_compile", failing)
    with pytest.raises(EngineError, match="disk full"):
        ensure()
    assert not list(kept.glob("building-*"))


HOLD = """
from tools.engine.cache import kept_in, locked
with locked(kept_in()):
    print(flush=True)
    input()
"""


def test_a_second_run_waits_for_the_first(kept: Path) -> None:
    root, pipe = Path(finder.__file__).parents[2], subprocess.PIPE
    hold, ensuring = [sys.executable, "-c", HOLD], [sys.executable, "-m", "tools.engine"]
    with subprocess.Popen(hold, cwd=root, stdin=pipe, stdout=pipe, text=True) as first:
        assert first.stdout
        first.stdout.readline()
        second = subprocess.Popen(ensuring, cwd=root, stdout=pipe, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(timeout=1)
        made = fake_pulumi(kept / "vendor" / "bin", "v3.272.0")
        first.communicate("\n")
        assert second.communicate(timeout=60)[0].strip() == str(made)


def test_a_step_that_fails_shows_its_last_words() -> None:
    with pytest.raises(StepFailed, match="no space"):
        run([sys.executable, "-c", "raise SystemExit('no space')"], words="trying", limit=60)
