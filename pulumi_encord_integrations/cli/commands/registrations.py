"""`encord-integrations registrations`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.commands.join import Yes, confirm
from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing
from pulumi_encord_integrations.cli.lookup import Integration, find
from pulumi_encord_integrations.cli.rendering.output import printable, result, say
from pulumi_encord_integrations.client.errors import NotAllowed

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.model.integrations import IntegrationView
    from pulumi_encord_integrations.model.registration_filters import RegistrationFilters

EXAMPLES = (
    "registrations prod-images",
    "registrations prod-images --list videos --url 's3://acme-training/2024/' --json",
    "registrations prod-images --url s3://acme-training/cat.mp4 --delete",
)


class Lists(StrEnum):
    """The lists of the JSON."""

    VIDEOS = "videos"
    IMAGES = "images"
    IMAGE_GROUPS = "image_groups"
    DICOM_SERIES = "dicom_series"
    NIFTI = "nifti"


def registrations(
    integration: Integration,
    of_list: Annotated[
        Lists | None, typer.Option("--list", help="Only items of this list of the JSON.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Only this URL, or what begins so if it ends with / or *."),
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Take them back; the files stay.")] = False,
    yes: Yes = False,
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Lists what is registered with an integration, or takes it back.

    Taking back says how much it is and asks first. Only Admins may; the files themselves stay.
    """
    from pulumi_encord_integrations.model.registration_filters import RegistrationFilters

    if url == "":
        raise typer.BadParameter("--url must not be empty")
    filters = RegistrationFilters(of_list.value if of_list else None, url)
    with existing(stack, f'there is no integration "{integration}"', write=delete) as client:
        view = find(client, integration)
        if delete:
            deleted = _deleted(client, view, filters, yes=yes)
        else:
            _list(client, view, filters, json=json)
    if delete and json:
        result(document(integrationUuid=view.uuid, title=view.title, deleted=deleted))


def _list(client: "Client", view: "IntegrationView", filters: "RegistrationFilters", *, json: bool) -> None:
    from pulumi_encord_integrations.cli.rendering import registrations as rendering
    from pulumi_encord_integrations.client import registrations as api

    rows = api.listing(client, view.uuid, filters)
    written = rendering.as_document(view, rows) if json else rendering.as_lines(rows)
    if not written:
        say(_nothing(view, filters))


def _deleted(client: "Client", view: "IntegrationView", filters: "RegistrationFilters", *, yes: bool) -> int:
    """Takes back what is meant, after a yes; answers how many items that were."""
    from pulumi_encord_integrations.client import registrations as api

    if "UPLOAD_DATA" not in view.permissions:
        raise NotAllowed(
            f'only admins of "{view.title}" may delete registrations', hint="Ask one of its admins"
        )
    count = view.registrations if filters == api.ALL else None
    if count is None:
        count = sum(1 for _ in api.listing(client, view.uuid, filters))
    if not count:
        say(f"{_nothing(view, filters)}; nothing was changed")
        return 0
    title = f'"{printable(view.title)}" ({view.uuid})'
    noun = "registration" if count == 1 else "registrations"
    say(f"{count:,} {noun} of {title} will be deleted with all metadata. The files stay.")
    confirm("Delete?", yes=yes)
    deleted = api.remove(client, view.uuid, filters, count)
    say(f"deleted: {deleted:,}")
    return deleted


def _nothing(view: "IntegrationView", filters: "RegistrationFilters") -> str:
    title = f'"{printable(view.title)}"'
    if filters.url and not filters.url.endswith(("/", "*")):
        return f"no registration of {title} has this URL; the beginning of a URL ends with / or *"
    matches = filters.url or filters.of_list
    return f"no registration of {title} matches" if matches else f"nothing is registered with {title}"
