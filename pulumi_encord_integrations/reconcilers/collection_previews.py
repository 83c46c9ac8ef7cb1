"""What previews of lists check and tell: members of an integration, users of a group."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pulumi_encord_integrations.lifecycle.ownership import ResourceKey, named
from pulumi_encord_integrations.lifecycle.reconciler import (
    NO_CONTEXT,
    NO_NAMES,
    NOT_KNOWN_YET,
    Checked,
    Context,
    Properties,
    Reconciler,
)
from pulumi_encord_integrations.lifecycle.snapshot import Snapshot
from pulumi_encord_integrations.model.members import Roles, kept_for_good
from pulumi_encord_integrations.model.memberships import id_of
from pulumi_encord_integrations.model.problems import Problem, left_out
from pulumi_encord_integrations.reconcilers.access_changes import AccessChange, Namer, all_of
from pulumi_encord_integrations.reconcilers.preflight import members_exist, principal_name, writes

_TOLD = 20
"""Problems of one list that are told; the rest is counted."""
Labels = Mapping[str, str]
"""Key of a principal -> what people call it."""
MOVED = "moved"
"""What the program tells the check: users whom other resources declare beside the list."""


class PreviewedCollection(Reconciler):
    """The part of their reconciler that reads alone."""

    holder: ClassVar[str]
    """The input that names what the principals belong to."""
    entries: ClassVar[str]
    """The input that lists them."""
    loses: ClassVar[tuple[str, str]] = ("loses access to", "lose access to")
    """Said of one who is taken out, and of several."""
    new_holder: ClassVar[str] = "an integration"
    ignored = frozenset({"allow_large_removal"})

    def __init__(self) -> None:
        self.replaces = frozenset({self.holder})

    @abstractmethod
    def roles(self, spec: Any) -> Roles:
        """The listed principals with their roles."""

    @abstractmethod
    def preflight(self, context: Context, inputs: Properties) -> Iterable[Problem]:
        """Whether the holder exists and the caller may change who belongs to it."""

    @abstractmethod
    def before_run(self, snapshot: Snapshot, holder: str, *, exclusive: bool) -> Roles | None:
        """The principals as the run found them, if that is known and matters."""

    @abstractmethod
    def is_gone(self, snapshot: Snapshot, holder: str) -> bool:
        """Whether a holder is known not to exist any more: nobody can lose anything there."""

    def lockout(self, change: AccessChange, holder: str, snapshot: Snapshot) -> Iterator[str]:
        """Says that whoever deploys cannot change it any more."""
        yield from ()

    @abstractmethod
    def holder_name(self, snapshot: Snapshot, holder: object) -> str:
        """The holder as people know it."""

    @abstractmethod
    def outlive(self, roles: Roles, where: str, name: Namer) -> Iterator[str]:
        """Says of principals that they stay."""

    def listed(self, value: Any) -> Roles:
        """The principals of a list in any of its shapes; one that was refused may be anything."""
        return value if isinstance(value, Mapping) else {}

    def shaped(self, roles: Roles, labels: Labels) -> Any:
        """The list as a state holds it."""
        return dict(sorted(roles.items()))

    def labels(self, given: Any, roles: Roles, context: Context) -> Labels:
        """What a program's list calls its groups."""
        return {}

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Refuses what the API would refuse, and tells whom a write affects beyond what the inputs show."""
        checked = super().check(known, unknown, context)
        given, inputs = known.get(self.entries), checked.inputs
        if checked.problems:
            return Checked(inputs, _few([self._named(problem, given) for problem in checked.problems]))
        problems: list[Problem] = []
        notes: list[str] = []
        roles = inputs.get(self.entries, {})
        labels = self.labels(given, roles, context) if roles else {}
        if writes(self, inputs, context):
            problems, notes = self._foreseen(inputs, labels, context)
        if self.entries in inputs:
            inputs = {**inputs, self.entries: self.shaped(roles, labels)}
        return Checked(inputs, _few(problems), notes)

    def canonical(self, spec: Any, unknown: frozenset[str]) -> Properties:
        """With the roles of all in place of the list."""
        inputs = super().canonical(spec, unknown | {self.entries})
        return inputs if self.entries in unknown else {**inputs, self.entries: dict(self.roles(spec))}

    def comparable(self, properties: Properties) -> Properties:
        """Whatever shape the list has; one of which a part comes later equals none."""
        found, value = super().comparable(properties), properties.get(self.entries)
        return found if _comes_later(value) else {**found, self.entries: self.listed(value)}

    def row_names(self, given: Mapping[str, Any]) -> list[str]:
        """What a mapping calls each of its rows."""
        return list(given)

    def _named(self, problem: Problem, given: Any) -> Problem:
        """In a mapping, what is wrong is found by its key."""
        if not isinstance(given, Mapping) or problem.path[:1] != (self.entries,) or len(problem.path) < 2:
            return problem
        return replace(problem, path=(self.entries, self.row_names(given)[int(problem.path[1])]))

    def _foreseen(
        self, inputs: Properties, labels: Labels, context: Context
    ) -> tuple[list[Problem], list[str]]:
        """What is wrong with a write of these inputs, and what it does unseen."""
        problems = list(self.preflight(context, inputs))
        # A holder that comes later is another one: the id of one that stays is known.
        stays = bool(context.before) and context.before.get(self.holder) == inputs.get(self.holder)
        notes = [] if stays or not context.before else list(self._left(inputs, labels, context))
        if problems or self.entries not in inputs:
            return problems, [*notes, *self._may_lose(inputs, context)]
        change = self._change(inputs, context, stays=stays)
        problems = [
            *members_exist(context, change.new(), self.entries),
            *(Problem((self.entries,), said) for said in change.refusals()),
        ]
        large = change.too_many()
        if large and not inputs.get("allow_large_removal"):
            problems.append(Problem((self.entries,), large))
        return problems, [*notes, *self._told(change, str(inputs.get(self.holder)), labels, context)]

    def _may_lose(self, inputs: Properties, context: Context) -> Iterator[str]:
        """Whom an exclusive list may take out of which a part comes later."""
        holder = inputs.get(self.holder)
        if not inputs.get("exclusive") or holder is None:
            return
        live = self.before_run(context.snapshot, holder, exclusive=True) or {}
        listed = set(_texts(context.partial.get(self.entries)))
        gone = [
            key
            for key, role in live.items()
            if not listed & {key, id_of(key)} and not kept_for_good(key, role, None)
        ]
        if gone:
            name, title = self._namer({}, context), self.holder_name(context.snapshot, holder)
            yield (
                f"{all_of(gone, name)} may lose access to {title}: the list is exclusive, and whom else it "
                "names is known only during `up`"
            )

    def _change(self, inputs: Properties, context: Context, *, stays: bool) -> AccessChange:
        holder, exclusive = inputs.get(self.holder), inputs.get("exclusive") is True
        live = None if holder is None else self.before_run(context.snapshot, holder, exclusive=exclusive)
        new = holder is None or (holder in context.made and live is None)
        return AccessChange(
            self.listed(context.before.get(self.entries)) if stays else {},
            inputs[self.entries],
            live,
            exclusive=exclusive,
            may_leave=lambda key: self._may_drop(key, inputs, context),
            creator=context.snapshot.deployer() if new else None,
        )

    def _told(self, change: AccessChange, where: str, labels: Labels, context: Context) -> Iterator[str]:
        name, title = self._namer(labels, context), self.holder_name(context.snapshot, where)
        yield from change.notes(name)
        yield from _gain(change.regained(), title, name)
        unlisted = change.unmanaged_admins()
        if unlisted and not context.before.get("exclusive"):
            stay_on = "stays an Admin" if len(unlisted) == 1 else "stay Admins"
            yield f"{all_of(unlisted, name)} {stay_on} of {title} unlisted: they cannot be removed"
        yield from self.lockout(change, where, context.snapshot)
        if others := change.others_removed():
            who = f"{all_of(others, name)} {self.loses[len(others) > 1]} {title}"
            yield f"{who}: the list is exclusive and does not name them"
        dropped = {key: "admin" for key in change.dropped if change.is_admin(key)}
        stay = {key: role for key, role in dropped.items() if not self._elsewhere(key, where, context)}
        yield from self.outlive(stay, title, name)

    def _left(self, inputs: Properties, labels: Labels, context: Context) -> Iterator[str]:
        """What becomes of everybody in a list that moves to another holder.

        Where that is new and the old one is not declared any more, it may be the same one, replaced.
        """
        old, new = str(context.before.get(self.holder)), inputs.get(self.holder)
        before, wanted = self.listed(context.before.get(self.entries)), inputs.get(self.entries, {})
        gone = self.is_gone(context.snapshot, old)
        live = {} if gone else self.before_run(context.snapshot, old, exclusive=True)
        roles = before if live is None else {key: live[key] for key in before if key in live}
        roles = {key: role for key, role in roles.items() if not self._elsewhere(key, old, context)}
        keep = context.before.get("on_delete") == "keep"
        stay = {key: role for key, role in roles.items() if keep or kept_for_good(key, role, None)}
        if (new is None or new in context.made) and not named("object", old) <= context.declared:
            stay = {}
        former = self.labels(context.before.get(self.entries), roles, context)
        name, title = self._namer({**former, **labels}, context), self.holder_name(context.snapshot, old)
        yield from self.outlive(stay, title, name)
        leave = [key for key in roles if key not in stay]
        to = f"{self.new_holder} that is still to be made"
        to = to if new is None else self.holder_name(context.snapshot, new)
        if along := [key for key in leave if key in wanted]:
            yield f"{all_of(along, name)} {'moves' if len(along) == 1 else 'move'} from {title} to {to}"
        # The difference of inputs names nobody who is in both.
        yield from _gain([key for key in before if key in wanted and key not in along], to, name)
        if lost := [key for key in leave if key not in wanted]:
            yield f"{all_of(lost, name)} {self.loses[len(lost) > 1]} {title}"

    def _may_drop(self, key: str, inputs: Properties, context: Context) -> bool:
        """Whether an individual Admin may leave the list: they stay all the same, and nothing is lost."""
        before = context.before
        keeps = bool(inputs.get("exclusive") or before.get("on_delete") == "keep")
        return keeps or self._elsewhere(key, before.get(self.holder), context)

    @staticmethod
    def _elsewhere(key: str, holder: object, context: Context) -> bool:
        """Whether another resource of the program declares the principal on the holder."""
        moved = context.program.get(MOVED) or ()
        return key in moved or ResourceKey("membership", holder, key) in context.declared

    @staticmethod
    def _namer(labels: Labels, context: Context) -> Namer:
        return lambda key: (
            f'group "{labels[key]}"' if key in labels else principal_name(context.snapshot, key)
        )


def _gain(keys: list[str], where: str, name: Namer) -> Iterator[str]:
    if keys:
        yield f"{all_of(keys, name)} {'gets' if len(keys) == 1 else 'get'} access to {where}"


def _few(problems: list[Problem]) -> list[Problem]:
    more = left_out(problems, _TOLD)
    return [*problems[:_TOLD], *([Problem((), more)] if more else [])]


def _comes_later(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_comes_later, value.values()))
    return value is NOT_KNOWN_YET or (isinstance(value, list) and any(map(_comes_later, value)))


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value, keys of mappings included."""
    if isinstance(value, str):
        yield value.lower()
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from (*_texts(key), *_texts(item))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
