"""`encord-integrations list`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.connection import Json, NoDatabase, Stack, connected, document, wire_forms
from pulumi_encord_integrations.cli.lookup import named
from pulumi_encord_integrations.cli.rendering.output import printable, result, say, show

if TYPE_CHECKING:
    from pulumi_encord_integrations.model.integrations import IntegrationView

_SOON_DAYS = 30
_TOLD = 5
EXAMPLES = (
    "list",
    "list --mine --provider AWS",
    "list --wide",
    "list --stack prod --json | jq -r '.integrations[].title'",
)


def list_integrations(
    json: Json = False,
    mine: Annotated[bool, typer.Option("--mine", help="Only those that you are a member of.")] = False,
    owner: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="Only those that this user created.")
    ] = None,
    title: Annotated[
        str | None, typer.Option(metavar="TITLE", help="Only those of this title or declared name.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Only those of this type, such as AWS.")
    ] = None,
    wide: Annotated[bool, typer.Option("--wide", help="Also their declared names and uuids.")] = False,
    stack: Stack = None,
) -> None:
    """Lists integrations that you may view.

    The oldest comes first.
    """
    from pulumi_encord_integrations.client import integrations

    wanted = _provider(provider)
    views: Sequence[IntegrationView] = []
    why = (
        "no integration matches"
        if mine or owner or title or provider
        else "there are no integrations that you may view"
    )
    try:
        with connected(stack) as client:
            views = list(integrations.search(client, owner=owner, mine=mine, provider=wanted))
            views = views if title is None else named(views, title)
    except NoDatabase as missing:
        why = str(missing)
    if not views:
        say(why)
    _warn(views)
    if json:
        result(document(integrations=wire_forms(views)))
    elif views:
        from pulumi_encord_integrations.cli.rendering.integrations import table

        show(table(views, wide=wide))


def _provider(name: str | None) -> str | None:
    """The type's name on the wire, however it was spelled."""
    from pulumi_encord_integrations.model.integration_registry import integration_types

    if name is None:
        return None
    known = [kind.provider for kind in integration_types()]
    if name.upper() not in known:
        raise typer.BadParameter(f"{name} is no type of integration; the types are {', '.join(known)}")
    return name.upper()


def _warn(views: "Sequence[IntegrationView]") -> None:
    """Says whose credentials are over or end soon."""
    from datetime import UTC, datetime, timedelta

    from pulumi_encord_integrations.model.sas import day, in_days

    now = datetime.now(UTC)
    ends = [(view, end - now) for view in views if (end := view.credential_ends_at) is not None]
    soon = sorted((pair for pair in ends if pair[1] <= timedelta(days=_SOON_DAYS)), key=lambda pair: pair[1])
    for view, left in soon[:_TOLD]:
        when = "ended" if left <= timedelta(0) else "ends"
        much = "" if when == "ended" else f" ({in_days(left)})"
        moment = f"{when} on {day(now + left)}{much}"
        say(f'warning: the credential of "{printable(view.title)}" {moment}: renew it')
    if len(soon) > _TOLD:
        say(f"and {len(soon) - _TOLD} more: encord-integrations credentials")
