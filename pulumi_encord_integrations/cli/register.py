"""`encord-integrations register`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli import paths
from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing
from pulumi_encord_integrations.cli.join import Yes, confirm
from pulumi_encord_integrations.cli.naming import Integration, find
from pulumi_encord_integrations.cli.output import printable, result, say
from pulumi_encord_integrations.client.errors import EncordError, NotAllowed, Refused

if TYPE_CHECKING:
    from pulumi_encord_integrations.cli.registering import Plan
    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.model.integrations import IntegrationView
    from pulumi_encord_integrations.model.registrations import Registered

EXAMPLES = ("register prod-images videos.json", "register prod-images videos.json --check")

_COUNTS = ("created", "updated", "unchanged")
File = Annotated[
    Path,
    typer.Argument(parser=paths.file, metavar="FILE", help="The JSON of Encord's documentation."),
]


def register(
    integration: Integration,
    file: File,
    check: Annotated[bool, typer.Option("--check", help="Only validate the file.")] = False,
    yes: Yes = False,
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Registers the data that a JSON file lists: videos, images, image groups, DICOM series, NIfTI.

    The whole file is validated first. It is sent in batches, each all or nothing; a run that was interrupted
    goes on where it ended.
    """
    with existing(stack, f'there is no integration "{integration}"', write=not check) as client:
        view = find(client, integration)
        if "UPLOAD_DATA" not in view.permissions:
            raise NotAllowed(f'only admins of "{view.title}" may register data', hint="Ask one of its admins")
        plan = _examined(file, view)
        if check:
            say(f"{plan.described()}; nothing is wrong with {printable(file.name)}")
            totals: dict[str, int] = {}
        else:
            totals = _registered(client, view, plan, yes=yes)
    if json:
        counts = {"items": plan.items, "batches": len(plan.digests), **totals}
        result(document(integrationUuid=view.uuid, title=view.title, **counts))


def _examined(file: Path, view: "IntegrationView") -> "Plan":
    """The plan of a file that nothing is wrong with; raises `Refused`."""
    from pulumi_encord_integrations.cli.progress import bar
    from pulumi_encord_integrations.cli.registering import examine

    with bar("examining", file.stat().st_size) as advance:
        plan, problems, more = examine(file, view, advance)
    for problem in problems:
        say(printable(str(problem)))
    if more:
        say(f"and {more:,} more")
    if problems:
        count = len(problems) + more
        noun = "problem" if count == 1 else "problems"
        raise Refused(f"{count:,} {noun} in {file.name}; nothing was sent")
    return plan


def _registered(client: "Client", view: "IntegrationView", plan: "Plan", *, yes: bool) -> dict[str, int]:
    """Sends what is not done yet; answers what became of it."""
    from pulumi_encord_integrations.cli.progress import bar
    from pulumi_encord_integrations.client import registrations

    done = set[str]()
    for start in range(0, len(plan.digests), 1000):
        done |= registrations.known_batches(client, view.uuid, plan.digests[start : start + 1000])
    already = f"; {len(done):,} of them are done already" if done else ""
    say(f'{plan.described()} will be registered with "{printable(view.title)}" ({view.uuid}){already}.')
    if len(done) < len(set(plan.digests)):
        confirm("Register?", yes=yes)
    totals = {"alreadyDone": len(done), "created": 0, "updated": 0, "unchanged": 0}
    sent = 0
    with bar("registering", len(plan.digests)) as advance:
        try:
            for number, (digest, body) in enumerate(plan.bodies(), 1):
                if digest not in done:
                    answer = registrations.register(client, view.uuid, {**body, "batch": digest})
                    _add(totals, answer)
                    sent += 1
                advance(number)
        except (EncordError, KeyboardInterrupt):
            count = f"{len(done) + sent:,} of {len(plan.digests):,} batches"
            say(f"stopped: {count} are done. Run it again to go on")
            raise
    new, changed, same = (totals[name] for name in _COUNTS)
    say(f"registered: {new:,} new, {changed:,} changed, {same:,} as before")
    return totals


def _add(totals: dict[str, int], answer: "Registered") -> None:
    for name in _COUNTS:
        totals[name] += getattr(answer, name)
