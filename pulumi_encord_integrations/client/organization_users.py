"""Users of the organization over the wire."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.users import OrganizationUserSpec, OrganizationUserView

if TYPE_CHECKING:
    # A program only declares: it need not load what speaks HTTP.
    from pulumi_encord_integrations.client.client import Client

_PATH = "organisation/users"


def listing(client: "Client") -> list[OrganizationUserView]:
    """All users, by e-mail."""
    return client.get(_PATH, Page[OrganizationUserView]).results


def read(client: "Client", email: str) -> OrganizationUserView:
    """One user; raises `NotFound`."""
    return client.get(_of(email), OrganizationUserView)


def add(client: "Client", spec: OrganizationUserSpec) -> OrganizationUserView:
    """Makes somebody part of the organization; raises `Refused` with code `user_exists`."""
    return client.ask(OrganizationUserView, "POST", _PATH, body=spec.to_wire(only_given=True))


def change(client: "Client", email: str, changes: Mapping[str, Any]) -> OrganizationUserView:
    """Applies camelCase changes."""
    return client.ask(OrganizationUserView, "PATCH", _of(email), body=dict(changes))


def remove(client: "Client", email: str) -> None:
    """Removes somebody with all their access; raises `NotFound`, `Refused`."""
    client.call("DELETE", _of(email))


def _of(email: str) -> str:
    return f"{_PATH}/{quote(email, safe='')}"
