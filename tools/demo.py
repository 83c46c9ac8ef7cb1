"""`make demo`: the declared organization, deployed, changed behind Pulumi's back, repaired and destroyed.

`python -m tools.demo [FOLDER]` runs the project in FOLDER (default: this one) with the real pulumi.
Everything it makes is in FOLDER/.demo; it goes on from what an earlier run left, also a killed one.
"""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client import integrations, members, settings
from pulumi_encord_integrations.client.errors import EncordError
from pulumi_encord_integrations.organization import document, loader
from pulumi_encord_integrations.organization.loader import Declaration
from tools.engine import EngineError, environment, locate

STACK = "demo"
CHANGED = "Renamed in the app"
COMMAND = "from pulumi_encord_integrations.cli import main; main()"
ORPHAN_ENDS_WITHIN = 10.0
_HOLDER = re.compile(r'"pid": *(\d+)')
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NOISE = re.compile(
    r"$|(Updating|Refreshing|Destroying|Previewing update) \(|Duration:|Resources:|\[(urn|id)="
    r"|.*pulumi:pulumi:Stack|.* (creating|updating|deleting|refreshing|running) \("
    r"|The resources in the stack have been deleted|If you want to remove the stack"
)


class NotAsTold(Exception):
    """The story went another way; the message says where."""


class Demo:
    """One project, its demo stack, and the API behind it."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._stack = project / ".demo" / "stack"
        self._state = project / ".demo" / "state"
        self._env = environment(os.environ, project / ".demo", locate())

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

    def pulumi(self, *arguments: str) -> str:
        """Runs pulumi on the demo stack, shows what matters of its words and returns them all."""
        colour = "always" if sys.stdout.isatty() else "never"
        stack = ["--stack", STACK, "--config-file", str(self._stack_file), "--color", colour]
        command = ["pulumi", *arguments, *stack, "--non-interactive", "--suppress-progress"]
        return self._run(f"pulumi {arguments[0]}", command)

    def command(self, *arguments: str) -> None:
        """Runs `encord-integrations`."""
        self._run(f"encord-integrations {arguments[0]}", [sys.executable, "-c", COMMAND, *arguments])

    def titles(self) -> list[str]:
        """What the API holds now, sorted."""
        with closing(embedded.connect(self._settings())) as client:
            return sorted(view.title for view in integrations.search(client))

    def rename(self, title: str) -> None:
        """As someone would in the app: Pulumi does not hear of it."""
        with closing(embedded.connect(self._settings())) as client:
            found = next(integrations.search(client, title=title))
            integrations.update(client, found.uuid, {"title": CHANGED})

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
        self._run(f"pulumi {arguments[0]}", command, show=False)

    def _run(self, name: str, command: list[str], *, show: bool = True) -> str:
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
                text = _read(child, show)
            except BaseException:
                _end(child)
                raise
        if child.returncode:
            raise NotAsTold(
                f"`{name}` failed (exit code {child.returncode})\n{'' if show else text}".rstrip()
            )
        return text


def _example(field: str) -> str:
    """Opens nothing: a SAS token that is valid for two years, or a key."""
    if field != "sas_token":
        return token_hex(20)
    end = datetime.now(UTC) + timedelta(days=730)
    return f"sv=2024-11-04&ss=b&srt=co&sp=rl&se={end:%Y-%m-%dT%H:%M:%SZ}&sig={token_hex(21)}A%3D"


def _read(child: "subprocess.Popen[str]", show: bool) -> str:
    lines = []
    for line in child.stdout or ():
        lines.append(_COLOUR.sub("", line))
        if show and not _NOISE.match(lines[-1].strip()):
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
    """One run at a time in a folder; the lock ends with its process."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotAsTold(f"another demo is running in {folder}") from None
        yield


def outsider(declared: Declaration) -> tuple[str, str] | None:
    """The title of an integration that has an exclusive list, and a user whom it does not let in."""
    groups = {group.key: group.users["users"] if group.users else [] for group in declared.groups}
    for entry in declared.integrations:
        if entry.members and entry.members["exclusive"]:
            rows = entry.members["members"]
            listed = {user for row in rows for user in groups.get(row.get("group"), [row.get("user")])}
            for user in declared.users:
                if user.email not in listed:
                    return entry.title, user.email
    return None


def tell(demo: Demo, declared: Declaration) -> None:
    """The story; raises `NotAsTold` where it does not go that way."""
    found = declared.integrations
    titles, admitted = sorted(entry.title for entry in found), outsider(declared)
    demo.prepare()
    demo.configure({ref.config: field for entry in found for field, ref in entry.secrets.items()})
    step("pulumi up: what encord.yaml declares is made")
    demo.pulumi("up", "--yes", "--skip-preview")
    expect(demo.titles() == titles, "the API does not hold what encord.yaml declares")
    step("pulumi preview: nothing to change")
    demo.pulumi("preview", "--expect-no-changes")
    drift(demo, found[0].title, admitted)
    step("pulumi destroy: nothing is left")
    demo.pulumi("destroy", "--yes", "--skip-preview")
    expect(demo.titles() == [], "integrations are left")
    step("pulumi up: all of it again")
    demo.pulumi("up", "--yes", "--skip-preview")
    expect(demo.titles() == titles, "the API does not hold what encord.yaml declares")
    step("encord-integrations list")
    demo.command("list")
    step("pulumi preview: nothing to change")
    demo.pulumi("preview", "--expect-no-changes")


def drift(demo: Demo, title: str, admitted: tuple[str, str] | None) -> None:
    """What is changed behind Pulumi's back shows, and is repaired."""
    before = demo.titles()
    if admitted:
        where, who = admitted
        step(f'Someone lets {who} into "{where}" in the app')
        demo.admit(where, who)
    step(f'Someone renames "{title}" in the app')
    demo.rename(title)
    expect(demo.titles() != before, "the title is still what it was")
    step("pulumi refresh: the drift shows")
    seen = demo.pulumi("refresh", "--yes", "--skip-preview", "--diff")
    expect(f'"{title}" => "{CHANGED}"' in seen, "refresh does not show the new title")
    expect(not admitted or f"+ {who}:" in seen, "refresh does not show who was let in")
    step("pulumi up: repaired")
    demo.pulumi("up", "--yes", "--skip-preview", "--diff")
    expect(demo.titles() == before, "the title is not what encord.yaml declares")
    expect(not admitted or who not in demo.members(where), "who was let in still has access")


def step(words: str) -> None:
    """Heads a step."""
    bold, plain = ("\x1b[1m", "\x1b[0m") if sys.stdout.isatty() else ("", "")
    print(f"\n{bold}{words}{plain}", flush=True)


def expect(holds: bool, otherwise: str) -> None:
    """Ends the story unless it holds."""
    if not holds:
        raise NotAsTold(otherwise)


def main(arguments: list[str]) -> int:
    """Returns the exit code: 0 if all went as told, 1 if not, 130 after Ctrl-C."""
    project = Path(arguments[0] if arguments else Path(__file__).parents[1]).resolve()
    started = time.monotonic()
    try:
        declared = loader.load(project / "encord.yaml", "encord.yaml")
        expect(bool(declared.integrations), "encord.yaml declares no integration to show")
        with only_one(project / ".demo"):
            tell(Demo(project), declared)
    except KeyboardInterrupt:
        print("\ndemo: interrupted; `make demo` goes on from here", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (NotAsTold, EncordError, EngineError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - started
    print(f"\nDone in {seconds:.0f} s. Try next: change who may use what in encord.yaml and run this again.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
