"""The roles of an application, which the components of a program share.

Azure takes one assignment of a role to a principal at a scope. An account has many containers and the API one
application, so that two components need the same one: it is declared once, and apart from both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from pulumi_encord_integrations.components.azure.sdk import RoleAssignment
from pulumi_encord_integrations.model.policies.azure import DELEGATOR, READER, WRITER, AzureRoleAssignment
from pulumi_encord_integrations.model.text import uuid_in
from pulumi_encord_integrations.resources import _run


@dataclass(frozen=True)
class _SharedRole:
    """A role that components share, as the first of them declared it, and no other can change it."""

    assignment: RoleAssignment
    by: str
    """Who that was."""
    role: str
    protected: bool
    retained: bool


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
        """The roles in the container and at its account.

        Reading and writing are one resource, which is replaced. A second one would end with the update, after
        the access check, which would find what is being taken back. A role that writes comes before the one
        that it replaces ends, so that reading goes on.
        """
        account, container, principal = self.place
        in_place_of = pulumi.ResourceOptions(delete_before_replace=not writable)
        role = WRITER if writable else READER
        data = self._role(0, "data", role, (account, container, principal), in_place_of)
        return [data, self._role(1, "delegator", DELEGATOR, (account, principal))]

    def _role(
        self,
        index: int,
        kind: str,
        role: str,
        parts: Sequence[Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> RoleAssignment:
        name = f"{self.name}-{kind}"
        if not all(isinstance(part, str) for part in parts):
            own = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=self.component))
            return self._assignment(index, name, self.label, own)
        shared: dict[str, _SharedRole] = _run.current().shared
        ours = f"encord-{kind}-{'-'.join(_canonical(parts))}"
        # Pulumi has no public name for it; what a parent is protected by is in it.
        protected, retained = bool(self.component._protect), bool(self.opts.retain_on_delete)
        if ours not in shared:
            # Where one of the parts was no plain text before, it was the component's own.
            before = pulumi.Alias(name=name, parent=self.component)
            provider = self.component.get_provider("azure-native:authorization:RoleAssignment")
            apart = pulumi.ResourceOptions(provider=provider, aliases=[before], protect=protected)
            made = self._assignment(index, ours, ours, pulumi.ResourceOptions.merge(opts, apart))
            shared[ours] = _SharedRole(made, self.label, role, protected, retained)
        self._agree(shared[ours], role, protected=protected, retained=retained)
        return shared[ours].assignment

    def _agree(self, shared: _SharedRole, role: str, *, protected: bool, retained: bool) -> None:
        """Raises `RunError` where what is declared already does not suffice."""
        if shared.role != role:
            raise pulumi.RunError(
                f"{self.label}: writable is {role == WRITER}, and {role != WRITER} in another component with "
                "the same container and principal_id; they share one role, so it must be the same in both"
            )
        if shared.retained != retained:
            raise pulumi.RunError(
                f"{self.label}: retain_on_delete is {retained}, and {shared.retained} in {shared.by}; they "
                f"share the role {role}, so it must be the same in both"
            )
        if protected and not shared.protected:
            raise pulumi.RunError(
                f"{self.label}: protect is True, and not in {shared.by}, which declares the role {role} that "
                "both share; declare this one first, or protect both"
            )

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
        first = _run.current().owners.setdefault(f"role assignment {one.name}", owner)
        if first != owner:
            raise pulumi.RunError(
                f"{self.label}: {first} declares the role {one.role} at {one.scope} already; they share it "
                "where storage_account, container and principal_id are plain text in both"
            )
        return one


def _canonical(parts: Sequence[str]) -> Iterator[str]:
    yield from parts[:-1]
    yield uuid_in(parts[-1]) or parts[-1]
