"""User groups over the wire."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from pulumi_encord_integrations.client.audit import by_uuid, recorded
from pulumi_encord_integrations.client.errors import NotFound
from pulumi_encord_integrations.model.audit import LastWrite, LastWriteOf
from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.groups import DeclaredGroup, GroupSpec, GroupUser
from pulumi_encord_integrations.model.identity import LetGo, Placement
from pulumi_encord_integrations.model.text import uuid_in

if TYPE_CHECKING:
    # A program only declares: it need not load what speaks HTTP.
    from pulumi_encord_integrations.client.client import Client

_PATH = "organisation/groups"


def create(client: "Client", spec: GroupSpec, placement: Placement) -> DeclaredGroup:
    """Creates it or, for a known declaration, answers the group with the spec applied."""
    body = {**spec.to_wire(only_given=bool(placement.adopt)), **placement.to_wire()}
    return client.ask(DeclaredGroup, "POST", _PATH, body=body)


def listing(client: "Client", stack: str | None = None) -> list[DeclaredGroup]:
    """All groups of the organization, oldest first; each says whether that stack declares it."""
    path = "user/current-organisation/groups"
    return client.get(path, Page[DeclaredGroup], {"stackId": stack}).results


def read(client: "Client", uuid: str, stack: str | None = None) -> DeclaredGroup:
    """One group, and whether the stack of that identity declares it; raises `NotFound`."""
    return client.get(_of(uuid), DeclaredGroup, {"stackId": stack})


def update(
    client: "Client",
    uuid: str,
    changes: Mapping[str, Any],
    declared_by: str | None = None,
    declared_in: str | None = None,
) -> DeclaredGroup:
    """Applies camelCase changes; what is absent stays.

    With a stack's identity, or its names as `project/stack`, refused if another one declares it by now.
    """
    query = {"declaredBy": declared_by, "declaredIn": declared_in}
    return client.ask(DeclaredGroup, "PATCH", _of(uuid), query=query, body=dict(changes))


def delete(client: "Client", uuid: str, declared_by: str | None) -> LetGo:
    """Lets it go on behalf of a stack identity; None deletes whoever declares it."""
    return client.ask(LetGo, "DELETE", _of(uuid), query={"declaredBy": declared_by})


def last_write(client: "Client", uuid: str) -> LastWrite | None:
    """The newest write of a group, if one was recorded; raises `NotFound`, `NotAllowed`."""
    return recorded(client, _of(uuid))


def last_writes(client: "Client") -> dict[str, LastWrite]:
    """The newest write of each group, by uuid; raises `NotAllowed`."""
    return by_uuid(client.get(f"{_PATH}/last-writes", Page[LastWriteOf]).results)


def users(client: "Client", uuid: str) -> list[str]:
    """E-mails of a group's users; raises `NotFound`."""
    page = client.get(f"{_of(uuid)}/users", Page[GroupUser])
    return [user.user_email for user in page.results]


def add_users(client: "Client", uuid: str, emails: Collection[str]) -> None:
    """Adds users, all or none; raises `NotAllowed` for whoever is not part of the organization."""
    client.call("POST", f"{_of(uuid)}/users", body={"userEmails": sorted(emails)})


def remove_users(client: "Client", uuid: str, emails: Collection[str]) -> None:
    """Removes users; who is not in the group is passed over."""
    client.call("POST", f"{_of(uuid)}/users/bulk-delete", body={"userEmails": sorted(emails)})


def _of(uuid: str) -> str:
    found = uuid_in(uuid)
    if found is None:
        raise NotFound(f'"{uuid}" is not the uuid of a user group', code="group_not_found")
    return f"{_PATH}/{found}"
