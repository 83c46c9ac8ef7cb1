"""How random programs come about, and change; whole resources are added, never taken out."""

import copy
from collections.abc import Callable
from contextlib import suppress

from tests.support.previews.organization import LIVING, Organization
from tests.support.previews.program import SETTINGS, Holding, Place, Plan
from tests.support.stateful.program import HIRED, PEOPLE, Pick

Change = Callable[[Plan, Organization, Pick], None]
LISTS = ("IntegrationMembers", "IntegrationMembers", "IntegrationMembers", "IntegrationMember")


def begin(organization: Organization, pick: Pick) -> Plan:
    """A first program."""
    plan = Plan()
    for change in (add_group, add_integration, add_integration, *[add_list] * 3, add_users):
        attempt(change, plan, organization, pick)
    return plan


def change(plan: Plan, organization: Organization, pick: Pick) -> Plan:
    """Another program, with some changes."""
    changed = copy.deepcopy(plan)
    for _ in range(pick((2, 3, 4))):
        attempt(pick(CHANGES), changed, organization, pick)
    return changed


def attempt(change: Change, plan: Plan, organization: Organization, pick: Pick) -> None:
    """Changes the plan, unless the constructors would refuse what comes out."""
    before = copy.deepcopy(plan)
    with suppress(IndexError):
        # There is nothing yet that it could change.
        change(plan, organization, pick)
    if not plan.valid():
        plan.__dict__.update(before.__dict__)


def add_integration(plan: Plan, organization: Organization, pick: Pick) -> None:
    """Also one that is there: by its title, or by its uuid under a new one."""
    how = pick(("made", "made", "title", "uuid"))
    if how == "made":
        strict, force = pick((True, False)), pick((True, False))
        name = plan.fresh("i")
        plan.places[name] = Place(pick(list(SETTINGS)), f"Site {name}", "", False, strict, force)
        return
    uuid = pick(organization.places)
    title = next(title for title, one in organization.integrations.items() if one == uuid)
    kind = {"AWS": "AwsIntegration", "GCP": "GcpIntegration"}[LIVING[title]]
    place = Place(kind, title, uuid, how == "title", title == "Cirrus")
    if how == "uuid":
        place.title = pick((title, f"{title} anew"))
    plan.places[plan.fresh("i")] = place


def add_group(plan: Plan, organization: Organization, pick: Pick) -> None:
    uuid = pick(("", "", "", *organization.groups))
    title = pick(("Crew A", "Crew B", "Crew C"))
    plan.places[plan.fresh("g")] = Place("UserGroup", title, uuid)


def add_list(plan: Plan, organization: Organization, pick: Pick) -> None:
    kind = pick(LISTS)
    of = pick([*plan.integrations(), *plan.integrations(), *organization.places])
    holding = Holding(kind, of, keep=pick((False, False, True)))
    for _ in range(1 if holding.is_one else pick((0, 1, 2, 3))):
        holding.grants[_somebody(plan, organization, pick)] = pick(("user", "user", "admin"))
    holding.exclusive = not holding.is_one and pick((True, False))
    plan.holdings[plan.fresh("m")] = holding


def _somebody(plan: Plan, organization: Organization, pick: Pick) -> str:
    groups = [f"group:{group}" for group in (*plan.groups(), *organization.groups)]
    return str(pick([*(_person(plan, pick) for _ in range(8)), *groups]))


def _person(plan: Plan, pick: Pick) -> str:
    """Sometimes somebody whom the organization does not have."""
    return str(pick([*PEOPLE * 12, *[*plan.hired] * 8, *HIRED]))


def add_users(plan: Plan, organization: Organization, pick: Pick) -> None:
    of = pick([*plan.groups(), *plan.groups(), *organization.groups])
    users = {_person(plan, pick): "member" for _ in range(pick((0, 1, 2, 3)))}
    holding = Holding("UserGroupMembers", of, users, pick((True, False)), pick((False, False, True)))
    plan.holdings[plan.fresh("u")] = holding


def add_join(plan: Plan, organization: Organization, pick: Pick) -> None:
    uuid = pick(list(organization.integrations.values()))
    if uuid not in plan.joins:
        plan.joins.append(uuid)


def hire(plan: Plan, _organization: Organization, pick: Pick) -> None:
    plan.hired[pick((*HIRED, *PEOPLE))] = pick(("MEMBER", "ADMIN"))


def retitle(plan: Plan, _organization: Organization, pick: Pick) -> None:
    place = plan.places[pick(list(plan.places))]
    place.title = f"{place.title} x"


def replace(plan: Plan, _organization: Organization, pick: Pick) -> None:
    """Mostly those that it made: what is adopted lives on, and its replacement is another."""
    made = [name for name in plan.integrations() if not plan.places[name].adopts]
    place = plan.places[pick([*made * 4, *plan.integrations()])]
    place.strict = not place.strict


def force(plan: Plan, _organization: Organization, pick: Pick) -> None:
    place = plan.places[pick(plan.integrations())]
    place.force_destroy = not place.force_destroy


def grant(plan: Plan, organization: Organization, pick: Pick) -> None:
    holding = plan.holdings[pick(list(plan.holdings))]
    if holding.of_group:
        holding.grants[_person(plan, pick)] = "member"
    elif not holding.is_one:
        holding.grants[_somebody(plan, organization, pick)] = pick(("user", "admin"))


def withdraw(plan: Plan, _organization: Organization, pick: Pick) -> None:
    holding = plan.holdings[pick(list(plan.holdings))]
    if holding.grants and not holding.is_one:
        del holding.grants[pick(list(holding.grants))]


def promote(plan: Plan, _organization: Organization, pick: Pick) -> None:
    holding = plan.holdings[pick(list(plan.holdings))]
    if holding.grants and not holding.of_group:
        holding.grants[pick(list(holding.grants))] = pick(("user", "admin"))


def swap(plan: Plan, organization: Organization, pick: Pick) -> None:
    """One member becomes another's."""
    if ones := [holding for holding in plan.holdings.values() if holding.is_one]:
        holding = pick(ones)
        (role,) = holding.grants.values()
        holding.grants = {_somebody(plan, organization, pick): role}


def move(plan: Plan, _organization: Organization, pick: Pick) -> None:
    """Another list declares somebody, perhaps of another integration."""
    lists = [one for one in plan.holdings.values() if one.kind == "IntegrationMembers"]
    if len(lists) > 1:
        here, there = pick(lists), pick(lists)
        if here.grants and here is not there:
            who = pick(list(here.grants))
            there.grants[who] = here.grants.pop(who)


def retarget(plan: Plan, organization: Organization, pick: Pick) -> None:
    holding = plan.holdings[pick(list(plan.holdings))]
    groups = [*plan.groups(), *organization.groups]
    integrations = [*plan.integrations(), *organization.places]
    holding.of = pick(groups if holding.of_group else integrations)


def toggle_exclusive(plan: Plan, _organization: Organization, pick: Pick) -> None:
    holding = plan.holdings[pick(list(plan.holdings))]
    holding.exclusive = not (holding.exclusive or holding.is_one)


def toggle_keep(plan: Plan, _organization: Organization, pick: Pick) -> None:
    holding = plan.holdings[pick(list(plan.holdings))]
    holding.keep = not holding.keep


CHANGES: tuple[Change, ...] = (
    add_integration,
    add_group,
    add_list,
    add_users,
    add_join,
    hire,
    retitle,
    replace,
    replace,
    replace,
    force,
    grant,
    grant,
    withdraw,
    withdraw,
    promote,
    swap,
    move,
    retarget,
    retarget,
    toggle_exclusive,
    toggle_exclusive,
    toggle_keep,
)
