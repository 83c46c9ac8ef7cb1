"""Integrations and people as somebody names them at a terminal."""

import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.output import printable
from pulumi_encord_integrations.client.errors import NotFound, Refused

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.model.integrations import IntegrationView

Integration = Annotated[str, typer.Argument(metavar="UUID|TITLE", help="Its uuid or its exact title.")]


def find(client: "Client", given: str) -> "IntegrationView":
    """The integration of that title or uuid; raises `NotFound`, `Refused`."""
    from pulumi_encord_integrations.client import integrations
    from pulumi_encord_integrations.model.text import uuid_in

    name = unicodedata.normalize("NFC", given)
    found = list(integrations.search(client, title=name))
    if len(found) > 1:
        raise Refused(f'{len(found)} integrations are titled "{name}"', hint=_told_apart(found))
    if found:
        return found[0]
    if (uuid := uuid_in(name)) is not None:
        return integrations.read(client, uuid)
    titles = [view.title for view in integrations.search(client)]
    hint = nearest(name, titles) or "see encord-integrations list"
    raise NotFound(f'there is no integration "{name}" that you may view', hint=hint)


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or nothing if no known name is near."""
    from difflib import get_close_matches

    names = {one.casefold(): one for one in known}
    near = [names[match] for match in get_close_matches(name.casefold(), names)]
    return "did you mean " + " or ".join(f'"{printable(one)}"' for one in near) + "?" if near else ""


def _told_apart(views: "list[IntegrationView]") -> str:
    lines = (f"{view.uuid} of {view.owner}, created {view.created_at:%Y-%m-%d %H:%M:%S}" for view in views)
    return "\n".join(["name it by its uuid", *map(printable, lines)])
