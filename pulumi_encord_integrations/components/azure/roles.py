"""The roles of an application, which the components of a program share.

Azure takes one assignment of a role to a principal at a scope. An account has many containers and the API one
application, so that two components need the same one: it is declared once, and apart from both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import pulumi

from pulumi_encord_integrations.components.azure.sdk import RoleAssignment
from pulumi_encord_integrations.model.policies.azure import DELEGATOR, READER, WRITER, AzureRoleAssignment
from pulumi_encord_integrations.model.text import uuid_in

_SHORT = {READER: "reader", WRITER: "writer", DELEGATOR: "delegator"}


@dataclass(frozen=True)
class _Shared:
    """What the components of one run share."""

    resources: dict[str, RoleAssignment] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """Name of an assignment -> whoever declares it."""


_OF_RUNS: WeakKeyDictionary[Any, _Shared] = WeakKeyDictionary()
"""By root resource: a second preview or update in one process has another."""


@dataclass(frozen=True)
class AzureRoleMaker:
    """Makes the role assignments that one component needs."""

    label: str
    """What an error is about."""
    name: str
    """Of the component."""
    component: pulumi.Resource
    place: Sequence[Any]
    """Storage account, container and principal, as the program gives them."""
    assignments: pulumi.Output[Sequence[AzureRoleAssignment]]
    """What is to be assigned, once it is known."""
    principal_id: pulumi.Output[str]
    opts: pulumi.ResourceOptions

    def make(self, *, writable: bool) -> list[RoleAssignment]:
        """The roles in the container and at its account."""
        account, container, principal = self.place
        whole = self._role(0, WRITER if writable else READER, (account, container, principal))
        return [whole, self._role(1, DELEGATOR, (account, principal))]

    def _role(self, index: int, role: str, parts: Sequence[Any]) -> RoleAssignment:
        name = f"{self.name}-{_SHORT[role]}"
        if not all(isinstance(part, str) for part in parts):
            return self._assignment(index, name, self.label, pulumi.ResourceOptions(parent=self.component))
        shared = _shared().resources
        ours = f"encord-{_SHORT[role]}-{'-'.join(_canonical(parts))}"
        if ours not in shared:
            # Where one of the parts was no plain text before, it was the component's own.
            before = pulumi.Alias(name=name, parent=self.component)
            provider = self.component.get_provider("azure-native:authorization:RoleAssignment")
            opts = pulumi.ResourceOptions(provider=provider, aliases=[before])
            shared[ours] = self._assignment(index, ours, ours, opts)
        return shared[ours]

    def _assignment(self, index: int, name: str, owner: str, opts: pulumi.ResourceOptions) -> RoleAssignment:
        assigned = self.assignments.apply(lambda known: self._claimed(known[index], owner))
        return RoleAssignment(
            name,
            role_assignment_name=assigned.apply(lambda one: one.name),
            role_definition_id=assigned.apply(lambda one: one.role_definition_id),
            scope=assigned.apply(lambda one: one.scope),
            principal_id=self.principal_id,
            # Of one that was made a moment ago Azure may not know it yet.
            principal_type="ServicePrincipal",
            opts=pulumi.ResourceOptions.merge(self.opts, opts),
        )

    def _claimed(self, one: AzureRoleAssignment, owner: str) -> AzureRoleAssignment:
        first = _shared().owners.setdefault(one.name, owner)
        if first != owner:
            raise pulumi.RunError(
                f"{self.label}: {first} declares the role {one.role} at {one.scope} already; they share it "
                "where storage_account, container and principal_id are plain text in both"
            )
        return one


def _canonical(parts: Sequence[str]) -> Iterator[str]:
    yield from parts[:-1]
    yield uuid_in(parts[-1]) or parts[-1]


def _shared() -> _Shared:
    return _OF_RUNS.setdefault(pulumi.runtime.get_root_resource(), _Shared())
