"""What a change of an object with an ownership key is, and what it does beside what it says."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.lifecycle.reconciler import (
    NO_NAMES,
    Change,
    Context,
    Prior,
    Properties,
    Reconciler,
)
from pulumi_encord_integrations.lifecycle.snapshot import Snapshot
from pulumi_encord_integrations.model.base import Received, Sent
from pulumi_encord_integrations.model.identity import DeclaredAs
from pulumi_encord_integrations.model.marks import IMMUTABLE, SECRET, SHARED, STABLE
from pulumi_encord_integrations.model.marks import marked as marked_fields
from pulumi_encord_integrations.model.text import uuid_in
from pulumi_encord_integrations.reconcilers.living import Declared, Directory, Kind, Living, arrow, changed

V = TypeVar("V")

_TAKEN = "Take it out of this program, or adopt it back with adopt and adopt_from"
_RELEASED = {
    False: "was released: no stack declares it. The next change adopts it again",
    True: "was released: this update adopts it again, so destroying it will leave it alone",
}
_REFRESH = "Run `pulumi refresh`, which takes it out of the state"


class ChangedObjects(Reconciler, Generic[V]):
    """The part of their reconciler that compares, and foresees what a change does."""

    fields: frozenset[str]
    """Inputs that are settings of the object."""
    named_by: ClassVar[str]
    """The input that people know it by."""
    kind_of_object: Kind

    def __init__(self, spec: type[Sent], view: type[Received], apart: frozenset[str] = frozenset()) -> None:
        self.spec = spec
        self.stable = marked_fields(view, STABLE)
        self.apart = apart
        self.replaces = spec.marked(IMMUTABLE)
        self.secrets = spec.marked(SECRET)
        self.shared = spec.marked(SHARED)
        self.fields = frozenset(spec.model_fields) - apart
        self.optional = frozenset(name for name in self.fields if not spec.model_fields[name].is_required())

    @abstractmethod
    def title(self, properties: Any) -> str:
        """Its name for people."""

    @abstractmethod
    def living(self, view: V) -> Living:
        """An object of the listing, as a declaration is compared with it."""

    @abstractmethod
    def views(self, snapshot: Snapshot, stack: str | None) -> Iterable[V] | None:
        """All objects of the kind, as they are answered to a stack; None if that is not known."""

    def directory(self, snapshot: Snapshot, stack: str | None) -> Directory | None:
        """All objects of the kind, as they are answered to a stack."""

        def make() -> Directory | None:
            views = self.views(snapshot, stack)
            return None if views is None else Directory(map(self.living, views), stack)

        return snapshot.memo(f"directory of {self.kind_of_object.called}s for {stack}", make)

    def comparable(self, properties: Properties) -> Properties:
        """The settings, and the declaration without its mere names."""
        known = {name: value for name, value in self.written(properties).items() if value is not None}
        settings = {name: known.get(name, self._default(name)) for name in self.fields}
        declared = properties.get("declared_as")
        if isinstance(declared, Mapping):
            declared = {name: declared.get(name) for name in ("stack_id", "path")}
        # A state of before knows no force_destroy.
        forced = {"force_destroy": properties.get("force_destroy") or False}
        return {**settings, **forced, "declared_as": declared}

    def compare(self, before: Properties, after: Properties) -> Iterator[Change]:
        """What is left out of an adopted object stays as it lives."""
        left = self.fields.difference(after) if before.get("adopted") else NO_NAMES
        return (change for change in super().compare(before, after) if change.name not in left)

    def _default(self, name: str) -> Any:
        """The default of a setting; None of one that must be given."""
        return self.spec.model_fields[name].get_default() if name in self.optional else None

    def _left_alone(self, inputs: Properties, unknown: frozenset[str] = NO_NAMES) -> frozenset[str]:
        """Secrets that are not declared: a refresh drops them where others set new ones."""
        return self.secrets.difference(inputs, unknown)

    def foresee(
        self, context: Context, prior: Prior, inputs: Properties, changes: Sequence[Change]
    ) -> Iterator[str]:
        """Refuses what the API would, and tells what a change does to others."""
        all_ = self.directory(context.snapshot, stack_of(prior.outputs) or stack_of(inputs))
        if all_ is None or prior.id in context.made:
            return
        one, label = all_.by_uuid.get(prior.id), _label(prior.outputs)
        replaced = [change.name for change in changes if change.forces_replacement]
        lost = self._lost(context.snapshot, prior, one, inputs)
        if one is None or lost:
            if changes and not replaced and not (one is None and context.snapshot.may_miss()):
                raise Refused(f"{label}: {lost}")
            yield f"{label}: {lost}"
            return
        if changes and not self.kind_of_object.administers(context, one.view):
            hint = self.kind_of_object.ask
            raise Refused(f'{label}: you may not change "{one.title}" ({one.uuid})', hint=hint)
        if replaced:
            told = self.replacing(context, prior, one, inputs, replaced)
        else:
            told = self._updating(prior, one, inputs, changes)
        for text in told:
            yield f"{label}: {text}"

    def _lost(self, snapshot: Snapshot, prior: Prior, one: Living | None, inputs: Properties) -> str:
        """Why a stack can no longer change an object, and what to do; empty if it can."""
        if one is None:
            return f"{prior.id} is gone, or you may not see it any more. {_REFRESH}"
        owner, mine = one.view.declared_as, stack_of(prior.outputs)
        if owner is None or mine is None:
            return ""
        if one.view.declared_here is None:
            return (
                f"the API is older than this package and does not tell whose {one.uuid} is. Upgrade it first"
            )
        # An update that moved the declaration may have been interrupted before the state was written.
        for stack in dict.fromkeys((mine, stack_of(inputs))):
            known = self.directory(snapshot, stack)
            if known and known.declares(one.uuid):
                return ""
        return f'"{one.title}" ({one.uuid}) is declared by {owner.where} by now. {_TAKEN}'

    def _updating(
        self, prior: Prior, one: Living, inputs: Properties, changes: Sequence[Change]
    ) -> Iterator[str]:
        """What an update, or none, means to an object that the stack still has."""
        if one.view.declared_as is None:
            yield _RELEASED[bool(changes)]
        if changes:
            yield from self._drift(prior, one, inputs, changes)

    def _drift(
        self, prior: Prior, one: Living, inputs: Properties, changes: Sequence[Change]
    ) -> Iterator[str]:
        """What others changed, and the whole declaration takes back."""
        told = {change.name for change in changes}
        absent = self.fields - self.secrets - self.shared - inputs.keys()
        adopted = prior.outputs.get("adopted")
        left: Properties = {} if adopted else {name: self._default(name) for name in absent}
        for name, now, wanted in changed(one, {**left, **inputs}):
            if name not in told:
                yield f"also takes back {arrow(name, now, wanted)}"

    def replacing(
        self, context: Context, prior: Prior, one: Living, inputs: Properties, names: Sequence[str]
    ) -> Iterator[str]:
        """What goes with an object that is replaced; raises `Refused` for what must not go unseen."""
        yield from ()


def declared_as(properties: Properties) -> DeclaredAs | None:
    """The declaration that inputs or outputs hold."""
    value = properties.get("declared_as")
    return DeclaredAs.model_validate(value) if value else None


def stack_of(properties: Properties) -> str | None:
    """The identity of the stack that inputs or outputs are declared in, if it is known."""
    declared = properties.get("declared_as")
    stack = declared.get("stack_id") if isinstance(declared, Mapping) else None
    return uuid_in(stack) if isinstance(stack, str) else None


def declaration(view: Declared, outputs: Properties) -> Properties:
    """The declaration that a read keeps: the live one, unless it is another stack's by now."""
    mine = stack_of(outputs)
    if mine is None:
        return {}
    if view.declared_as is not None and view.declared_here:
        return {"declared_as": {"stack_id": mine, **view.declared_as.model_dump(mode="json")}}
    return {"declared_as": outputs["declared_as"]}


def _label(properties: Properties) -> str:
    declared = declared_as(properties)
    return declared.label if declared else "the resource"
