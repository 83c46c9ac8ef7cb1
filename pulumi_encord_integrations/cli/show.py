"""`encord-integrations show`."""

import unicodedata
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.connection import Json, NoDatabase, Stack, connected, document, wire_forms
from pulumi_encord_integrations.cli.output import printable, result
from pulumi_encord_integrations.cli.output import show as print_result
from pulumi_encord_integrations.client.errors import NotFound, Refused

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.model.integrations import IntegrationView

EXAMPLES = (
    "show prod-images",
    "show 0d2e9b6e-3c0a-4f5e-9a3b-0f6f6d8f6a11 --stack prod",
    "show prod-images --json | jq -r .integration.externalId",
)


def show(
    integration: Annotated[str, typer.Argument(metavar="UUID|TITLE", help="Its uuid or its exact title.")],
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Shows everything of one integration.

    The values that the cloud side needs stand alone at the end of their lines.
    """
    try:
        with connected(stack) as client:
            view = _find(client, unicodedata.normalize("NFC", integration))
    except NoDatabase as missing:
        raise NotFound(
            f'there is no integration "{integration}"', hint=f"{missing.path} is made by the first pulumi up"
        ) from None
    if json:
        result(document(integration=wire_forms([view])[0]))
    else:
        from pulumi_encord_integrations.cli.layout import sheet

        print_result(sheet(view))


def _find(client: "Client", name: str) -> "IntegrationView":
    from pulumi_encord_integrations.client import integrations
    from pulumi_encord_integrations.model.text import uuid_in

    found = list(integrations.search(client, title=name))
    if len(found) > 1:
        raise Refused(f'{len(found)} integrations are titled "{name}"', hint=_told_apart(found))
    if found:
        return found[0]
    if (uuid := uuid_in(name)) is not None:
        return integrations.read(client, uuid)
    titles = [view.title for view in integrations.search(client)]
    raise NotFound(f'there is no integration "{name}" that you may view', hint=_nearest(name, titles))


def _told_apart(views: "list[IntegrationView]") -> str:
    lines = (f"{view.uuid} of {view.owner}, created {view.created_at:%Y-%m-%d %H:%M:%S}" for view in views)
    return "\n".join(["name it by its uuid", *map(printable, lines)])


def _nearest(name: str, titles: list[str]) -> str:
    from difflib import get_close_matches

    known = {title.casefold(): title for title in titles}
    near = [known[match] for match in get_close_matches(name.casefold(), known)]
    if near:
        return "did you mean " + " or ".join(f'"{printable(title)}"' for title in near) + "?"
    return "see encord-integrations list"
