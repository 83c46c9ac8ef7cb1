"""Random programs of all types of integration, with groups, people, members and expiry policies."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from pulumi_encord_integrations.resources import providers
from tests.support.stateful import changes
from tests.support.stateful.engine_model import Declared, Ref, urn
from tests.support.stateful.program import PEOPLE, Grant, Pick, Place, Plan
from tests.support.types import CASES, EXPIRING

ADMIN = PEOPLE[-1]
"""The only one who becomes an individual Admin; who is one, stays one, as the page demands."""
DURATIONS = {"12h": 43_200, "90m": 5_400, "2d": 172_800}
"""As programs write them -> seconds."""
FEWEST, MOST = 2, 4
"""Integrations that a program declares."""


@dataclass
class Deployment(Plan):
    """A program after which an API holds what is declared, and nothing else."""

    durations: dict[str, str] = field(default_factory=dict)
    """Key of an integration -> its expiry policy."""
    administered: dict[str, bool] = field(default_factory=dict)
    """Key of an integration with an individual Admin -> whether its list is exclusive."""

    def _integrations(self) -> Iterator[Declared]:
        yield from super()._integrations()
        for key, duration in self.durations.items():
            place = self.integrations[key]
            where = Ref(urn(getattr(providers, f"{place.resource}Provider"), place.name))
            inputs = {"integration": where, "duration": duration}
            yield Declared(providers.SignedUrlExpiryProvider, f"{key}-expiry", inputs)

    def settle(self) -> None:
        """Takes back what the rules refuse: the fewer roles of an Admin."""
        for key, place in self.integrations.items():
            place.exclusive = self.administered.get(key, place.exclusive)
            for who, known in place.grants.items():
                known.role = "user" if "@" in who else known.role
                known.keep = False
            if key in self.administered:
                place.grants[ADMIN] = Grant("admin", "one")


def add_integration(plan: Deployment, pick: Pick) -> None:
    name = plan.fresh("i")
    key = name.replace("~", "")
    place = Place(name, exclusive=pick((False, False, True)), provider=pick(list(CASES)))
    plan.integrations[key] = place
    if pick((True, False, False)):
        plan.administered[key] = place.exclusive


def add_group(plan: Deployment, pick: Pick) -> None:
    name = plan.fresh("g")
    plan.groups[name.replace("~", "")] = Place(name, exclusive=pick((False, True)))


def set_expiry(plan: Deployment, pick: Pick) -> None:
    if keys := [key for key, place in plan.integrations.items() if place.provider in EXPIRING]:
        plan.durations[pick(keys)] = pick(list(DURATIONS))


def drop_expiry(plan: Deployment, pick: Pick) -> None:
    if plan.durations:
        del plan.durations[pick(list(plan.durations))]


def drop_integration(plan: Deployment, pick: Pick) -> None:
    if len(plan.integrations) < FEWEST:
        return
    key = pick(list(plan.integrations))
    del plan.integrations[key]
    plan.durations.pop(key, None)
    plan.administered.pop(key, None)


def drop_group(plan: Deployment, pick: Pick) -> None:
    if plan.groups:
        key = pick(list(plan.groups))
        del plan.groups[key]
        plan.forget(f"group:{key}")


def retitle(plan: Deployment, pick: Pick) -> None:
    place = pick([*plan.integrations.values(), *plan.groups.values()])
    place.title = "second" if place.title == "first" else "first"


def replace(plan: Deployment, pick: Pick) -> None:
    place = pick(list(plan.integrations.values()))
    place.strict = not place.strict


Change = Callable[[Deployment, Pick], None]
FIRST: dict[str, Change] = {
    "create": add_integration,
    "update": retitle,
    "replace": replace,
    "delete": drop_integration,
}
"""What makes sure that a phase has something to do."""
MORE: dict[str, Sequence[Change]] = {
    "create": (
        changes.grant,
        changes.grant,
        changes.grant,
        changes.hire,
        add_group,
        set_expiry,
        changes.move,
        changes.rename_holder,
        changes.toggle_exclusive,
    ),
    "update": (retitle, set_expiry, changes.grant, changes.withdraw, changes.rename_place),
    "replace": (replace, replace, retitle),
    "delete": (
        changes.withdraw,
        changes.withdraw,
        drop_group,
        changes.dismiss,
        drop_expiry,
        drop_integration,
        changes.move,
        changes.rename_place,
    ),
}


def begin(pick: Pick) -> Deployment:
    """A first program."""
    plan = Deployment()
    first: list[Change] = [add_integration, add_integration, add_integration, add_group, add_group]
    for change in [*first, changes.hire, set_expiry, *[changes.grant] * 6]:
        change(plan, pick)
    plan.settle()
    return plan


def alter(plan: Deployment, phase: str, pick: Pick) -> None:
    """Changes the program so that its next `up` has the phase."""
    if phase == "create" and len(plan.integrations) >= MOST:
        drop_integration(plan, pick)
    FIRST[phase](plan, pick)
    for _ in range(pick((1, 2, 3))):
        pick(MORE[phase])(plan, pick)
    while len(plan.integrations) < FEWEST:
        add_integration(plan, pick)
    plan.settle()
