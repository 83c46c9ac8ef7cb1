"""The story of `make demo`, also after a run that was killed, and where it goes another way.

Its half on AWS is told in tests/clouds/test_demo_on_aws.py.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_encord_integrations.organization.loader import load
from tests.support.engine import REPOSITORY
from tools.demo.deployment import NotAsTold, only_one
from tools.demo.organization import outsider
from tools.engine import environment

PROJECT_FILES = ("Pulumi.yaml", "__main__.py", "encord.yaml")
WITHIN = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the root project, run by the tests' interpreter."""
    for name in PROJECT_FILES:
        shutil.copyfile(REPOSITORY / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def start(folder: Path) -> "subprocess.Popen[str]":
    env = {
        **os.environ,
        "PULUMI_BACKEND_URL": "file:///nowhere",
        "ENCORD_ENDPOINT": "https://nowhere.invalid",
    }
    command = [sys.executable, "-m", "tools.demo", str(folder), "organization"]
    out, err = subprocess.PIPE, subprocess.STDOUT
    # Who lets others write what they make has a demo too.
    return subprocess.Popen(command, cwd=REPOSITORY, env=env, stdout=out, stderr=err, text=True, umask=0)


def run(folder: Path) -> tuple[int, str]:
    with start(folder) as child:
        try:
            text, _ = child.communicate(timeout=200)
        finally:
            child.kill()
    return child.returncode, text


def locks(folder: Path) -> Iterator[Path]:
    found = (folder / ".demo" / "state" / ".pulumi" / "locks").rglob("*.json")
    return (path for path in found if path.stat().st_size)


def kill_in_an_update(folder: Path) -> None:
    """Kills the demo and its pulumi once that has taken the stack's lock, which stays behind."""
    with start(folder) as child:
        deadline = time.monotonic() + WITHIN
        while not any(locks(folder)):
            assert child.poll() is None, child.communicate()[0]
            assert time.monotonic() < deadline, "no update began"
            time.sleep(0.05)
        child.kill()
        for lock in locks(folder):
            os.kill(json.loads(lock.read_text())["pid"], signal.SIGKILL)


def test_the_demo_goes_on_after_a_killed_run_and_leaves_nothing_outside_its_folder(folder: Path) -> None:
    before = {path.name for path in folder.iterdir()}
    kill_in_an_update(folder)
    code, text = run(folder)
    assert code == 0, text
    assert "An earlier run was cut short" in text
    assert re.search('~ title *: "Production images" => "Renamed in the app"', text)
    assert re.search('~ title *: "Renamed in the app" => "Production images"', text)
    assert re.findall(r'([+-]) lee@example.com: "user"', text) == ["+", "-"]
    assert "warning" not in text
    assert "Clinic videos" in text.partition("\nencord-integrations list\n")[2]
    assert "Try next" in text.splitlines()[-1]
    assert {path.name for path in folder.iterdir()} - before <= {".demo", "__pycache__"}


def test_a_bad_file_ends_the_demo_in_its_own_words(folder: Path) -> None:
    (folder / "encord.yaml").write_text("integration: {}")
    code, text = run(folder)
    assert code == 1
    assert text.strip().startswith('demo: error: unknown key "integration"')
    assert "Traceback" not in text


def test_a_command_that_fails_ends_the_demo(folder: Path) -> None:
    (folder / "__main__.py").write_text("raise SystemExit('no such program')")
    code, text = run(folder)
    assert (code, text.splitlines()[-1]) == (1, "demo: `pulumi up` failed (exit code 1)")


def test_a_story_that_goes_another_way_ends_the_demo(folder: Path) -> None:
    program = (folder / "__main__.py").read_text()
    (folder / "__main__.py").write_text(program.replace("organization()", "organization('other.yaml')"))
    other = (folder / "encord.yaml").read_text().replace("Clinic videos", "Other videos")
    (folder / "other.yaml").write_text(other)
    code, text = run(folder)
    assert (code, text.splitlines()[-1]) == (1, "demo: the API does not hold what encord.yaml declares")


NOBODY_ELSE = """
users: {ada@example.com: {}, mia@example.com: {}, lee@example.com: {}}
groups:
  team: {name: Team, users: [mia@example.com]}
integrations:
  a: {type: gcp, title: A, buckets: [acme], members: []}
  b:
    {type: gcp, title: B, buckets: [acme], exclusive_members: true, members: [MEMBERS]}
"""


ADA, TEAM = "{user: ada@example.com, role: admin}", "{group: team, role: user}"
LEE = "{user: lee@example.com, role: user}"


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (f"{ADA}, {TEAM}", ("B", "lee@example.com")),
        (TEAM, ("B", "ada@example.com")),
        (f"{ADA}, {TEAM}, {LEE}", None),
    ],
)
def test_who_is_let_in_behind_pulumi_s_back_is_nobody_whom_the_file_lets_in(
    tmp_path: Path, listed: str, found: tuple[str, str] | None
) -> None:
    file = tmp_path / "encord.yaml"
    file.write_text(NOBODY_ELSE.replace("MEMBERS", listed))
    assert outsider(load(file)) == found


def test_one_demo_runs_at_a_time(tmp_path: Path) -> None:
    with (
        only_one(tmp_path),
        pytest.raises(NotAsTold, match="another demo"),
        only_one(tmp_path),
    ):
        pass


def test_nobody_s_own_pulumi_or_encord_settings_reach_the_demo(tmp_path: Path) -> None:
    outer = {"PULUMI_ACCESS_TOKEN": "x", "PULUMI_HOME": "/theirs", "ENCORD_TOKEN": "x", "LANG": "C"}
    env = environment(outer, tmp_path, Path("/engine"))
    assert env["LANG"] == "C"
    assert env["PULUMI_HOME"] == str(tmp_path / "home")
    assert not {"PULUMI_ACCESS_TOKEN", "ENCORD_TOKEN"} & env.keys()
