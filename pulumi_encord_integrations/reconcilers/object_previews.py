"""What previews of objects with an ownership key check and tell: integrations and user groups."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar

from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKeys
from pulumi_encord_integrations.lifecycle.reconciler import (
    NO_CONTEXT,
    NO_NAMES,
    Change,
    Checked,
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
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers.adoption import (
    Directory,
    Kind,
    Living,
    Meant,
    adoptable,
    arrow,
    changed,
    examined,
)

V = TypeVar("V")

PLACEMENT = ("adopt", "adopts", "adopt_from", "force_destroy", "declared_as")
"""Inputs beside the settings. `adopts` is added by the check: the uuid of what is adopted."""
_MADE_BEFORE = "an earlier, interrupted update made it"
_LOST = "a stack of the same name, whose state may be lost, declares it at the same place"
_TAKE = "adopt=True takes one over"
_REFRESH = "Run `pulumi refresh`, which takes it out of the state"


class PreviewedObjects(Reconciler, Generic[V]):
    """The part of their reconciler that reads alone."""

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

    @abstractmethod
    def title(self, properties: Any) -> str:
        """Its name for people."""

    @abstractmethod
    def living(self, view: V) -> Living:
        """An object of the listing, as a declaration is compared with it."""

    @abstractmethod
    def views(self, snapshot: Snapshot) -> Iterable[V] | None:
        """All objects of the kind; None if that is not known."""

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Validates against the spec; of an object that exists, a secret that is left out is left alone."""
        placement, misplaced = examined({name: known[name] for name in PLACEMENT if name in known})
        declared = {name: value for name, value in known.items() if name not in placement}
        problems = [*misplaced, *self._unpaired(declared, unknown, context.before)]
        left = self._left_alone(declared, unknown) if context.before else NO_NAMES
        spec, found = self.spec.examine(declared, unknown & self.fields | left, datetime.now(UTC))
        if spec is None or found or problems:
            return Checked(known, [*found, *problems])
        canonical = self.written(
            spec.model_dump(mode="json", exclude={*self.apart, *unknown, *left}, exclude_none=True)
        )
        given = {name: value for name, value in canonical.items() if name in spec.model_fields_set}
        meant = self.meant({**given, **placement}, unknown, context)
        adopted = meant.adopts or bool(placement.get("adopt") or context.before.get("adopts"))
        # What is left out of an adopted object stays as it lives.
        settings = given if adopted else canonical
        inputs = {**settings, **placement, **self._carried_along(meant, context)}
        return Checked(inputs, list(meant.problems), meant.notes, self.beside(inputs, context))

    def meant(self, inputs: Properties, unknown: frozenset[str], context: Context) -> Meant:
        """The living object that these inputs mean, as far as that is known."""
        all_ = self.directory(context.snapshot)
        if all_ is None:
            return Meant()
        place = inputs.get("declared_as", context.partial.get("declared_as"))
        if before := context.before:
            same = {name: before[name] for name in self.replaces & before.keys()}
            own = all_.declared(before.get("declared_as", place), same)
            return Meant(own, adopts=own is not None and own.view.adopted)
        fixed = {name: inputs.get(name, self._default(name)) for name in self.replaces - unknown}
        own = all_.declared(place, {name: value for name, value in fixed.items() if value is not None})
        if own is not None:
            return Meant(own, own.view.adopted, notes=[f'"{own.title}" {own.uuid} exists: {_MADE_BEFORE}'])
        if not inputs.get("adopt"):
            others = all_.lookalikes(place, self.title(inputs))
            lost = f"is created anew, though {', '.join(others)} may be meant: {_LOST}. {_TAKE}"
            return Meant(notes=[lost] if others else [])
        if inputs["adopt"] is True and self.named_by in unknown:
            return Meant(notes=["what it adopts is known only during `up`"])
        asked = {**inputs, "declared_as": place}
        return adoptable(self.kind_of_object, context.snapshot, all_, self.title(inputs), asked)

    def directory(self, snapshot: Snapshot) -> Directory | None:
        """All objects of the kind."""

        def make() -> Directory | None:
            views = self.views(snapshot)
            return None if views is None else Directory(map(self.living, views))

        return snapshot.memo(f"directory of {self.kind_of_object.called}s", make)

    def _carried_along(self, meant: Meant, context: Context) -> Properties:
        """Outputs that are known already: what depends on them need not wait for the update."""
        before = context.before
        known = {name: before[name] for name in ("adopts", *self.stable) if name in before}
        if meant.living is not None:
            known |= meant.living.stable
            if meant.adopts:
                known["adopts"] = meant.living.uuid
        elif not before:
            known |= self.known_of_new(context.snapshot)
        return known

    def known_of_new(self, snapshot: Snapshot) -> Properties:
        """Outputs that are known of an object before it is made."""
        return {}

    def beside(self, inputs: Properties, context: Context) -> ResourceKeys:
        """What `foresee` is to know of the program."""
        return NOTHING

    def foresee(
        self, context: Context, prior: Prior, inputs: Properties, changes: Sequence[Change]
    ) -> Iterator[str]:
        """Refuses what the API would, and tells what a change does to others."""
        all_ = self.directory(context.snapshot)
        if all_ is None or prior.id in context.made:
            return
        one, label = all_.by_uuid.get(prior.id), _label(prior.outputs)
        replaced = [change.name for change in changes if change.forces_replacement]
        if one is None:
            if changes and not replaced:
                raise Refused(f"{label} ({prior.id}) is gone, or you may not see it any more", hint=_REFRESH)
            yield f"{label} ({prior.id}) is gone, or you may not see it any more. {_REFRESH}"
        elif changes and not self.kind_of_object.administers(context.snapshot, one.view):
            raise Refused(f'only its Admins may change "{one.title}" ({one.uuid})', hint="Ask one of them")
        elif replaced:
            for text in self.replacing(context, prior, one, replaced):
                yield f"{label}: {text}"
        elif changes:
            for text in self._drift(prior, one, inputs, changes):
                yield f"{label}: {text}"

    def _drift(
        self, prior: Prior, one: Living, inputs: Properties, changes: Sequence[Change]
    ) -> Iterator[str]:
        """What others changed, and the whole declaration takes back."""
        told = {change.name for change in changes}
        absent = self.fields - self.secrets - self.shared - inputs.keys()
        left: Properties = {} if prior.outputs.get("adopted") else dict.fromkeys(absent)
        for name, now, wanted in changed(one, {**left, **inputs}):
            if name not in told:
                yield f"also takes back {arrow(name, now, wanted)}"

    def replacing(self, context: Context, prior: Prior, one: Living, names: Sequence[str]) -> Iterator[str]:
        """What goes with an object that is replaced; raises `Refused` for what must not go unseen."""
        yield from ()

    def _default(self, name: str) -> Any:
        return self.spec.model_fields[name].get_default()

    def comparable(self, properties: Properties) -> Properties:
        """The settings, and the declaration without its mere names."""
        known = self.written(properties)
        settings = {name: known.get(name) for name in self.fields}
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

    def _left_alone(self, inputs: Properties, unknown: frozenset[str] = NO_NAMES) -> frozenset[str]:
        """Secrets that are not declared: a refresh drops them where others set new ones."""
        return self.secrets.difference(inputs, unknown)

    def _unpaired(
        self, declared: Properties, unknown: frozenset[str], before: Properties
    ) -> Iterator[Problem]:
        later = {name: before.get(name) for name in unknown}
        for problem in self.spec.unpaired(before, {**declared, **later}):
            yield replace(problem, help=f"{problem.help}, or name both in ignore_changes")


def declared_as(properties: Properties) -> DeclaredAs | None:
    """The declaration that inputs or outputs hold."""
    value = properties.get("declared_as")
    return DeclaredAs.model_validate(value) if value else None


def _label(properties: Properties) -> str:
    declared = declared_as(properties)
    return declared.label if declared else "the resource"
