"""A project's demo stack, run by the real pulumi, and the words of the story that it is part of."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client import integrations, members, settings
from pulumi_encord_integrations.organization import document
from tools.engine import environment, locate

REPOSITORY = Path(__file__).resolve().parents[2]
STACK = "demo"
COMMAND = "from pulumi_encord_integrations.cli import main; main()"
ORPHAN_ENDS_WITHIN = 10.0
_HOLDER = re.compile(r'"pid": *(\d+)')
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NOISE = re.compile(
    r"$|(Updating|Refreshing|Destroying|Previewing update) \(|Duration:|Resources:|\[(urn|id)="
    r"|.*pulumi:pulumi:Stack|.* (creating|updating|deleting|refreshing|running) \("
    r"|Diagnostics:|.*:AccessCheck \(|.* holds no object that could be read"
    r"|warning: using pulumi-resource-\w+ from \$PATH"
    r"|The resources in the stack have been deleted|If you want to remove the stack"
)


Shown = Callable[[str], bool]
"""Which lines of a command's output are shown."""


class NotAsTold(Exception):
    """The story went another way; the message says where."""


def telling(line: str) -> bool:
    """Whether a line is part of the story."""
    return not _NOISE.match(line)


def nothing(_line: str) -> bool:
    """Shows no line; all of them if the command fails."""
    return False


class Demo:
    """One project, its demo stack, and the API behind it."""

    def __init__(self, project: Path, env: Mapping[str, str] | None = None) -> None:
        self._project = project
        self._stack = project / ".demo" / "stack"
        self._state = project / ".demo" / "state"
        self._env = isolated(project) if env is None else env

    def prepare(self) -> None:
        """Makes the stack unless an earlier run did, and takes away the lock of a run that was killed."""
        for folder in (self._stack, self._state):
            folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._project / "Pulumi.yaml", self._stack / "Pulumi.yaml")
        if not self._stack_file.exists():
            self._aside("stack", "select", "--create", "--stack", STACK)
        if locks := list((self._state / ".pulumi" / "locks").rglob("*.json")):
            print("An earlier run was cut short; its lock is taken away.")
            _outlived(locks)
            self._aside("cancel", "--yes", "--stack", STACK)

    def configure(self, fields: Mapping[str, str]) -> None:
        """Gives the stack an example of each secret; `fields`: key of the configuration -> what reads it."""
        known = self._stack_file.read_text() if self._stack_file.exists() else ""
        missing = [key for key in fields if f":{key}:" not in known]
        if missing:
            given = [f"--secret={key}={_example(fields[key])}" for key in missing]
            self._aside("config", "set-all", *given, "--stack", STACK)

    def pulumi(self, *arguments: str, shown: Shown = telling) -> str:
        """Runs pulumi on the demo stack, shows what matters of its words and returns them all."""
        colour = "always" if sys.stdout.isatty() else "never"
        stack = ["--stack", STACK, "--config-file", str(self._stack_file), "--color", colour]
        command = ["pulumi", *arguments, *stack, "--non-interactive", "--suppress-progress"]
        return self._run(f"pulumi {arguments[0]}", command, shown)

    def command(self, *arguments: str, code: int = 0, shown: Shown = telling) -> str:
        """Runs `encord-integrations`, which must end with the code; shows all its words, or some."""
        command = [sys.executable, "-c", COMMAND, *arguments]
        return self._run(f"encord-integrations {arguments[0]}", command, shown, code)

    def titles(self) -> list[str]:
        """What the API holds now, sorted."""
        with closing(embedded.connect(self._settings())) as client:
            return sorted(view.title for view in integrations.search(client))

    def rename(self, title: str, to: str) -> None:
        """As someone would in the app: Pulumi does not hear of it."""
        with closing(embedded.connect(self._settings())) as client:
            found = next(integrations.search(client, title=title))
            integrations.update(client, found.uuid, {"title": to})

    def members(self, title: str) -> set[str]:
        """Whom the API lets use an integration."""
        with closing(embedded.connect(self._settings())) as client:
            return set(members.of(client, next(integrations.search(client, title=title)).uuid))

    def admit(self, title: str, email: str) -> None:
        """As someone would in the app."""
        with closing(embedded.connect(self._settings())) as client:
            members.change(client, next(integrations.search(client, title=title)).uuid, {email: "user"})

    @property
    def _stack_file(self) -> Path:
        return self._stack / f"Pulumi.{STACK}.yaml"

    def _settings(self) -> settings.Settings:
        project, _ = document.read((self._project / "Pulumi.yaml").read_bytes())
        given: Mapping[str, Any] = project.plain["config"]
        return settings.load(lambda key: given.get(f"encord:{key}", {}).get("value"), self._project, {})

    def _aside(self, *arguments: str) -> None:
        """Runs pulumi beside the project, so that the stack's file lands in .demo; shows nothing."""
        command = ["pulumi", *arguments, "--non-interactive", "--cwd", str(self._stack)]
        self._run(f"pulumi {arguments[0]}", command, nothing)

    def _run(self, name: str, command: list[str], shown: Shown = telling, code: int = 0) -> str:
        with subprocess.Popen(
            command,
            cwd=self._project,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as child:
            try:
                text = _read(child, shown)
            except BaseException:
                _end(child)
                raise
        if child.returncode != code:
            unseen = "" if shown is telling else text
            raise NotAsTold(f"`{name}` failed (exit code {child.returncode})\n{unseen}".rstrip())
        return text


def isolated(project: Path, outer: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of a pulumi that keeps all it makes in the project's folder."""
    return environment(outer, project / ".demo", locate())


def _example(field: str) -> str:
    """Opens nothing: a SAS token that is valid for two years, or a key."""
    if field != "sas_token":
        return token_hex(20)
    end = datetime.now(UTC) + timedelta(days=730)
    return f"sv=2024-11-04&ss=b&srt=co&sp=rl&se={end:%Y-%m-%dT%H:%M:%SZ}&sig={token_hex(21)}A%3D"


def _read(child: "subprocess.Popen[str]", shown: Shown) -> str:
    lines = []
    for line in child.stdout or ():
        lines.append(_COLOUR.sub("", line))
        if shown(lines[-1].strip()):
            print(f"  {line.rstrip()}", flush=True)
    return "".join(lines)


def _end(child: "subprocess.Popen[str]") -> None:
    """Ctrl-C at a terminal has reached the child too; any other end of ours has not."""
    for stop, seconds in ((None, 5), (signal.SIGINT, 20), (signal.SIGKILL, 5)):
        if stop:
            child.send_signal(stop)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        return


def _outlived(locks: list[Path]) -> None:
    """A pulumi that lost the run that started it ends at its next word: waits for that, but not for ever."""
    holders = {int(found[1]) for path in locks if (found := _HOLDER.search(path.read_text()))}
    deadline = time.monotonic() + ORPHAN_ENDS_WITHIN
    while any(_alive(pid) for pid in holders) and time.monotonic() < deadline:
        time.sleep(0.1)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """One run at a time in a folder; the lock ends with its process.

    An embedded database lies there, so the folder is its owner's alone, whatever the umask.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with (folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotAsTold(f"another demo is running in {folder}") from None
        yield


def step(words: str) -> None:
    """Heads a step."""
    bold, plain = ("\x1b[1m", "\x1b[0m") if sys.stdout.isatty() else ("", "")
    print(f"\n{bold}{words}{plain}", flush=True)


def expect(holds: bool, otherwise: str) -> None:
    """Ends the story unless it holds."""
    if not holds:
        raise NotAsTold(otherwise)
