"""Which living object a declaration means: told in a preview, by the API's own rules."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKey, ResourceKeys, named
from pulumi_encord_integrations.lifecycle.reconciler import Context, Properties
from pulumi_encord_integrations.lifecycle.snapshot import Snapshot
from pulumi_encord_integrations.model.identity import Adoption, DeclarationView
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers.living import Directory, Kind, Living, arrow, changed, unequal

_ADOPT = ("adopt",)
_UNSEEN = "what it adopts is not seen by the identity that previews this"


@dataclass(frozen=True)
class Meant:
    """What a declaration means."""

    living: Living | None = None
    adopts: bool = False
    problems: Sequence[Problem] = ()
    notes: Sequence[str] = field(default_factory=list)
    declares: ResourceKeys = NOTHING
    """What other checks of this run are to know."""
    told: bool = False
    """Whether the notes tell what changes."""


def examined(placement: Properties) -> tuple[Properties, list[Problem]]:
    """The inputs beside the settings in canonical form, and what is wrong with them."""
    names = Adoption.model_fields.keys() & placement.keys()
    adoption, problems = Adoption.examine({name: placement[name] for name in names})
    if not isinstance(placement.get("force_destroy", False), bool):
        problems = [*problems, Problem(("force_destroy",), "must be true or false")]
    canonical = adoption.model_dump(mode="json", include=names) if adoption else {}
    return {**placement, **canonical}, problems


Directories = tuple[Directory, Directory | None]
"""All objects as they are answered to this stack, and to the one that `adopt_from` names by its identity."""


def adoptable(kind: Kind, context: Context, known: Directories, title: str, inputs: Properties) -> Meant:
    """The one object that `adopt` names, and what is in its way."""
    wanted, snapshot, all_ = inputs["adopt"], context.snapshot, known[0]
    by_uuid = all_.by_uuid.get(str(wanted))
    found = all_.titled(title) if wanted is True else [by_uuid] if by_uuid else []
    if not found and snapshot.may_miss():
        return Meant(notes=[_UNSEEN])
    if not found:
        return Meant(problems=[_none(kind, snapshot, title, wanted)])
    if len(found) > 1:
        uuids = ", ".join(one.uuid for one in found)
        problem = Problem(
            _ADOPT, f'{len(found)} {kind.noun} are called "{title}": {uuids}', "name one: adopt=UUID"
        )
        return Meant(problems=[problem])
    (one,) = found
    problems = list(_obstacles(kind, context, known, one, inputs))
    if problems:
        return Meant(problems=problems)
    return Meant(one, adopts=True, notes=list(_told(kind, snapshot, one, inputs)), told=True)


def _none(kind: Kind, snapshot: Snapshot, title: str, wanted: bool | str) -> Problem:
    if wanted is True:
        return Problem(_ADOPT, f'there is no {kind.called} "{title}"', "drop adopt to create it")
    if other := snapshot.integration(str(wanted)):
        called = f'"{other.title}" ({wanted}) is of type {other.provider}'
        return Problem(_ADOPT, f"{called}: it is no {kind.called}")
    return Problem(_ADOPT, f"there is no {kind.called} {wanted}, or you may not see it", "check the uuid")


def another(one: Living, inputs: Properties) -> list[Problem]:
    """A problem if `adopt` names another object than the one that a declaration has already."""
    adopt = inputs.get("adopt")
    if not isinstance(adopt, str) or adopt == one.uuid:
        return []
    had = f'this resource is "{one.title}" ({one.uuid}) already'
    return [Problem(_ADOPT, had, "declare what is to be adopted as a resource of another name")]


def adopted_twice(meant: Meant, place: Any, declared: AbstractSet[ResourceKey]) -> Meant:
    """With a problem if a resource of this run adopts the same object."""
    if meant.living is None:
        return meant
    path = str(place.get("path")) if isinstance(place, Mapping) else ""
    adopters = named("adopted", meant.living.uuid, path)
    others = {str(key.part) for key in declared if key.kind == "adopted" and key.holder == meant.living.uuid}
    if others - {path}:
        said = f'"{meant.living.title}" ({meant.living.uuid}) is adopted by another resource of this program'
        return Meant(problems=[Problem(_ADOPT, said)])
    return replace(meant, declares=adopters)


def unfit(one: Living, wrong: Sequence[Problem]) -> Problem:
    """What an adopted object keeps does not go with what is declared."""
    words = "; ".join(map(str, wrong))
    kept = f'"{one.title}" ({one.uuid}) keeps what is left out, which does not fit: {words}'
    return Problem(_ADOPT, kept, "give these settings too")


def _obstacles(
    kind: Kind, context: Context, known: Directories, one: Living, inputs: Properties
) -> Iterator[Problem]:
    called = f'"{one.title}" ({one.uuid})'
    if not kind.administers(context, one.view):
        yield Problem(_ADOPT, f"{called} is administered by others", "ask one of its Admins")
    fixed = {name: inputs[name] for name in kind.immutable & inputs.keys()}
    if other := unequal(one, fixed):
        yield Problem(_ADOPT, f"{called} differs in what cannot change: {', '.join(other)}")
    owner, place = one.view.declared_as, inputs.get("declared_as")
    if owner is None or not isinstance(place, Mapping):
        return
    here, left = known
    if here.is_here(one):
        if owner.path != place.get("path"):
            yield Problem(_ADOPT, f"{called} is declared in this stack already, as {owner.where}")
    elif not (_succeeds(place, owner) or _is_left(owner, one, inputs.get("adopt_from"), left)):
        last = context.snapshot.last_write(kind.noun, one.uuid)
        origin = inputs.get("adopt_from")
        named = f'adopt_from="{owner.by}"' if owner.by else f"encord-integrations release {one.uuid}"
        not_by = f", not by {origin}" if origin else ""
        yield Problem(
            _ADOPT,
            f"{called} is declared by {owner.where}{not_by}{f', last written by {last}' if last else ''}",
            f"if that stack no longer declares it: {named}",
        )


def _succeeds(place: Properties, owner: DeclarationView) -> bool:
    """Whether it is declared in a stack of the same name, whose state may have been lost."""
    return bool(owner.by) and owner.by == f"{place.get('project')}/{place.get('stack')}"


def _is_left(owner: DeclarationView, one: Living, adopt_from: str | None, left: Directory | None) -> bool:
    """Whether `adopt_from` names the stack that declares it."""
    return owner.is_from(str(adopt_from)) or (left is not None and left.declares(one.uuid))


def _told(kind: Kind, snapshot: Snapshot, one: Living, inputs: Properties) -> Iterator[str]:
    yield f'adopts "{one.title}" {one.uuid} ({kind.summary(snapshot, one.view)})'
    if owner := one.view.declared_as:
        last = snapshot.last_write(kind.noun, one.uuid)
        yield f"it was declared by {owner.where}{f', last written by {last}' if last else ''}"
    if keepers := kind.keepers(snapshot, one.view):
        yield keepers
    for name, before, after in changed(one, inputs):
        yield f"adopting changes {arrow(name, before, after)}"
    for name in sorted(kind.secrets & inputs.keys()):
        yield f"adopting sets {name}"
