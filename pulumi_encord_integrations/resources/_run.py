"""What belongs to one run of a program."""

from dataclasses import dataclass, field

import pulumi

from pulumi_encord_integrations.lifecycle.ownership import Ownership

_ATTRIBUTE = "_encord_run"


@dataclass
class Run:
    """One preview or update of one program."""

    ownership: Ownership = field(default_factory=Ownership)
    """Owners are claims; of a user of the organization, the resource."""
    identity: pulumi.Resource | None = None
    """The stack's identity, once a resource has needed it."""


def current() -> Run:
    """The run of the program that calls."""
    # On the root resource, since a second preview or update in one process has another root.
    root = pulumi.runtime.get_root_resource()
    run: Run | None = getattr(root, _ATTRIBUTE, None)
    if run is None:
        run = Run()
        setattr(root, _ATTRIBUTE, run)
    return run
