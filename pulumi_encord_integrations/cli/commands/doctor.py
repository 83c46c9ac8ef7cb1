"""`encord-integrations doctor`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.connection import Json, Stack, document
from pulumi_encord_integrations.cli.exit_codes import ExitCode
from pulumi_encord_integrations.cli.rendering.output import printable, result, show, symbols

if TYPE_CHECKING:
    from rich.text import Text

    from pulumi_encord_integrations.cli.checks import Check, Line, Status

EXAMPLES = (
    "doctor",
    "doctor --stack prod",
    "doctor --all",
    "doctor --json | jq -r '.checks[] | select(.status == \"FAIL\") | .cure'",
)
_SYMBOLS = {"ok": "✓", "warn": "!", "FAIL": "✗", "skipped": "-"}
_STYLES = {"ok": "green", "warn": "yellow", "FAIL": "bold red", "skipped": "dim"}


def doctor(
    stack: Stack = None,
    every: Annotated[bool, typer.Option("--all", help="Show what is fine, too, and all settings.")] = False,
    json: Json = False,
) -> None:
    """Examines what newcomers trip over, and names the cure; changes nothing.

    Ends with 1 if anything failed; warnings are no failure.
    """
    from pulumi_encord_integrations.cli.checks import Patient, examined

    patient = Patient(Path.cwd(), stack)
    try:
        lines = list(examined(patient, checks()))
    finally:
        if patient.client is not None:
            patient.client.close()
    failed = any(line.status == "FAIL" for line in lines)
    if json:
        found = [{"name": x.name, "status": x.status, "text": x.text, "cure": x.cure} for x in lines]
        result(document(ok=not failed, checks=found))
    else:
        show(_drawn(lines if every else _summed_up(lines)))
    if failed:
        raise typer.Exit(ExitCode.BAD)


def checks() -> "Sequence[Check]":
    """All checks, in the order in which newcomers fail."""
    from pulumi_encord_integrations.cli.checks import Check, api, machine, runtime

    return (
        Check("Python", machine.python),
        Check("pulumi", machine.pulumi),
        Check("Pulumi.yaml", machine.project),
        Check("runtime options", runtime.runtime, ("Pulumi.yaml",)),
        Check("provider process", machine.provider_process, ("runtime options",)),
        Check("endpoint", api.settings),
        Check("extra [server]", api.server_extra, ("provider process", "endpoint")),
        Check("API", api.reachable, ("endpoint",)),
        Check("clock", api.clock, ("API",)),
        Check("key", api.key, ("endpoint",)),
        Check("who am I", api.who_am_i, ("API", "key")),
        Check("principals", api.principals, ("API", "who am I")),
        Check("settings", api.sources, ("endpoint",)),
    )


def _summed_up(lines: "Sequence[Line]") -> "Sequence[Line]":
    """What is wrong, then one line of what is fine and one of what could not be told."""
    from pulumi_encord_integrations.cli.checks import Line

    shown = [line for line in lines if line.status in {"FAIL", "warn"}]
    wrong = {line.check for line in shown}
    rest: tuple[tuple[Status, str], ...] = (("ok", "--all shows them"), ("skipped", "--all says why"))
    for status, way in rest:
        names = dict.fromkeys(x.check for x in lines if x.status == status and x.check not in wrong)
        if names:
            shown.append(Line(status, f"{', '.join(names)} ({way})", name=_count(len(names))))
    return shown


def _count(number: int) -> str:
    return f"{number} checks" if number > 1 else "1 check"


def _drawn(lines: "Sequence[Line]") -> "Text":
    from rich.text import Text

    marks = _SYMBOLS if symbols(sys.stdout) else {status: status.ljust(7) for status in _SYMBOLS}
    width = max(len(line.name) for line in lines)
    drawn = Text()
    for line in lines:
        drawn.append(marks[line.status], _STYLES[line.status])
        drawn.append(f"  {line.name.ljust(width)}  ")
        drawn.append(printable(f"{line.text}; {line.cure}" if line.cure else line.text) + "\n")
    drawn.rstrip()
    return drawn
