"""`encord-integrations register`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.commands.join import Yes, confirm
from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing
from pulumi_encord_integrations.cli.inputs import name_of, readable_twice, source
from pulumi_encord_integrations.cli.lookup import Integration, find
from pulumi_encord_integrations.cli.rendering.output import printable, result, say
from pulumi_encord_integrations.client.errors import EncordError, NotAllowed, Refused

if TYPE_CHECKING:
    from pulumi_encord_integrations.cli.registration.batches import Plan
    from pulumi_encord_integrations.cli.registration.items import Source
    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.model.integrations import IntegrationView
    from pulumi_encord_integrations.model.registrations import Registered

EXAMPLES = ("register prod-images videos.json", "register prod-images videos.json --check")

_COUNTS = ("created", "updated", "unchanged", "skipped")
File = Annotated[
    Path,
    typer.Argument(
        parser=source,
        metavar="FILE",
        help="The JSON of Encord's documentation; - for standard input.",
    ),
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
    from pulumi_encord_integrations.cli.registration.items import Source

    with existing(stack, f'there is no integration "{integration}"', write=not check) as client:
        view = find(client, integration)
        if "UPLOAD_DATA" not in view.permissions:
            raise NotAllowed(f'only admins of "{view.title}" may register data', hint="Ask one of its admins")
        with readable_twice(file) as path:
            plan = _examined(Source(path, name_of(file)), view)
            totals = {} if check else _registered(client, view, plan, yes=yes)
    if check:
        say(f"{plan.described()}; nothing is wrong with {printable(name_of(file))}")
    if json:
        counts = {"items": plan.items, "batches": len(plan.digests), **totals}
        result(document(integrationUuid=view.uuid, title=view.title, **counts))


def _examined(source: "Source", view: "IntegrationView") -> "Plan":
    """The plan of a file that nothing is wrong with; raises `Refused`."""
    from pulumi_encord_integrations.cli.registration.batches import examine
    from pulumi_encord_integrations.cli.rendering.progress import bar

    with bar("examining", source.path.stat().st_size) as advance:
        plan, findings = examine(source, view, advance)
    for problem in findings.told:
        say(printable(str(problem)))
    if findings.more:
        say(f"and {findings.more:,} more")
    if findings.told:
        count = len(findings.told) + findings.more
        noun = "problem" if count == 1 else "problems"
        raise Refused(f"{count:,} {noun} in {source.name}; nothing was sent")
    for note in plan.notes:
        say(f"note: {note}")
    return plan


def _registered(client: "Client", view: "IntegrationView", plan: "Plan", *, yes: bool) -> dict[str, int]:
    """Sends what is not done yet; answers what became of it."""
    from pulumi_encord_integrations.cli.rendering.progress import bar
    from pulumi_encord_integrations.client import registrations

    done = set[str]()
    for start in range(0, len(plan.digests), 1000):
        done |= registrations.known_batches(client, view.uuid, plan.digests[start : start + 1000])
    before = plan.items_of(done)
    already = f"; {before:,} of them are done already" if before else ""
    say(f'{plan.described()} will be registered with "{printable(view.title)}" ({view.uuid}){already}.')
    if len(done) < len(set(plan.digests)):
        confirm("Register?", yes=yes)
    totals = {"alreadyDone": before, **dict.fromkeys(_COUNTS, 0)}
    place, sent = "", 0
    with bar("registering", plan.items) as advance:
        try:
            for batch in plan.batches():
                place = batch.first
                if batch.digest not in done:
                    _add(totals, registrations.register(client, view.uuid, batch.body))
                    sent += batch.items
                advance(before + sent)
        except (EncordError, KeyboardInterrupt) as error:
            count = f"{before + sent:,} of {plan.items:,} items"
            # What was refused would be refused again.
            again = (
                f"the next one begins with {place}" if isinstance(error, Refused) else "run it again to go on"
            )
            say(f"stopped: {count} are done; {again}")
            raise
    new, changed, same, skipped = (totals[name] for name in _COUNTS)
    passed = f", {skipped:,} skipped" if plan.flags.skip_duplicate_urls else ""
    earlier = f", {before:,} done already" if before else ""
    say(f"registered: {new:,} new, {changed:,} changed, {same:,} as before{passed}{earlier}")
    return totals


def _add(totals: dict[str, int], answer: "Registered") -> None:
    for name in _COUNTS:
        totals[name] += getattr(answer, name)
