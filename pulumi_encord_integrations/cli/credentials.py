"""`encord-integrations credentials`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pulumi_encord_integrations.cli.connection import Json, NoDatabase, Stack, connected, document
from pulumi_encord_integrations.cli.exits import ExitCode
from pulumi_encord_integrations.cli.output import result, say, show

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from pulumi_encord_integrations.model.integrations import IntegrationView

EXAMPLES = (
    "credentials --within 30d",
    "credentials --json | jq -r '.credentials[] | select(.endsWithin) | .title'",
)


def credentials(
    within: Annotated[
        str, typer.Option("--within", metavar="SPAN", help="What counts as soon: 30d, 12h, 1w.")
    ] = "30d",
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Lists which credentials end when, the first one first.

    Ends with 1 if one is over or ends within the span, so that a nightly job can watch them. What has no end
    that the API knows of, such as a key pair, is not listed.
    """
    from datetime import UTC, datetime

    span, now = _span(within), datetime.now(UTC)
    ending = sorted(_ending(stack), key=lambda pair: pair[1])
    if json:
        rows = [_wire_form(view, end, now, span) for view, end in ending]
        result(document(within=int(span.total_seconds()), credentials=rows))
    elif ending:
        from pulumi_encord_integrations.cli.layout import ends_table

        show(ends_table(ending, now))
    if not ending:
        say("no integration that you may view has a credential with an end")
    if any(end - now <= span for _, end in ending):
        raise typer.Exit(ExitCode.BAD)


def _span(text: str) -> "timedelta":
    from datetime import timedelta

    from pydantic import TypeAdapter, ValidationError

    from pulumi_encord_integrations.model.durations import Timespan
    from pulumi_encord_integrations.model.problems import message_of

    try:
        seconds: int = TypeAdapter(Timespan).validate_python(text)
    except ValidationError as error:
        raise typer.BadParameter(f"--within {message_of(error.errors()[0])}") from None
    return timedelta(seconds=seconds)


def _ending(stack: str | None) -> "list[tuple[IntegrationView, datetime]]":
    from pulumi_encord_integrations.client import integrations

    try:
        with connected(stack) as client:
            views = list(integrations.search(client))
    except NoDatabase:
        return []
    return [(view, end) for view in views if (end := view.credential_ends_at) is not None]


def _wire_form(
    view: "IntegrationView", end: "datetime", now: "datetime", span: "timedelta"
) -> dict[str, Any]:
    return {
        "integrationUuid": view.uuid,
        "title": view.title,
        "provider": view.provider,
        "endsAt": end.isoformat(),
        "ended": end <= now,
        "endsWithin": end - now <= span,
    }
