"""`encord-integrations credentials`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pulumi_encord_integrations.cli.connection import Json, NoDatabase, Stack, connected, document
from pulumi_encord_integrations.cli.exit_codes import ExitCode
from pulumi_encord_integrations.cli.rendering.output import result, say, show

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from pulumi_encord_integrations.model.integrations import IntegrationView

EXAMPLES = (
    "credentials --within 30d",
    "credentials --all",
    "credentials --json | jq -r '.credentials[] | select(.endsWithin) | .title'",
)


def credentials(
    within: Annotated[
        str, typer.Option("--within", metavar="SPAN", help="What counts as soon: 30d, 12h, 1w.")
    ] = "30d",
    all_: Annotated[
        bool, typer.Option("--all", help="Those without a known end, too: roles, key pairs.")
    ] = False,
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Lists which credentials end when, the first one first.

    Ends with 1 if one is over or ends within the span, so that a nightly job can watch them. What has no end
    that the API knows of, such as a key pair, is listed only with --all.
    """
    from datetime import UTC, datetime

    from pulumi_encord_integrations.cli.spans import span_of

    span, now = span_of(within, "--within"), datetime.now(UTC)
    views, why = _views(stack)
    ending = [view for view in views if view.credential_ends_at is not None]
    listed = sorted(views if all_ else ending, key=_first)
    if not listed:
        say(why or "no integration that you may view has a credential with a known end")
    if json:
        rows = [_wire_form(view, now, span) for view in listed]
        result(document(within=int(span.total_seconds()), credentials=rows))
    elif listed:
        from pulumi_encord_integrations.cli.rendering.integrations import ends_table

        show(ends_table(listed, now))
    if any(_within(view, now, span) for view in ending):
        raise typer.Exit(ExitCode.BAD)


def _views(stack: str | None) -> "tuple[list[IntegrationView], str]":
    """All that the caller may view, or why there are none."""
    from pulumi_encord_integrations.client import integrations

    try:
        with connected(stack) as client:
            return list(integrations.search(client)), ""
    except NoDatabase as missing:
        return [], str(missing)


def _first(view: "IntegrationView") -> "tuple[bool, float, str]":
    end = view.credential_ends_at
    return end is None, end.timestamp() if end else 0.0, view.title


def _within(view: "IntegrationView", now: "datetime", span: "timedelta") -> bool:
    end = view.credential_ends_at
    return end is not None and end - now <= span


def _wire_form(view: "IntegrationView", now: "datetime", span: "timedelta") -> dict[str, Any]:
    end = view.credential_ends_at
    return {
        "integrationUuid": view.uuid,
        "title": view.title,
        "provider": view.provider,
        "credential": view.credential,
        "endsAt": end and end.isoformat().replace("+00:00", "Z"),
        "ended": end is not None and end <= now,
        "endsWithin": _within(view, now, span),
    }
