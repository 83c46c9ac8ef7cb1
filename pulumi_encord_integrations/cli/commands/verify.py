"""`encord-integrations verify`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing
from pulumi_encord_integrations.cli.lookup import Integration, find
from pulumi_encord_integrations.cli.rendering.output import printable, result
from pulumi_encord_integrations.client.errors import ConfigurationError, Refused, Unavailable

if TYPE_CHECKING:
    from pulumi_encord_integrations.model.access_checks import AccessChecked, CheckOutcome

EXAMPLES = (
    "verify prod-images",
    "verify dropbox --url https://files.example.com/a.mp4",
    "verify prod-images --json | jq .valid",
)
_STATUS = {True: "ok", False: "FAIL", None: "cannot tell"}


def verify(
    integration: Integration,
    url: Annotated[list[str] | None, typer.Option(help="Of Direct Access: a URL to try; repeatable.")] = None,
    writable: Annotated[
        bool, typer.Option("--writable", help="Write access was granted: writing must be allowed.")
    ] = False,
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Checks whether an integration's data can be reached as declared: by the API and by browsers alone.

    Ends with 1 if a check failed, with 4 if a cloud could not be asked.
    """
    from pulumi_encord_integrations.client import integrations
    from pulumi_encord_integrations.model.access_checks import AccessCheckRequest

    request, wrong = AccessCheckRequest.examine({"urls": url or [], "writable": writable})
    if request is None:
        raise ConfigurationError("; ".join(map(str, wrong)))
    with existing(stack, f'there is no integration "{integration}"', write=True) as client:
        view = find(client, integration)
        checked = integrations.check_access(client, view.uuid, request)
    if json:
        rows = [one.model_dump(mode="json", by_alias=True) for one in checked.checks]
        result(document(integrationUuid=view.uuid, title=view.title, valid=checked.valid, checks=rows))
    elif checked.checks:
        result("".join(f"{line}\n" for one in checked.checks for line in _lines(one)))
    else:
        result("nothing to check: give URLs with --url\n")
    _require(view.title, checked)


def _lines(check: "CheckOutcome") -> Iterator[str]:
    yield f"{_STATUS[check.success]:<12}{check.name:<22}{printable(check.message)}"
    if check.remedy and check.success is not True:
        yield f"{'':<34}help: {printable(check.remedy)}"


def _require(title: str, checked: "AccessChecked") -> None:
    """Raises `Refused` if a check failed, `Unavailable` if one that counts could not be made."""
    if checked.valid is None:
        unknown = next(one for one in checked.checks if one.required and one.success is None)
        raise Unavailable(f'"{title}" could not be checked: {unknown.message}', hint=unknown.remedy)
    failed = [one for one in checked.checks if one.required and one.success is False]
    if failed:
        names = ", ".join(one.name for one in failed)
        raise Refused(f'"{title}" is not verified: {names}', hint=failed[0].remedy)
