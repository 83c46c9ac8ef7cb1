"""The lifecycle of every resource over its reconciler, and every invariant of it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from types import MappingProxyType
from uuid import uuid4

from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.lifecycle.ownership import Ownership
from pulumi_encord_integrations.lifecycle.reconciler import (
    LABEL,
    Change,
    Checked,
    Context,
    Live,
    Prior,
    Properties,
    Reconciler,
)
from pulumi_encord_integrations.lifecycle.session import Session, unless_gone
from pulumi_encord_integrations.lifecycle.snapshot import OFFLINE, Snapshot
from pulumi_encord_integrations.lifecycle.warnings import note, some, warn

NOTHING_KNOWN: Properties = MappingProxyType({})
GENERATION = "incarnation"
"""The output that tells a resource from earlier owners of the same thing; states hold it by this name."""


class Lifecycle:
    """Inputs and outputs hold no unknowns; `NOT_KNOWN_YET` stands for one in `check` and `diff`.

    `connect` makes the session, which may make a key or a database: only a call that writes or refreshes asks
    for it. `check` and `diff` ask the snapshot, which only reads.
    """

    def __init__(
        self,
        reconciler: Reconciler,
        ownership: Ownership,
        connect: Callable[[], Session],
        snapshot: Callable[[], Snapshot] = lambda: OFFLINE,
        note: Callable[[str], None] = note,
    ) -> None:
        self.reconciler = reconciler
        self.ownership = ownership
        self.connect = connect
        self.snapshot = snapshot
        self.note = note

    def check(
        self,
        before: Properties,
        known: Properties,
        partial: Properties = NOTHING_KNOWN,
        program: Properties = NOTHING_KNOWN,
    ) -> Checked:
        """All problems at once, and notes of what the inputs will do to others.

        `partial` are the inputs that come later, wholly or in part.
        """
        context = self._context(before, partial, program)
        context.snapshot.require(before.get("organization"))
        self._tell(None, _rights_not_checked(context.snapshot))
        checked = self.reconciler.check(known, frozenset(partial), context)
        self.ownership.declare(self.reconciler.resource_keys("", checked.inputs) | checked.declares)
        if not checked.problems:
            self._tell(program.get(LABEL), checked.notes)
        return checked

    def _context(
        self,
        before: Properties = NOTHING_KNOWN,
        partial: Properties = NOTHING_KNOWN,
        program: Properties = NOTHING_KNOWN,
    ) -> Context:
        ownership = self.ownership
        return Context(before, ownership.declared(), ownership.made(), self.snapshot(), partial, program)

    def _tell(self, label: str | None, notes: Iterable[str]) -> None:
        for text in notes:
            self.note(f"{label}: {text}" if label else text)

    def diff(self, id_: str, outputs: Properties, inputs: Properties) -> list[Change]:
        """What an update would change; raises `Refused` for what must not be done."""
        context = self._context()
        context.snapshot.require(outputs.get("organization"))
        self._own(id_, outputs)
        self.ownership.declare(self.reconciler.remembered(Prior(id_, outputs)))
        changes = list(self.reconciler.compare(outputs, inputs))
        self._tell(None, self.reconciler.foresee(context, Prior(id_, outputs), inputs, changes))
        if not any(change.forces_replacement for change in changes):
            self.ownership.declare(self.reconciler.resource_keys(id_, {}))
        return changes

    def create(self, inputs: Properties) -> Live:
        """Every create is a new generation, also of an object that it finds."""
        named, generation = self.reconciler.resource_keys("", inputs), uuid4().hex
        # Before it is so, since an update beside this one might take away what this one grants.
        self.ownership.own(named, generation)
        try:
            session = self.connect()
            with _writing(session):
                live = self.reconciler.create(session, inputs)
            managed = _managed(session, live, generation)
        except BaseException:
            self.ownership.release(named, generation)
            raise
        self._own(live.id, managed.outputs)
        self.ownership.make(live.id)
        return managed

    def read(self, id_: str, outputs: Properties) -> Live | None:
        """As it is now; None only if that very object is gone."""
        self._own(id_, outputs)
        session, prior = self._session_of(outputs), Prior(id_, outputs)
        live = unless_gone(self.reconciler.gone, lambda: self.reconciler.read(session, prior))
        return None if live is None else _managed(session, live, outputs.get(GENERATION))

    def update(self, id_: str, outputs: Properties, inputs: Properties) -> Live:
        """Applies changed inputs in place; the generation stays."""
        keys, generation = self.reconciler.resource_keys, outputs.get(GENERATION)
        before = keys(id_, outputs)
        self.ownership.own(before | keys("", inputs), generation)
        session = self._session_of(outputs)
        with self.ownership.locked() if self.reconciler.shares else nullcontext(), _writing(session):
            prior = Prior(id_, outputs, self.ownership.owned_elsewhere(before, generation))
            live = self.reconciler.update(session, prior, inputs)
        managed = _managed(session, live, generation)
        after = keys(id_, managed.outputs)
        self.ownership.own(after, generation)
        self.ownership.release(before - after, generation)
        return managed

    def delete(self, id_: str, outputs: Properties) -> None:
        """Deletes, unless all of it lives on as another resource's, or is to be kept."""
        keys = self.reconciler.resource_keys(id_, outputs)
        elsewhere = self.ownership.owned_elsewhere(keys, outputs.get(GENERATION))
        prior = Prior(id_, outputs, elsewhere, self.ownership.declared())
        if keys and keys == prior.owned_elsewhere:
            return
        self._require_no_member_declared(prior)
        session = self._session_of(outputs)
        if outputs.get("on_delete") == "keep":
            if kept := self.reconciler.kept(session, prior):
                warn(f'{kept}: on_delete="keep"')
            return
        with _writing(session):
            unless_gone(self.reconciler.gone, lambda: self.reconciler.delete(session, prior))

    def _session_of(self, outputs: Properties) -> Session:
        """The session, if it leads to the object's organization; one that is only looked up has none yet."""
        session = self.connect()
        session.require(outputs.get("organization"))
        return session

    def _own(self, id_: str, outputs: Properties) -> None:
        self.ownership.own(self.reconciler.resource_keys(id_, outputs), outputs.get(GENERATION))

    def _require_no_member_declared(self, prior: Prior) -> None:
        who = self.reconciler.revokes_access_of(prior)
        declared = self.ownership.declared() if who else ()
        holders = [str(key.holder) for key in declared if key.kind == "membership" and key.part == who]
        if holders:
            raise Refused(
                f"{prior.id} is still declared as a member of {some(sorted(holders))}",
                hint="Take that out as well: deleting ends all access, an individual Admin's too",
            )


def _rights_not_checked(snapshot: Snapshot) -> Iterator[str]:
    """Says once in a run what a credential that only reads cannot know."""
    if not snapshot.only_reads() or not snapshot.once("rights are not checked"):
        return
    user = snapshot.user()
    yield (
        f"previewed with a read-only credential of {user}: the rights of the identity that deploys are not "
        "checked"
    )
    if not snapshot.sees_all_members():
        yield (
            f"{user} is no auditor and sees members only where it is an Admin: elsewhere this compares "
            f"access with the state alone, and may miss who loses it. Make {user} an auditor to see all"
        )


def _managed(session: Session, live: Live, generation: str | None) -> Live:
    """With what the state says of every resource."""
    outputs = dict(live.outputs)
    if outputs.get("organization") is None:
        outputs["organization"] = session.organization.uuid
    if generation:
        outputs[GENERATION] = generation
    return Live(live.id, live.inputs, outputs)


@contextmanager
def _writing(session: Session) -> Iterator[None]:
    """Whether it succeeds or not: what was read before may no longer be so."""
    try:
        yield
    finally:
        session.invalidate()
