"""Service accounts over the wire."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.service_accounts import ServiceAccountSpec, ServiceAccountView

if TYPE_CHECKING:
    # A program only declares: it need not load what speaks HTTP.
    from pulumi_encord_integrations.client.client import Client

_PATH = "organisation/service-accounts"


def listing(client: "Client") -> list[ServiceAccountView]:
    """All service accounts, by name; raises `NotAllowed` for who neither administers nor audits."""
    return client.get(_PATH, Page[ServiceAccountView]).results


def read(client: "Client", name: str) -> ServiceAccountView:
    """One service account; raises `NotFound`."""
    return client.get(_of(name), ServiceAccountView)


def add(client: "Client", spec: ServiceAccountSpec) -> ServiceAccountView:
    """Makes a service account; raises `Refused` with code `service_account_exists`."""
    return client.ask(ServiceAccountView, "POST", _PATH, body=spec.to_wire(only_given=True))


def change(client: "Client", name: str, changes: Mapping[str, Any]) -> ServiceAccountView:
    """Applies camelCase changes."""
    return client.ask(ServiceAccountView, "PATCH", _of(name), body=dict(changes))


def remove(client: "Client", name: str) -> None:
    """Removes it with all its access and keys; raises `NotFound`, `Refused`."""
    client.call("DELETE", _of(name))


def _of(name: str) -> str:
    return f"{_PATH}/{quote(name, safe='')}"
