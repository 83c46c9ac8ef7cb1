"""Registration of data over the wire."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_encord_integrations.model.registration_filters import RegistrationFilters
from pulumi_encord_integrations.model.registrations import (
    BatchesDone,
    Registered,
    RegistrationsRemoved,
    RegistrationView,
)

if TYPE_CHECKING:
    # A program only declares: it need not load what speaks HTTP.
    from pulumi_encord_integrations.client.client import Client


ALL = RegistrationFilters()
"""No filter: everything that is registered."""


def register(client: "Client", integration: str, body: Mapping[str, Any]) -> Registered:
    """Registers the JSON of Encord's page; raises `Refused`, naming each item that is wrong."""
    return client.ask(Registered, "POST", _of(integration), body=body)


def known_batches(client: "Client", integration: str, names: Sequence[str]) -> set[str]:
    """Those of the batches that are done."""
    body = {"batches": list(names)}
    return set(client.ask(BatchesDone, "POST", f"{_of(integration)}/known-batches", body=body).known)


def listing(
    client: "Client", integration: str, filters: RegistrationFilters = ALL
) -> Iterator[RegistrationView]:
    """What was registered, page by page."""
    return client.rows(RegistrationView, _of(integration), _query(filters))


def remove(
    client: "Client", integration: str, filters: RegistrationFilters = ALL, count: int | None = None
) -> int:
    """Takes back what was registered, all of it without a filter; answers how many items that were.

    Raises `Refused` with the code `changed` if they are not as many as `count`.
    """
    query = {**_query(filters), "ifCount": count}
    return client.ask(RegistrationsRemoved, "DELETE", _of(integration), query=query).removed


def _query(filters: RegistrationFilters) -> dict[str, str | None]:
    return {"dataType": filters.of_list, "url": filters.url}


def _of(integration: str) -> str:
    return f"cloud-integrations/{integration}/registrations"
