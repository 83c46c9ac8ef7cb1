"""Members of integrations over the wire; principals are named by `Principal.key`."""

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pulumi_encord_integrations.client.errors import NotFound
from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.members import (
    Joined,
    MembersChanged,
    MembersPage,
    MemberView,
    Principal,
    UserAccess,
    as_roles,
)
from pulumi_encord_integrations.model.text import uuid_in

if TYPE_CHECKING:
    # A program only declares: it need not load what speaks HTTP.
    from pulumi_encord_integrations.client.client import Client

_PATH = "cloud-integrations"


def everywhere(client: "Client") -> Iterator[MemberView]:
    """Members of all integrations that the caller administers."""
    return client.rows(MemberView, f"{_PATH}/members")


def listing(client: "Client", integration: str) -> Iterator[MemberView]:
    """Members of one integration; raises `NotFound`, `NotAllowed`."""
    return client.rows(MemberView, _members(integration))


def of(client: "Client", integration: str) -> dict[str, str]:
    """Their roles."""
    return as_roles(listing(client, integration))


def etag(client: "Client", integration: str) -> str:
    """The mark of the members' state that `replace` takes."""
    return client.get(_members(integration), MembersPage, {"pageSize": 1}).etag


def change(
    client: "Client", integration: str, wanted: Mapping[str, str], removed: Collection[str] = ()
) -> MembersChanged:
    """Grants and withdraws, all or nothing; who is not named stays."""
    body = {"set": _rows(wanted), "remove": [Principal.wire(key) for key in sorted(removed)]}
    return client.ask(MembersChanged, "PATCH", _members(integration), body=body)


def replace(
    client: "Client",
    integration: str,
    wanted: Mapping[str, str],
    match: str,
    *,
    allow_large_removal: bool = False,
) -> MembersChanged:
    """Makes the list all that there is but for individual Admins; raises `Refused` if it is not as read."""
    body = {"members": _rows(wanted), "allowLargeRemoval": allow_large_removal}
    headers = {"If-Match": match}
    return client.ask(MembersChanged, "PUT", _members(integration), body=body, headers=headers)


def join(client: "Client", integration: str) -> Joined:
    """Makes the caller, an admin of the organization, an Admin of the integration."""
    return client.ask(Joined, "POST", f"{_of(integration)}/join")


def access(client: "Client", email: str) -> list[UserAccess]:
    """What a user may do on each integration that the caller administers; raises `NotFound`."""
    return client.get(f"{_PATH}/access", Page[UserAccess], {"userEmail": email}).results


def _members(integration: str) -> str:
    return f"{_of(integration)}/members"


def _of(integration: str) -> str:
    found = uuid_in(integration)
    if found is None:
        raise NotFound(f'"{integration}" is not the uuid of an integration', code="integration_not_found")
    return f"{_PATH}/{found}"


def _rows(roles: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{**Principal.wire(key), "role": role} for key, role in sorted(roles.items())]
