"""What an API holds, for reconcilers that ask a snapshot: views as a listing answers them."""

from collections.abc import Mapping
from typing import Any

from pulumi_encord_integrations.lifecycle.snapshot import Snapshot
from pulumi_encord_integrations.model.groups import DeclaredGroup
from pulumi_encord_integrations.model.integration_registry import view_of
from pulumi_encord_integrations.model.integrations import IntegrationView
from pulumi_encord_integrations.model.members import Roles
from tests.unit.reconcilers.fake_api import FakeApi, read_by

USER = "ada@example.com"


class Held(Snapshot):
    """Knows these integrations, their members and groups; whatever else is asked is not known."""

    def __init__(self) -> None:
        self._api = FakeApi()
        self._roles: dict[str, Roles] = {}
        self.crews: dict[str, DeclaredGroup] = {}

    def add(self, roles: Roles | None = None, **fields: Any) -> str:
        """One more integration, by the names of the wire."""
        uuid = self._api.add(**{"registrations": 0, **fields})
        if fields.get("role", "admin") == "admin":
            self._roles[uuid] = roles or {USER: "admin"}
        return uuid

    def change(self, uuid: str, **fields: Any) -> None:
        """As somebody else changes it."""
        self._api.rows[uuid] |= fields

    def view(self, uuid: str, stack: str | None = None) -> IntegrationView:
        return view_of(read_by(stack, self._api.rows[uuid]))

    def user(self) -> str | None:
        return USER

    def integrations(self, stack: str | None = None) -> Mapping[str, IntegrationView] | None:
        return {uuid: self.view(uuid, stack) for uuid in self._api.rows}

    def roles(self, integration: str) -> Roles | None:
        return self._roles.get(integration)

    def groups(self, stack: str | None = None) -> Mapping[str, DeclaredGroup] | None:
        return self.crews

    def last_write(self, noun: str, uuid: str) -> str:
        return f"bea@example.com of {noun}"
