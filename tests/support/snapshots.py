"""A snapshot that knows what a test says, and nothing else."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, TypeVar

from pulumi_encord_integrations.lifecycle.snapshot import Snapshot
from pulumi_encord_integrations.model.members import Roles
from pulumi_encord_integrations.model.service_accounts import ServiceAccountView

T = TypeVar("T")


class Known(Snapshot):
    """Integrations are uuid -> (title, the caller's role), groups uuid -> name; None is not known."""

    def __init__(
        self,
        integrations: Mapping[str, tuple[str, str | None]] | None = None,
        roles: Mapping[str, Roles] | None = None,
        users: Mapping[str, str] | None = None,
        groups: Mapping[str, str] | None = None,
        in_groups: Mapping[str, frozenset[str]] | None = None,
        caller: tuple[str, str] | None = None,
        suspended: frozenset[str] = frozenset(),
        scope: str = "write",
        auditor: bool = False,
        accounts: Mapping[str, ServiceAccountView] | None = None,
        revoked: frozenset[str] = frozenset(),
        credential: str = "",
    ) -> None:
        self._integrations, self._roles = integrations, roles or {}
        self._users, self._groups, self._in_groups = users, groups, in_groups or {}
        self._caller, self._suspended = caller, suspended
        self._scope, self._auditor = scope, auditor
        self._accounts, self._revoked, self._credential = accounts, revoked, credential
        self._kept: dict[str, Any] = {}
        self.adopted = False
        self.asked: list[str] = []

    def caller(self) -> Any:
        """In the organization Acme."""
        self.asked.append("caller")
        if self._caller is None:
            return None
        email, role = self._caller
        return SimpleNamespace(
            uuid="acme",
            name="Acme",
            user_email=email,
            role=role,
            scope=self._scope,
            auditor=self._auditor,
            credential=self._credential,
        )

    def integrations(self, stack: str | None = None) -> Any:
        """With title and role alone; all are declared by some stack."""
        self.asked.append("integrations")
        if self._integrations is None:
            return None
        return {
            uuid: SimpleNamespace(uuid=uuid, title=title, role=role, adopted=self.adopted, declared_as={})
            for uuid, (title, role) in self._integrations.items()
        }

    def roles(self, integration: str) -> Roles | None:
        """Of those that the test knows the members of."""
        self.asked.append("roles")
        return self._roles.get(integration)

    def users(self) -> Mapping[str, str] | None:
        """E-mail -> role."""
        self.asked.append("users")
        return self._users

    def suspended(self) -> frozenset[str]:
        """Nobody, unless the test says so."""
        return self._suspended

    def service_accounts(self) -> Mapping[str, ServiceAccountView] | None:
        """By name."""
        return self._accounts

    def revoked_keys(self, email: str) -> frozenset[str]:
        """The same of whomever."""
        return self._revoked

    def memo(self, what: str, make: Callable[[], T]) -> T:
        """Made once, as in a run."""
        kept: T = self._kept.setdefault(what, make())
        return kept

    def groups(self, stack: str | None = None) -> Any:
        """With the name alone."""
        self.asked.append("groups")
        if self._groups is None:
            return None
        return {uuid: SimpleNamespace(group_hash=uuid, name=name) for uuid, name in self._groups.items()}

    def group_users(self, group: str) -> frozenset[str] | None:
        """Of those that the test knows the users of."""
        self.asked.append("group_users")
        return self._in_groups.get(group)
