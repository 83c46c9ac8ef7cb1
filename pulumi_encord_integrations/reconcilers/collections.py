"""Many principals in one resource: an integration's members, a group's users. Each is tracked by itself."""

from abc import abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKey, ResourceKeys, named
from pulumi_encord_integrations.lifecycle.reconciler import (
    NO_CONTEXT,
    NO_NAMES,
    Checked,
    Context,
    Live,
    Prior,
    Properties,
    Reconciler,
)
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.warnings import some, warn
from pulumi_encord_integrations.model.members import kept_for_good, large_removal, refusal_to_lower
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers.memberships import as_declared, kept

_TOLD = 20
"""Problems of one list that are told; the rest is counted."""
Roles = Mapping[str, str]
MOVED = "moved"
"""What the program tells the check: users whom other resources declare beside the list."""


class CollectionReconciler(Reconciler):
    """In states a list is a mapping from principal to role, so that a diff names only who differs."""

    holder: ClassVar[str]
    """The input that names what the principals belong to."""
    entries: ClassVar[str]
    """The input that lists them."""
    ignored = frozenset({"allow_large_removal"})
    shares = True

    def __init__(self) -> None:
        self.replaces = frozenset({self.holder})

    @abstractmethod
    def roles(self, spec: Any) -> Roles:
        """The listed principals with their roles."""

    @abstractmethod
    def live_roles(self, session: Session, holder: str) -> Roles | None:
        """As they are; None if the holder is gone."""

    @abstractmethod
    def change(self, session: Session, holder: str, wanted: Roles, removed: Collection[str]) -> None:
        """Grants and withdraws."""

    @abstractmethod
    def replace(self, session: Session, holder: str, wanted: Roles, *, allow_large: bool) -> list[str]:
        """Makes them all that there are; answers individual Admins that stay nevertheless."""

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Refuses a large removal and what would lower an individual Admin, as far as it is known."""
        moved = frozenset(context.program.get(MOVED) or ())
        checked = super().check(known, unknown, context)
        inputs = checked.inputs
        problems = [self._named(problem, known.get(self.entries)) for problem in checked.problems]
        if not problems and self.entries in inputs:
            problems = self._refused(inputs, context, moved)
        more = [Problem((), f"and {len(problems) - _TOLD} more")] if len(problems) > _TOLD else []
        return Checked(inputs, [*problems[:_TOLD], *more])

    def canonical(self, spec: Any, unknown: frozenset[str]) -> Properties:
        """With the list as a mapping."""
        inputs = super().canonical(spec, unknown | {self.entries})
        if self.entries in unknown:
            return inputs
        return {**inputs, self.entries: dict(sorted(self.roles(spec).items()))}

    def _named(self, problem: Problem, given: Any) -> Problem:
        """In a mapping, what is wrong is found by its key."""
        if not isinstance(given, Mapping) or problem.path[:1] != (self.entries,) or len(problem.path) < 2:
            return problem
        return replace(problem, path=(self.entries, list(given)[int(problem.path[1])]))

    def _refused(self, inputs: Properties, context: Context, moved: frozenset[str]) -> list[Problem]:
        before, holder = context.before, context.before.get(self.holder)
        old, new = before.get(self.entries), inputs[self.entries]
        if not isinstance(old, dict) or holder != inputs.get(self.holder, holder):
            return []
        problems = [
            Problem((self.entries,), refusal_to_lower(key))
            for key, role in old.items()
            if kept_for_good(key, role, new.get(key))
            and (key in new or not (key in moved or self._may_drop(key, inputs, context)))
        ]
        large = large_removal(len(old), len(old.keys() - new.keys()))
        if large and not inputs.get("allow_large_removal"):
            problems.append(Problem((self.entries,), large))
        return problems

    def _may_drop(self, key: str, inputs: Properties, context: Context) -> bool:
        """Whether an individual Admin may leave the list: they stay all the same, and nothing is lost."""
        before = context.before
        elsewhere = ResourceKey("membership", before[self.holder], key) in context.declared
        return bool(inputs.get("exclusive") or before.get("on_delete") == "keep" or elsewhere)

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The membership of each principal."""
        listed = properties.get(self.entries)
        # A list that was refused may hold anything, or be anything.
        keys = [key for key in listed if isinstance(key, str)] if isinstance(listed, Mapping | list) else []
        return named("membership", properties.get(self.holder), *keys) if keys else NOTHING

    def create(self, session: Session, inputs: Properties) -> Live:
        """Grants all at once; who is there already is taken over."""
        return self.update(session, Prior("", {}), inputs)

    def update(self, session: Session, prior: Prior, inputs: Properties) -> Live:
        """Writes what differs, or replaces all where the list is exclusive."""
        holder, wanted = str(inputs[self.holder]), inputs[self.entries]
        stay: list[str] = []
        if inputs.get("exclusive"):
            allow = bool(inputs.get("allow_large_removal"))
            stay = self.replace(session, holder, wanted, allow_large=allow)
        else:
            self._write(session, prior, inputs)
        above = {key: role for key, role in prior.outputs.get("live_roles", {}).items() if key in wanted}
        return self._live(inputs, wanted, {**wanted, **above}, stay)

    def _write(self, session: Session, prior: Prior, inputs: Properties) -> None:
        holder, wanted = str(inputs[self.holder]), inputs[self.entries]
        old = prior.outputs.get(self.entries, {})
        changed = {key: role for key, role in wanted.items() if old.get(key) != role}
        dropped = [key for key in old if key not in wanted and not _has(prior.owned_elsewhere, holder, key)]
        # An individual Admin can leave a list only if the check has seen that they may stay.
        admins = [key for key in dropped if kept_for_good(key, old[key], None)]
        removed = frozenset(dropped) - frozenset(admins)
        if changed or removed:
            self.change(session, holder, changed, removed)
        if admins and prior.outputs.get("on_delete") == "keep":
            warn(f"no longer listed, but Admins of {holder} all the same: {', '.join(sorted(admins))}")

    def read(self, session: Session, prior: Prior) -> Live | None:
        """Those that are listed, as they are; of an exclusive list all that there are."""
        holder = prior.id.partition("/")[0]
        live = self.live_roles(session, holder)
        if live is None:
            return None
        declared: Roles = prior.outputs.get(self.entries, {})
        everybody = prior.outputs.get("exclusive") or self.entries not in prior.outputs
        seen = live if everybody else {key: live[key] for key in declared if key in live}
        stay = [key for key in seen if key not in declared and kept_for_good(key, seen[key], None)]
        stay = stay if prior.outputs.get("exclusive") else []
        shown = {
            key: as_declared(key, role, declared.get(key)) for key, role in seen.items() if key not in stay
        }
        known = {**self.inputs_of(prior.outputs), self.holder: holder, self.entries: shown}
        outputs = {**prior.outputs, "exclusive": False, "on_delete": "remove", **known}
        return self._live(outputs, shown, seen, sorted(stay))

    def delete(self, session: Session, prior: Prior) -> None:
        """Withdraws all that are listed."""
        holder, listed = str(prior.outputs[self.holder]), prior.outputs.get(self.entries, {})
        removed = frozenset(key for key in listed if not _has(prior.owned_elsewhere, holder, key))
        if removed:
            self.change(session, holder, {}, removed)

    def kept(self, session: Session, prior: Prior) -> str:
        """That the access of all that are listed is kept."""
        return kept(some(sorted(prior.outputs.get(self.entries, {}))), prior.outputs[self.holder])

    def _live(self, properties: Properties, shown: Roles, live: Roles, stay: list[str]) -> Live:
        above = {key: live[key] for key in shown if live[key] != shown[key]}
        outputs: dict[str, Any] = {
            **properties,
            self.entries: dict(sorted(shown.items())),
            **self.beside(above, stay),
        }
        return self.as_live(f"{outputs[self.holder]}/{self.entries}", outputs)

    def beside(self, above: Roles, stay: list[str]) -> Properties:
        """Outputs beside the inputs."""
        return {}


def _has(keys: ResourceKeys, holder: str, principal: str) -> bool:
    return ResourceKey("membership", holder, principal) in keys
