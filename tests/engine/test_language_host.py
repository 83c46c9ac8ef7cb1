"""The language host of tools/engine, beside whichever engine this machine has."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.processes import AS_WRITTEN
from tools.engine import environment, locate
from tools.engine.host import install_language_host

ENGINE_FILES = ("pulumi", "pulumi-resource-pulumi-python", "pulumi-language-python-exec")
WITHIN = 60.0
IN_VENV = {"toolchain": "pip", "virtualenv": sys.prefix}

NUMBERS = """
import os
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Numbers(ResourceProvider):
    def create(self, props):
        with open("provider.pid", "w") as out:
            out.write(str(os.getpid()))
        CREATE
        return CreateResult("one", {"number": props["number"] + 1})

class Number(Resource):
    number: pulumi.Output[int]

print("words of the program")
pulumi.export("number", Number(Numbers(), "n", {"number": pulumi.Config().require_int("number")}).number)
"""
SLEEPING = """
import os, subprocess, time
child = subprocess.Popen(["sleep", "600"])
with open("pids.new", "w") as out:
    out.write(f"{os.getppid()} {os.getpid()} {child.pid}")
os.rename("pids.new", "pids")
time.sleep(600)
"""


@dataclass
class Project:
    folder: Path
    env: dict[str, str]

    def declare(self, program: str, options: dict[str, str]) -> None:
        runtime = {"name": "python", "options": options}
        config = {"toy:number": {"value": 41}}
        text = json.dumps({"name": "toy", "runtime": runtime, "config": config})
        (self.folder / "Pulumi.yaml").write_text(text)
        (self.folder / "__main__.py").write_text(program)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        command = [str(self.folder / "bin" / "pulumi"), "--non-interactive", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=self.folder, env=self.env, stdout=pipe, stderr=subprocess.STDOUT, text=True
        )

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        with self.start(*arguments) as cli:
            try:
                output, _ = cli.communicate(timeout=200)
            finally:
                cli.kill()
        return subprocess.CompletedProcess(arguments, cli.returncode, output)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    binaries = tmp_path / "bin"
    binaries.mkdir()
    for name in ENGINE_FILES:
        shutil.copy2((locate() / name).resolve(), binaries / name)
    install_language_host(binaries)
    (tmp_path / "state").mkdir()
    made = Project(tmp_path, environment(os.environ, tmp_path, binaries) | AS_WRITTEN)
    made.declare("", IN_VENV)
    assert made.run("stack", "init", "dev").returncode == 0
    yield made
    # The copied engine is 115 MB and pytest keeps the folders of its last runs.
    shutil.rmtree(binaries)


def test_a_program_goes_up_and_a_second_preview_is_empty(project: Project) -> None:
    project.declare(NUMBERS.replace("CREATE", ""), IN_VENV)
    up = project.run("up", "--yes", "--skip-preview", "--stack", "dev")
    assert up.returncode == 0, up.stdout
    assert "words of the program" in up.stdout
    assert project.run("stack", "output", "number", "--stack", "dev").stdout.strip() == "42"
    preview = project.run("preview", "--expect-no-changes", "--stack", "dev")
    assert preview.returncode == 0, preview.stdout
    assert project.run("destroy", "--yes", "--stack", "dev").returncode == 0


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("raise ValueError('no such bucket')", "ValueError: no such bucket"),
        ("import sys; sys.exit(3)", "exited with non-zero exit code: 3"),
    ],
)
def test_a_program_that_fails_fails_the_preview_in_its_own_words(
    project: Project, program: str, words: str
) -> None:
    project.declare(program, IN_VENV)
    preview = project.run("preview", "--stack", "dev")
    assert preview.returncode != 0
    assert words in preview.stdout


def test_a_missing_virtual_environment_is_named(project: Project) -> None:
    project.declare("", {"virtualenv": "nowhere"})
    preview = project.run("preview", "--stack", "dev")
    assert preview.returncode != 0
    assert "virtual environment 'nowhere', but there is no" in preview.stdout


def test_the_interpreter_of_the_host_runs_a_program_that_names_none(project: Project) -> None:
    project.declare("import sys; print('run by', sys.prefix)", {})
    assert f"run by {sys.prefix}" in project.run("preview", "--stack", "dev").stdout


def test_a_launcher_whose_interpreter_is_gone_finds_another(project: Project) -> None:
    (project.folder / "bin" / "interpreter").write_text(str(project.folder / "gone"))
    project.env["PULUMI_PYTHON_CMD"] = sys.executable
    assert project.run("preview", "--stack", "dev").returncode == 0


def test_about_names_the_interpreter_and_the_dependencies(project: Project) -> None:
    about = json.loads(project.run("about", "--json").stdout)
    assert about["runtime"]["executable"] == str(Path(sys.prefix, "bin", "python"))
    assert "pulumi" in {dependency["name"] for dependency in about["dependencies"]}


def test_a_killed_cli_takes_the_host_and_the_program_along(project: Project) -> None:
    project.declare(SLEEPING, IN_VENV)
    cli = project.start("up", "--yes", "--skip-preview", "--stack", "dev")
    try:
        pids = [int(pid) for pid in wait_for_text(project.folder / "pids").split()]
        assert all(alive(pid) for pid in pids)
        cli.kill()
        eventually(lambda: not any(alive(pid) for pid in pids))
    finally:
        end(cli, project.folder / "pids")


def test_an_interrupted_cli_takes_the_host_and_the_program_along(project: Project) -> None:
    project.declare(SLEEPING, IN_VENV)
    cli = project.start("up", "--yes", "--skip-preview", "--stack", "dev")
    try:
        pids = [int(pid) for pid in wait_for_text(project.folder / "pids").split()]
        cli.send_signal(signal.SIGINT)
        eventually(lambda: not any(alive(pid) for pid in pids))
    finally:
        end(cli, project.folder / "pids")


def wait_for_text(path: Path) -> str:
    eventually(path.exists)
    return path.read_text()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def alive(pid: int) -> bool:
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip()[:1] not in ("", "Z")


def end(cli: "subprocess.Popen[str]", pids: Path) -> None:
    cli.kill()
    cli.communicate()
    for pid in pids.read_text().split() if pids.exists() else ():
        if alive(int(pid)):
            os.kill(int(pid), signal.SIGKILL)
