"""What belongs to one run of a program."""

from dataclasses import dataclass, field
from typing import Any

import pulumi

from pulumi_encord_integrations.lifecycle.ownership import Ownership

_ATTRIBUTE = "_encord_run"


@dataclass(frozen=True)
class Gate:
    """A check that memberships wait for."""

    integration: Any
    """As the program names it: a resource, its id, or a plain uuid."""
    check: pulumi.Resource


@dataclass
class Run:
    """One preview or update of one program."""

    ownership: Ownership = field(default_factory=Ownership)
    """Owners are claims; of a user of the organization, the resource."""
    gates: list[Gate] = field(default_factory=list)
    """In the order of the program."""
    owners: dict[str, str] = field(default_factory=dict)
    """What only one component may do, in words such as `makes the bucket acme` -> the component that does.
    Also `role assignment UUID` -> the component, or the name of the shared resource, that declares it."""
    shared: dict[str, Any] = field(default_factory=dict)
    """Name of a resource that several components share -> what the first of them declared."""
    identity: pulumi.Resource | None = None
    """The stack's identity, once a resource has needed it."""

    def claim(self, who: str, does: str) -> None:
        """Raises `RunError` if another component does it already: each would undo what the other did."""
        owner = self.owners.setdefault(does, who)
        if owner != who:
            raise pulumi.RunError(f"{who}: {owner} {does} already")


def current() -> Run:
    """The run of the program that calls."""
    # On the root resource, since a second preview or update in one process has another root.
    root = pulumi.runtime.get_root_resource()
    run: Run | None = getattr(root, _ATTRIBUTE, None)
    if run is None:
        run = Run()
        setattr(root, _ATTRIBUTE, run)
    return run
