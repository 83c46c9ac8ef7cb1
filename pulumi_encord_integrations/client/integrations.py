"""Integrations over the wire."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pulumi_encord_integrations.client.audit import by_uuid, recorded
from pulumi_encord_integrations.client.errors import NotFound, UnexpectedAnswer
from pulumi_encord_integrations.model.access_checks import AccessChecked, AccessCheckRequest
from pulumi_encord_integrations.model.audit import LastWrite, LastWriteOf
from pulumi_encord_integrations.model.identity import LetGo, Placement
from pulumi_encord_integrations.model.integration_registry import view_of
from pulumi_encord_integrations.model.integrations import (
    CreatedIntegration,
    IntegrationSpec,
    IntegrationView,
)
from pulumi_encord_integrations.model.text import uuid_in

if TYPE_CHECKING:
    # A program only declares: it need not load what speaks HTTP.
    from pulumi_encord_integrations.client.client import Client

_PATH = "cloud-integrations"


def create(
    client: "Client", spec: IntegrationSpec, placement: Placement
) -> tuple[IntegrationView, CreatedIntegration]:
    """Creates it or, for a known declaration, answers the object with the spec applied."""
    # What is left out of an adopted integration stays as it lives.
    body = {
        **spec.to_wire(only_given=bool(placement.adopt)),
        **placement.to_wire(),
        "provider": spec.provider,
    }
    answer = client.ask(CreatedIntegration, "POST", _PATH, body=body)
    return _view(answer.integration), answer


def read(client: "Client", uuid: str, stack: str | None = None) -> IntegrationView:
    """One integration, and whether that stack declares it; raises `NotFound`, `NotAllowed`."""
    found = uuid_in(uuid)
    if found is None:
        raise NotFound(f'"{uuid}" is not the uuid of an integration')
    return _view(client.call("GET", f"{_PATH}/{found}", query={"stackId": stack}))


def search(
    client: "Client",
    *,
    title: str | None = None,
    owner: str | None = None,
    mine: bool = False,
    provider: str | None = None,
    stack: str | None = None,
) -> Iterator[IntegrationView]:
    """All integrations that the caller may view, page by page; each says whether that stack declares it."""
    query = {
        "title": title,
        "owner": owner,
        "mine": mine or None,
        "provider": provider,
        "includeOrgAccess": True,
        "stackId": stack,
    }
    return (_view(row) for row in client.pages(f"{_PATH}/search", query))


def update(
    client: "Client",
    uuid: str,
    changes: Mapping[str, Any],
    declared_by: str | None = None,
    declared_in: str | None = None,
) -> IntegrationView:
    """Applies camelCase changes; what is absent stays, null clears.

    With a stack's identity, or its names as `project/stack`, refused if another one declares it by now.
    """
    query = {"declaredBy": declared_by, "declaredIn": declared_in}
    return _view(client.call("PATCH", f"{_PATH}/{uuid}", query=query, body=dict(changes)))


def delete(client: "Client", uuid: str, declared_by: str | None, *, if_empty: bool = False) -> LetGo:
    """Lets it go on behalf of a stack identity; None deletes whoever declares it.

    With `if_empty` raises `Refused` instead of deleting data that is registered.
    """
    query = {"declaredBy": declared_by, "ifEmpty": if_empty or None}
    return client.ask(LetGo, "DELETE", f"{_PATH}/{uuid}", query=query)


def last_write(client: "Client", uuid: str) -> LastWrite | None:
    """The newest write of an integration, if one was recorded; raises `NotFound`, `NotAllowed`."""
    return recorded(client, f"{_PATH}/{uuid}")


def last_writes(client: "Client") -> dict[str, LastWrite]:
    """The newest write of each integration that the caller administers, by uuid."""
    return by_uuid(client.rows(LastWriteOf, f"{_PATH}/last-writes"))


def check_access(client: "Client", uuid: str, request: AccessCheckRequest) -> AccessChecked:
    """Checks the access of an integration once; raises `Refused` for types that have no checks."""
    return client.ask(AccessChecked, "POST", f"{_PATH}/{uuid}/access-check", body=request.to_wire())


def _view(data: Any) -> IntegrationView:
    try:
        return view_of(data)
    except ValidationError:
        raise UnexpectedAnswer(
            "the API answered an integration that cannot be read", hint="Is it newer?"
        ) from None
