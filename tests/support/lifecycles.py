"""Reconcilers under their lifecycle, each call as a run of its own."""

from pulumi_encord_integrations.lifecycle.core import Lifecycle
from pulumi_encord_integrations.lifecycle.ownership import NOTHING, Ownership, ResourceKey, ResourceKeys
from pulumi_encord_integrations.lifecycle.reconciler import Live, Properties, Reconciler
from pulumi_encord_integrations.lifecycle.session import Session


class Managed:
    """Calls as the engine makes them; another resource owns what is `owned_elsewhere`."""

    def __init__(self, reconciler: Reconciler) -> None:
        self.reconciler = reconciler

    def create(self, session: Session, inputs: Properties) -> Live:
        return self._lifecycle(session).create(inputs)

    def read(self, session: Session, id_: str, outputs: Properties) -> Live | None:
        return self._lifecycle(session).read(id_, outputs)

    def update(
        self,
        session: Session,
        id_: str,
        outputs: Properties,
        inputs: Properties,
        owned_elsewhere: ResourceKeys = NOTHING,
    ) -> Live:
        return self._lifecycle(session, owned_elsewhere).update(id_, outputs, inputs)

    def delete(
        self, session: Session, id_: str, outputs: Properties, owned_elsewhere: ResourceKeys = NOTHING
    ) -> None:
        self._lifecycle(session, owned_elsewhere).delete(id_, outputs)

    def _lifecycle(self, session: Session, owned_elsewhere: ResourceKeys = NOTHING) -> Lifecycle:
        ownership = Ownership()
        ownership.own(owned_elsewhere, "another")
        return Lifecycle(self.reconciler, ownership, lambda: session)


def member(holder: object, *principals: str) -> ResourceKeys:
    """The keys of memberships."""
    return frozenset(ResourceKey("membership", holder, principal) for principal in principals)
