"""`encord-integrations release`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pulumi_encord_integrations.cli.commands.join import Yes, confirm
from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing
from pulumi_encord_integrations.cli.lookup import find, find_group
from pulumi_encord_integrations.cli.rendering.output import printable, result, say
from pulumi_encord_integrations.client.errors import NotAllowed

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.model.audit import LastWrite
    from pulumi_encord_integrations.model.identity import DeclarationView

EXAMPLES = ("release prod-images", "release --group annotators --yes --json")

_FREE: Mapping[str, Any] = {"declaredAs": None}
_NOTE = (
    "It stays as it is, and another stack may adopt it. A stack whose state still holds it leaves it alone: "
    "pulumi destroy does not delete it. An update of it adopts it again, unless another stack has by then."
)


@dataclass(frozen=True)
class _Object:
    """What is to be released."""

    uuid: str
    title: str
    declared_as: "DeclarationView | None"
    last_write: "LastWrite | None"
    key: str
    """What its uuid is called in the JSON document."""

    @property
    def name(self) -> str:
        return f'"{printable(self.title)}" ({self.uuid})'


def release(
    integration: Annotated[
        str | None,
        typer.Argument(metavar="INTEGRATION", help="Its uuid, its title, or its name in the program."),
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", metavar="GROUP", help="A user group instead: its uuid or name.")
    ] = None,
    yes: Yes = False,
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Frees an integration or a user group from the stack that declares it.

    It says which stack that is and who wrote the object last, and asks first. Nothing else changes.
    """
    if (integration is None) == (group is None):
        raise typer.BadParameter("name an integration, or a user group with --group")
    with existing(stack, f'there is no "{integration or group}"', write=True) as client:
        found = _group(client, group) if group is not None else _integration(client, str(integration))
        if found.declared_as is None:
            say(f"no stack declares {found.name}; nothing was changed")
        else:
            written = f"; last written by {printable(str(found.last_write))}" if found.last_write else ""
            say(f"{found.name} is declared by {printable(found.declared_as.where)}{written}.")
            say(_NOTE)
            confirm("Release?", yes=yes)
            _release(client, found, found.declared_as)
            say("released")
    if json:
        owner = found.declared_as and found.declared_as.model_dump(mode="json", by_alias=True)
        result(document(**{found.key: found.uuid}, title=found.title, declaredAs=owner))


def _integration(client: "Client", given: str) -> _Object:
    from pulumi_encord_integrations.client import integrations

    view = find(client, given)
    if "ADD_USERS" not in view.permissions:
        raise NotAllowed(f'only admins of "{view.title}" may release it', hint="Ask one of its admins")
    written = integrations.last_write(client, view.uuid)
    return _Object(view.uuid, view.title, view.declared_as, written, "integrationUuid")


def _group(client: "Client", given: str) -> _Object:
    from pulumi_encord_integrations.client import groups, organizations

    view = find_group(client, given)
    if organizations.current(client).role != "ADMIN":
        raise NotAllowed("only admins of the organization may release user groups", hint="Ask one of them")
    written = groups.last_write(client, view.group_hash)
    return _Object(view.group_hash, view.name, view.declared_as, written, "groupHash")


def _release(client: "Client", found: _Object, shown: "DeclarationView") -> None:
    """Frees it from the stack that was shown: another one may have adopted it since."""
    from pulumi_encord_integrations.client import groups, integrations

    update = groups.update if found.key == "groupHash" else integrations.update
    update(client, found.uuid, _FREE, declared_in=shown.in_stack)
