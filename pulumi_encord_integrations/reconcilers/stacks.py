"""The identity of a stack: tells its objects from those of any other stack, and which API it belongs to."""

from collections.abc import Callable
from uuid import uuid4

from pulumi_encord_integrations.client.errors import NoCredentials, Unavailable
from pulumi_encord_integrations.reconcilers.base import NOTHING, UNKNOWN, Bag, Checked, Context, Live, Things
from pulumi_encord_integrations.reconcilers.session import Session, require_same
from pulumi_encord_integrations.reconcilers.warnings import notice


class StackReconciler:
    """Has no remote half: an id made once, with the organization it was made in."""

    replaces: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    shares = False

    def check(self, known: Bag, unknown: frozenset[str], context: Context = UNKNOWN) -> Checked:
        """There are no inputs."""
        return Checked({})

    def comparable(self, properties: Bag) -> Bag:
        """Never changes."""
        return {}

    def things(self, id_: str, properties: Bag) -> frozenset[str]:
        """The identity itself."""
        return frozenset({id_})

    def ends(self, id_: str, outputs: Bag) -> None:
        """Nobody."""

    def verify(self, found: Callable[[], str], outputs: Bag) -> None:
        """Refuses another organization; an API out of reach is a warning, so that previews work."""
        try:
            require_same(outputs.get("organization"), found())
        except (Unavailable, NoCredentials) as error:
            notice(str(error))

    def create(self, session: Session, inputs: Bag) -> Live:
        """A new identity."""
        return Live(str(uuid4()), {}, _outputs(session))

    def read(self, session: Session, id_: str, outputs: Bag) -> Live | None:
        """The same, if the organization still is."""
        session.require(outputs.get("organization"))
        return Live(id_, {}, {**outputs, **_outputs(session)})

    def update(self, session: Session, id_: str, outputs: Bag, inputs: Bag, living: Things = NOTHING) -> Live:
        """Never asked for."""
        return Live(id_, {}, outputs)

    def delete(self, session: Session, id_: str, outputs: Bag, living: Things = NOTHING) -> None:
        """Nothing to do."""


def _outputs(session: Session) -> Bag:
    return {"endpoint": session.client.endpoint, "organization": session.organization.uuid}
