"""The identity of a stack: tells its objects from those of any other stack, and which API it belongs to."""

from uuid import uuid4

from pulumi_encord_integrations.lifecycle.ownership import ResourceKeys, named
from pulumi_encord_integrations.lifecycle.reconciler import Live, Prior, Properties, Reconciler
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.model.base import Sent


class StackReconciler(Reconciler):
    """Has no inputs and no remote half: an id made once, with the organization it was made in."""

    spec = Sent

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The identity itself."""
        return named("object", id_)

    def create(self, session: Session, inputs: Properties) -> Live:
        """A new identity."""
        return Live(str(uuid4()), {}, _outputs(session))

    def read(self, session: Session, prior: Prior) -> Live | None:
        """The same, at the address where it was read."""
        return Live(prior.id, {}, {**prior.outputs, **_outputs(session)})


def _outputs(session: Session) -> Properties:
    return {"endpoint": session.client.endpoint, "organization": session.organization.uuid}
