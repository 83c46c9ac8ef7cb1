"""A Pulumi project on the real engine: a state, a PULUMI_HOME and an embedded database of its own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.settings import Settings
from pulumi_encord_integrations.model.integrations import IntegrationView
from tests.support import key_service, warm
from tests.support.processes import AS_WRITTEN, end_recorded, forget_recorded
from tests.support.types import CASES
from tools.engine import environment, locate

REPOSITORY = Path(__file__).resolve().parents[2]
INJECTED = REPOSITORY / "tests" / "support" / "fault_injection"
USER = "ada@example.com"
ROLE = "arn:aws:iam::123456789012:role/encord"
PROJECT = "toy"
EMBEDDED = {"endpoint": "embedded", "database": "encord.sqlite", "user": USER}
TIMEOUT = 200

HEADER = f"""
import pulumi
import pulumi_encord_integrations as encord
from pulumi_encord_integrations import AwsIntegration
from tests.support.types import CASES

def one(case, name, opts=None, **given):
    return getattr(encord, case.resource)(name, **case.declared(**{{"title": name, **given}}), opts=opts)

def every(name, own=lambda case: {{}}, **given):
    return [one(case, f"{{name}}-{{case}}", **{{**given, **own(case)}}) for case in CASES.values()]

def aws(name, opts=None, **given):
    inputs = {{"title": name, "role_arn": "{ROLE}", "buckets": ["acme-training"], **given}}
    return AwsIntegration(name, **inputs, opts=opts)

"""


@dataclass(frozen=True)
class Outcome:
    """What one command of the CLI said, stderr included, and how it ended."""

    code: int
    text: str


@dataclass
class Project:
    """One program, and the stacks it is deployed as."""

    folder: Path
    env: dict[str, str]
    config: dict[str, str] = field(default_factory=lambda: dict(EMBEDDED))

    def declare(self, body: str) -> None:
        """Makes `body` the program, in which integrations are declared by

        `aws(name, **inputs)`, `one(case, name, **inputs)` and, as NAME-TYPE one of each type,
        `every(name, own, **inputs)`, where `own` answers more inputs of a case.
        """
        (self.folder / "__main__.py").write_text(HEADER + body)

    def configure(self, **settings: str | None) -> None:
        """Changes settings of the `encord` namespace; None takes one out."""
        merged = {**self.config, **settings}
        self.config = {name: value for name, value in merged.items() if value is not None}
        runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": str(warm.interpreter())}}
        config = {f"encord:{name}": {"value": value} for name, value in self.config.items()}
        text = json.dumps({"name": PROJECT, "runtime": runtime, "config": config})
        (self.folder / "Pulumi.yaml").write_text(text)

    def run(self, *command: str, env: Mapping[str, str] | None = None) -> Outcome:
        """One command of the CLI; a traceback in what it says is a failure, unless its engine was killed."""
        forget_recorded(self.folder)
        with subprocess.Popen(
            ["pulumi", "--non-interactive", "--color", "never", *command],
            cwd=self.folder,
            env={**self.env, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as cli:
            (self.folder / "cli.pid").write_text(str(cli.pid))
            try:
                text, _ = cli.communicate(timeout=TIMEOUT)
            finally:
                cli.kill()
        if cli.returncode < 0:
            end_recorded(self.folder)
        assert cli.returncode < 0 or "Traceback" not in text, text
        return Outcome(cli.returncode, text)

    def succeed(self, *command: str, env: Mapping[str, str] | None = None) -> str:
        """A command that must do what it is told."""
        outcome = self.run(*command, env=env)
        assert outcome.code == 0, outcome.text
        return outcome.text

    def fail(self, *command: str, env: Mapping[str, str] | None = None) -> str:
        """A command that must be refused."""
        outcome = self.run(*command, env=env)
        assert outcome.code not in (0, None), outcome.text
        return outcome.text

    def new_stack(self, name: str = "dev") -> None:
        self.succeed("stack", "init", name, "--secrets-provider", key_service.PROVIDER)

    def up(self, *options: str, stack: str = "dev", fault: str = "") -> str:
        """`pulumi up`, with a defence taken out if `fault` names one (see fault_injection/injections.py)."""
        return self.succeed(*UP, *options, "--stack", stack, env={"ENCORD_TEST_FAULT": fault})

    def preview(self, *options: str, stack: str = "dev") -> str:
        return self.succeed("preview", "--diff", *options, "--stack", stack)

    def unchanged(self, stack: str = "dev") -> None:
        self.succeed("preview", "--expect-no-changes", "--stack", stack)

    def refresh(self, *options: str, stack: str = "dev", fault: str = "") -> str:
        command = ("refresh", "--yes", "--skip-preview", "--diff", *options)
        return self.succeed(*command, "--stack", stack, env={"ENCORD_TEST_FAULT": fault})

    def destroy(self, *options: str, stack: str = "dev", fault: str = "") -> str:
        command = ("destroy", "--yes", "--skip-preview", *options)
        return self.succeed(*command, "--stack", stack, env={"ENCORD_TEST_FAULT": fault})

    def export(self, stack: str = "dev") -> list[dict[str, Any]]:
        """The resources in the stack's state."""
        (path,) = (self.folder / "state" / ".pulumi" / "stacks").glob(f"*/{stack}.json")
        latest = json.loads(path.read_text())["checkpoint"]["latest"] or {}
        resources: list[dict[str, Any]] = latest.get("resources", [])
        return resources

    def outputs(self, stack: str = "dev") -> dict[str, Any]:
        """What the program exported."""
        exported: dict[str, Any] = json.loads(self.succeed("stack", "output", "--json", "--stack", stack))
        return exported

    def state(self, stack: str = "dev") -> dict[str, str]:
        """uuid of each integration in the state, by its name in the program."""
        found = [r for r in self.export(stack) if r["type"].endswith("Integration")]
        return {r["urn"].rpartition("::")[2]: r["id"] for r in found}

    def forget(self, stack: str = "dev") -> None:
        """Takes all integrations out of the state, as `pulumi state delete` does with one."""
        exported = json.loads(self.succeed("stack", "export", "--stack", stack))
        kept = [r for r in exported["deployment"]["resources"] if not r["type"].endswith("Integration")]
        exported["deployment"]["resources"] = kept
        (self.folder / "edited.json").write_text(json.dumps(exported))
        self.succeed("stack", "import", "--file", "edited.json", "--stack", stack)

    def steps(self, stack: str = "dev") -> dict[str, tuple[str, set[str]]]:
        """What a preview would do to each integration: the operation, and the inputs that make it so."""
        told = json.loads(self.succeed("preview", "--json", "--stack", stack))["steps"]
        named = ((step["urn"].rpartition("::")[2], step) for step in told if "Integration::" in step["urn"])
        return {
            name: (step["op"], set(step.get("replaceReasons") or step.get("diffReasons") or ()))
            for name, step in named
            if step["op"] in {"create", "update", "replace", "delete"}
        }

    def urn(self, name: str, stack: str = "dev") -> str:
        case = CASES.get(name.rpartition("-")[2], CASES["AWS"])
        kind = f"pulumi-python:dynamic/encord:{case.resource}"
        return f"urn:pulumi:{stack}::{PROJECT}::{kind}::{name}"

    def replace(self, name: str) -> list[str]:
        """The options that replace all that `every(name)` declares."""
        return [word for one in names(name) for word in ("--target-replace", self.urn(one))]

    def api(self) -> Client:
        """The embedded API, met behind the engine's back."""
        database = self.folder / self.config["database"]
        return _connected(database, self.config["user"], database.stat().st_ino if database.exists() else 0)

    def living(self) -> dict[str, IntegrationView]:
        """Every integration that the API holds, by uuid."""
        return {view.uuid: view for view in integrations.search(self.api())}


@lru_cache(4)
def _connected(database: Path, user: str, _file: int) -> Client:
    return embedded.connect(Settings("embedded", database=database, user=user))


def names(name: str) -> set[str]:
    """What `every(name)` declares."""
    return {f"{name}-{case}" for case in CASES.values()}


UP = ("up", "--yes", "--skip-preview")


def make_project(folder: Path) -> Project:
    """A project without a stack, which nothing outside its folder influences."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "state").mkdir()
    env = {
        **environment(os.environ, folder, locate()),
        **key_service.environment(),
        **AS_WRITTEN,
        "PYTHONPATH": f"{INJECTED}{os.pathsep}{REPOSITORY}",
        "ENCORD_TEST_FOLDER": str(folder),
        "PULUMI_PYTHON_CMD": sys.executable,
        # A CLI that lives for a second needs no garbage collection.
        "GOGC": "off",
        "ENCORD_ENGINE_PYTHON": warm.python(),
    }
    project = Project(folder, env)
    project.configure()
    return project


def line_with(words: str, text: str) -> str:
    """The one line that the CLI's diagnostics, repetitions apart, hold about `words`."""
    lines = text.partition("\nDiagnostics:")[2].splitlines()
    found = {line.strip() for line in lines if re.search(words, line)}
    assert len(found) == 1, f"{len(found)} lines hold {words!r}:\n{text}"
    return found.pop()


def changed(text: str) -> set[str]:
    """The properties that a `--diff` shows as changed."""
    return set(re.findall(r"^ +(?:~|\+-|-\+|\+|-) (\w+) *: .* => ", text, re.MULTILINE))


def operations(text: str) -> dict[str, int]:
    """What the summary counts, by its verb; what is unchanged only if nothing else is there."""
    summary = text.partition("\nResources:")[2]
    found = re.findall(r"^ +[^\w\s]* ?(\d+) ((?:to )?\w+)$", summary, re.MULTILINE)
    counted = {verb: int(number) for number, verb in found}
    return {verb: n for verb, n in counted.items() if verb != "unchanged"} or counted
