"""The lifecycle of every resource over its reconciler, and every invariant of it."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from uuid import uuid4

from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.lifecycle.ownership import Ownership
from pulumi_encord_integrations.lifecycle.reconciler import (
    Change,
    Checked,
    Context,
    Live,
    Properties,
    Reconciler,
)
from pulumi_encord_integrations.lifecycle.session import Session, unless_gone
from pulumi_encord_integrations.lifecycle.warnings import some, warn

GENERATION = "incarnation"
"""The output that tells a resource from earlier owners of the same thing; states hold it by this name."""


class Lifecycle:
    """Inputs and outputs are without unknowns, but for the inputs of `check` and `diff`."""

    def __init__(self, reconciler: Reconciler, ownership: Ownership) -> None:
        self.reconciler = reconciler
        self.ownership = ownership

    def check(self, before: Properties, known: Properties, unknown: frozenset[str]) -> Checked:
        """All problems at once, offline."""
        checked = self.reconciler.check(known, unknown, Context(before, self.ownership.declared()))
        self.ownership.declare(self.reconciler.resource_keys("", checked.inputs))
        return checked

    def diff(self, id_: str, outputs: Properties, inputs: Properties) -> list[Change]:
        """What an update would change."""
        self._own(id_, outputs)
        changes = list(self.reconciler.compare(outputs, inputs))
        if not any(change.forces_replacement for change in changes):
            self.ownership.declare(self.reconciler.resource_keys(id_, {}))
        return changes

    def create(self, session: Session, inputs: Properties) -> Live:
        """Every create is a new generation, also of an object that it finds."""
        named, generation = self.reconciler.resource_keys("", inputs), uuid4().hex
        # Before it is so, since an update beside this one might take away what this one grants.
        self.ownership.own(named, generation)
        try:
            with _writing(session):
                live = self.reconciler.create(session, inputs)
        except BaseException:
            self.ownership.release(named, generation)
            raise
        return self._managed(session, live, generation)

    def read(self, session: Session, id_: str, outputs: Properties) -> Live | None:
        """As it is now; None only if that very object is gone."""
        self._own(id_, outputs)
        session.require(outputs.get("organization"))
        live = unless_gone(self.reconciler.gone, lambda: self.reconciler.read(session, id_, outputs))
        return None if live is None else self._managed(session, live, outputs.get(GENERATION))

    def update(self, session: Session, id_: str, outputs: Properties, inputs: Properties) -> Live:
        """All outputs, since the engine forgets those that are left out."""
        keys, generation = self.reconciler.resource_keys, outputs.get(GENERATION)
        before = keys(id_, outputs)
        self.ownership.own(before | keys("", inputs), generation)
        session.require(outputs.get("organization"))
        with self.ownership.locked() if self.reconciler.shares else nullcontext(), _writing(session):
            elsewhere = self.ownership.owned_elsewhere(before, generation)
            live = self.reconciler.update(session, id_, outputs, inputs, elsewhere)
        managed = self._managed(session, live, generation)
        self.ownership.release(before - keys(id_, managed.outputs), generation)
        return managed

    def delete(self, session: Session, id_: str, outputs: Properties) -> None:
        """Deletes, unless all of it lives on as another resource's, or is to be kept."""
        keys = self.reconciler.resource_keys(id_, outputs)
        elsewhere = self.ownership.owned_elsewhere(keys, outputs.get(GENERATION))
        if elsewhere and elsewhere == keys:
            return
        self._require_no_member_declared(id_, outputs)
        session.require(outputs.get("organization"))
        if outputs.get("on_delete") == "keep":
            if kept := self.reconciler.kept(session, id_, outputs):
                warn(f'{kept}: on_delete="keep"')
            return
        with _writing(session):
            unless_gone(
                self.reconciler.gone, lambda: self.reconciler.delete(session, id_, outputs, elsewhere)
            )

    def _own(self, id_: str, outputs: Properties) -> None:
        self.ownership.own(self.reconciler.resource_keys(id_, outputs), outputs.get(GENERATION))

    def _managed(self, session: Session, live: Live, generation: str | None) -> Live:
        outputs = dict(live.outputs)
        if outputs.get("organization") is None:
            outputs["organization"] = session.organization.uuid
        if generation:
            outputs[GENERATION] = generation
        self._own(live.id, outputs)
        return Live(live.id, live.inputs, outputs)

    def _require_no_member_declared(self, id_: str, outputs: Properties) -> None:
        who = self.reconciler.revokes_access_of(id_, outputs)
        declared = self.ownership.declared() if who else ()
        holders = [str(key.holder) for key in declared if key.kind == "membership" and key.part == who]
        if holders:
            raise Refused(
                f"{id_} is still declared as a member of {some(sorted(holders))}",
                hint="Take that out as well: deleting ends all access, an individual Admin's too",
            )


@contextmanager
def _writing(session: Session) -> Iterator[None]:
    """Whether it succeeds or not: what was read before may no longer be so."""
    try:
        yield
    finally:
        session.invalidate()
