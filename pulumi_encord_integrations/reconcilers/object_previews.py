"""What previews of objects with an ownership key check and tell: integrations and user groups."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKeys
from pulumi_encord_integrations.lifecycle.reconciler import (
    NO_CONTEXT,
    NO_NAMES,
    NOT_KNOWN_YET,
    Checked,
    Context,
    Properties,
)
from pulumi_encord_integrations.lifecycle.snapshot import Snapshot
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.text import uuid_in
from pulumi_encord_integrations.reconcilers.adoption import (
    Meant,
    adoptable,
    adopted_twice,
    another,
    examined,
    unfit,
)
from pulumi_encord_integrations.reconcilers.living import Directory, Living, arrow, changed
from pulumi_encord_integrations.reconcilers.object_changes import ChangedObjects, stack_of

V = TypeVar("V")

PLACEMENT = ("adopt", "adopts", "adopt_from", "force_destroy", "declared_as")
"""Inputs beside the settings. `adopts` is added by the check: the uuid of what is adopted."""
_OF_SETTINGS = ("settings_revision",)
_ITS_OWN = "which this stack declares already: nothing new is made"
_LATER = "what it adopts is known only during `up`"
_LOST = "a stack of the same name, whose state may be lost, declares it at the same place"
_TAKE = "adopt=True takes one over"


class PreviewedObjects(ChangedObjects[V]):
    """The part of their reconciler that checks, and finds the living object that is meant."""

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Validates against the spec; of an object that exists, a secret that is left out is left alone."""
        placement, misplaced = examined({name: known[name] for name in PLACEMENT if name in known})
        declared = {name: value for name, value in known.items() if name not in placement}
        problems = [*misplaced, *self._unpaired(declared, unknown, context.before)]
        later = unknown & self.fields | (self._left_alone(declared, unknown) if context.before else NO_NAMES)
        adopting = bool(placement.get("adopt") or context.before.get("adopts"))
        settings, found = self._canonical(declared, later, adopting=adopting)
        if settings is None or found or problems:
            return Checked(known, [*found, *problems])
        given = {name: value for name, value in settings.items() if name in declared}
        meant = self.meant({**given, **placement}, unknown, context)
        if meant.living is not None:
            settings, found = self._settled(meant.living, declared, later, adopts=meant.adopts)
        adopted = meant.adopts or (adopting and meant.living is None)
        absent = self.fields - self.secrets - self.shared - unknown
        left_out: Properties = {} if adopted else dict.fromkeys(absent)
        renamed = self._only_renamed(meant, {**left_out, **settings}, unknown, context)
        inputs = {**settings, **placement, **self._carried_along(meant, context, renamed=renamed)}
        declares = self.beside(inputs, context) | meant.declares
        notes = [*meant.notes, *self._found_changed(meant, {**left_out, **settings}, context)]
        return Checked(inputs, [*meant.problems, *found], notes, declares)

    @staticmethod
    def _found_changed(meant: Meant, settings: Properties, context: Context) -> Iterator[str]:
        """What a create changes of an object that it finds to be its own; an adoption tells by itself."""
        if meant.living is not None and not context.before and not meant.told:
            for name, before, after in changed(meant.living, settings):
                yield f"changes {arrow(name, before, after)}"

    def _canonical(
        self, declared: Properties, later: frozenset[str], *, adopting: bool
    ) -> tuple[Properties | None, list[Problem]]:
        """The settings, and what is wrong with them; an adoption takes no default for what is left out."""
        kept = self.optional.difference(declared) if adopting else NO_NAMES
        spec, found = self.spec.examine(declared, later | kept, datetime.now(UTC))
        if spec is None:
            return None, found
        apart = {*self.apart, *later, *kept}
        return self.written(spec.model_dump(mode="json", exclude=apart, exclude_none=True)), found

    def _settled(
        self, one: Living, declared: Properties, later: frozenset[str], *, adopts: bool
    ) -> tuple[Properties, list[Problem]]:
        """The settings of an object that is there: what an adopted one keeps must fit what is declared."""
        settings, found = self._canonical(declared, later, adopting=adopts)
        if adopts:
            kept = {name: value for name, value in one.settings.items() if value is not None}
            secrets = self.secrets.difference(declared)
            _, wrong = self.spec.examine({**kept, **declared}, later | secrets)
            found = [unfit(one, wrong)] if wrong else []
        return settings or {}, found

    def meant(self, inputs: Properties, unknown: frozenset[str], context: Context) -> Meant:
        """The living object that these inputs mean, as far as that is known."""
        place = inputs.get("declared_as", context.partial.get("declared_as"))
        before = context.before
        mine = before.get("declared_as", place)
        all_ = self.directory(context.snapshot, stack_of({"declared_as": mine}))
        if all_ is None:
            return Meant()
        if before:
            adopted = all_.by_uuid.get(str(before.get("adopts")))
            own = adopted or all_.declared(mine, self._immutable(before))
            return Meant() if own is None else Meant(own, own.view.adopted, another(own, inputs))
        own = all_.declared(place, self._immutable(inputs, unknown))
        if own is not None:
            note = f'finds "{own.title}" {own.uuid}, {_ITS_OWN}'
            return Meant(own, own.view.adopted, another(own, inputs), [note])
        if unknown & {"adopt", "adopt_from"}:
            return Meant(notes=[_LATER])
        if not inputs.get("adopt"):
            others = all_.lookalikes(place, self.title(inputs))
            lost = f"is created anew, though {', '.join(others)} may be meant: {_LOST}. {_TAKE}"
            return Meant(notes=[lost] if others else [])
        if inputs["adopt"] is True and self.named_by in unknown:
            return Meant(notes=[_LATER])
        later = dict.fromkeys((unknown & self.fields) - self.replaces, NOT_KNOWN_YET)
        asked = {**inputs, **later, "declared_as": place}
        left = self._left(context.snapshot, inputs.get("adopt_from"))
        meant = adoptable(self.kind_of_object, context, (all_, left), self.title(inputs), asked)
        return adopted_twice(meant, place, context.declared)

    def _left(self, snapshot: Snapshot, adopt_from: str | None) -> Directory | None:
        """All objects as they are answered to the stack that `adopt_from` names by its identity."""
        stack = uuid_in(adopt_from) if adopt_from else None
        return self.directory(snapshot, stack) if stack else None

    def _immutable(self, inputs: Properties, unknown: frozenset[str] = NO_NAMES) -> Properties:
        """What cannot change, as the key of a declaration holds it."""
        return {name: inputs.get(name, self._default(name)) for name in self.replaces - unknown}

    def _only_renamed(
        self, meant: Meant, settings: Properties, unknown: frozenset[str], context: Context
    ) -> bool:
        """Whether nothing but the name differs from the living object; offline, from the old inputs."""
        one, before = meant.living, context.before
        if unknown & self.fields or not (one or before):
            return False
        compared = self.fields if one is None else self.secrets
        differs = {name for name in compared if before.get(name) != settings.get(name)}
        differs |= {name for name, _, _ in changed(one, settings)} if one else set()
        return differs <= {self.named_by}

    def _carried_along(self, meant: Meant, context: Context, *, renamed: bool) -> Properties:
        """Outputs that are known already: what depends on them need not wait for the update."""
        before = context.before
        lasting = ("adopts", *self.stable, *(_OF_SETTINGS if renamed else ()))
        known = {name: before[name] for name in lasting if name in before}
        if meant.living is not None:
            known |= {**meant.living.stable, **(meant.living.of_settings if renamed else {})}
            if meant.adopts:
                known["adopts"] = meant.living.uuid
        elif not before:
            known |= self.known_of_new(context.snapshot)
        return known

    @property
    def input_names(self) -> Iterable[str]:
        """The settings, what stands beside them, and what a check adds."""
        return (*self.fields, *PLACEMENT, *self.stable, *_OF_SETTINGS)

    def known_of_new(self, snapshot: Snapshot) -> Properties:
        """Outputs that are known of an object before it is made."""
        return {}

    def beside(self, inputs: Properties, context: Context) -> ResourceKeys:
        """What `foresee` is to know of the program."""
        return NOTHING

    def _unpaired(
        self, declared: Properties, unknown: frozenset[str], before: Properties
    ) -> Iterator[Problem]:
        later = {name: before.get(name) for name in unknown}
        for problem in self.spec.unpaired(before, {**declared, **later}):
            yield replace(problem, help=f"{problem.help}, or name both in ignore_changes")
