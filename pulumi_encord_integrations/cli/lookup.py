"""Integrations and people as somebody names them at a terminal."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import typer

from pulumi_encord_integrations.cli.rendering.output import printable
from pulumi_encord_integrations.client.errors import NotFound, Refused

if TYPE_CHECKING:
    from datetime import datetime

    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.model.groups import DeclaredGroup
    from pulumi_encord_integrations.model.identity import DeclarationView
    from pulumi_encord_integrations.model.integrations import IntegrationView

Integration = Annotated[
    str,
    typer.Argument(
        metavar="INTEGRATION", help="Its uuid, its title, or its name in the program or encord.yaml."
    ),
]


class Nameable(Protocol):
    """What an integration is found and told from others by."""

    @property
    def uuid(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def declared_as(self) -> "DeclarationView | None": ...
    @property
    def owner(self) -> str: ...
    @property
    def created_at(self) -> "datetime": ...


N = TypeVar("N", bound=Nameable)


def find(client: "Client", given: str) -> "IntegrationView":
    """The integration of that uuid, title or declared name; raises `NotFound`, `Refused`."""
    from pulumi_encord_integrations.client import integrations
    from pulumi_encord_integrations.model.text import uuid_in

    missing: NotFound | None = None
    if (uuid := uuid_in(given)) is not None:
        try:
            return integrations.read(client, uuid)
        except NotFound as error:
            missing = error
    views = list(integrations.search(client))
    if missing and not named(views, given):
        raise missing
    return the_one(views, given, f'there is no integration "{given}" that you may view')


def find_group(client: "Client", given: str) -> "DeclaredGroup":
    """The user group of that uuid or name; raises `NotFound`, `Refused`."""
    from pulumi_encord_integrations.client import groups
    from pulumi_encord_integrations.model.text import uuid_in

    known = groups.listing(client)
    by_uuid = [one for one in known if one.group_hash == uuid_in(given)]
    found = by_uuid or [one for one in known if _folded(one.name) == _folded(given)]
    exact = [one for one in found if _exact(one.name) == _exact(given)] or found
    if len(exact) > 1:
        lines = [f'{one.group_hash} "{printable(one.name)}"' for one in exact]
        raise Refused(
            f'{len(exact)} user groups are called "{given}"', hint="\n".join(["name it by its uuid", *lines])
        )
    if not exact:
        hint = nearest(given, [one.name for one in known])
        raise NotFound(f'there is no user group "{given}"', hint=hint)
    return exact[0]


def the_one(known: Sequence[N], given: str, otherwise: str) -> N:
    """The integration of that uuid, title or declared name; raises `NotFound`, `Refused`."""
    found = named(known, given)
    if len(found) > 1:
        raise Refused(f'{len(found)} integrations are called "{given}"', hint=_told_apart(found))
    if found:
        return found[0]
    names = [name for one in known for name in _names(one)]
    raise NotFound(otherwise, hint=nearest(given, names) or "see encord-integrations list")


def named(known: Iterable[N], given: str) -> list[N]:
    """Those of that uuid, title or declared name; letter case counts only where it decides."""
    from pulumi_encord_integrations.model.text import uuid_in

    known = list(known)
    by_uuid = [one for one in known if one.uuid == uuid_in(given)]
    return by_uuid or _spelled(known, given, _exact) or _spelled(known, given, _folded)


def _spelled(known: Iterable[N], given: str, form: Callable[[str], str]) -> list[N]:
    return [one for one in known if form(given) in map(form, _names(one))]


def _names(one: Nameable) -> list[str]:
    return [one.title, *([one.declared_as.name] if one.declared_as else [])]


def _exact(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or nothing if no known name is near."""
    from difflib import get_close_matches

    names = {one.casefold(): one for one in known}
    near = [names[match] for match in get_close_matches(name.casefold(), names)]
    return "did you mean " + " or ".join(f'"{printable(one)}"' for one in near) + "?" if near else ""


def _told_apart(found: Iterable[Nameable]) -> str:
    return "\n".join(["name it by its uuid", *(printable(_described(one)) for one in found)])


def _described(one: Nameable) -> str:
    declared = f", declared in {one.declared_as.where}" if one.declared_as else ""
    return f'{one.uuid} "{one.title}"{declared}, of {one.owner}, created {one.created_at:%Y-%m-%d %H:%M:%S}'
