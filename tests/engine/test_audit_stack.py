"""The audit trail tells which stack each change comes from, on the real engine."""

from pulumi_encord_integrations.client import audit
from pulumi_encord_integrations.model.audit import AuditFilters
from tests.support.engine import Project


def test_every_change_of_a_stack_is_told_as_its_own_also_when_it_is_destroyed(project: Project) -> None:
    """Fails if Pulumi hands requests over in another way: see `urn_asked_about`."""
    project.declare('aws("prod")')
    project.up()
    project.destroy()
    made = [(entry.action, entry.stack) for entry in audit.entries(project.api(), AuditFilters())]
    assert made[:2] == [("integration.deleted", "toy/dev"), ("integration.create", "toy/dev")]
