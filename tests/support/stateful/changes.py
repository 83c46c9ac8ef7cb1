"""How random programs come about, and change."""

from collections.abc import Callable

from tests.support.stateful.program import HIRED, HOLDERS, LIST, PEOPLE, ROLES, Grant, Pick, Place, Plan


def _places(plan: Plan) -> dict[str, Place]:
    return {**plan.integrations, **plan.groups}


def add_place(plan: Plan, pick: Pick) -> None:
    key = pick(("i0", "i0", "i1", "g0", "g1"))
    kind = plan.integrations if key[0] == "i" else plan.groups
    if key not in kind:
        kind[key] = Place(plan.fresh(key), exclusive=pick((False, False, True)))


def drop_place(plan: Plan, pick: Pick) -> None:
    key = pick(("i0", "i1", "g0", "g1"))
    plan.integrations.pop(key, None)
    plan.groups.pop(key, None)
    plan.forget(f"group:{key}")


def alter_place(plan: Plan, pick: Pick) -> None:
    """Changes in place, or for an integration what replaces it."""
    if places := _places(plan):
        place = places[pick(sorted(places))]
        if pick((True, False)):
            place.title = "second" if place.title == "first" else "first"
        else:
            place.strict = not place.strict


def rename_place(plan: Plan, pick: Pick) -> None:
    if places := _places(plan):
        place = places[pick(sorted(places))]
        old, place.name = place.name, plan.fresh(place.name)
        place.alias = old if pick((True, False)) else ""


def hire(plan: Plan, pick: Pick) -> None:
    plan.hired[pick(HIRED)] = pick(("MEMBER", "ADMIN"))


def dismiss(plan: Plan, pick: Pick) -> None:
    email = pick(HIRED)
    plan.hired.pop(email, None)
    plan.forget(email)


def grant(plan: Plan, pick: Pick) -> None:
    """Declares a principal, changes the role, or moves it to another resource."""
    if places := _places(plan):
        key = pick(sorted(places))
        people = plan.principals() if key in plan.integrations else plan.people()
        holder = pick(HOLDERS if key in plan.integrations else HOLDERS[1:])
        keep = holder == "one" and pick((False, False, True))
        places[key].grants[pick(people)] = Grant(pick(ROLES), holder, keep)


def withdraw(plan: Plan, pick: Pick) -> None:
    if granted := {key: place for key, place in _places(plan).items() if place.grants}:
        place = granted[pick(sorted(granted))]
        del place.grants[pick(sorted(place.grants))]


def lower(plan: Plan, pick: Pick) -> None:
    """Withdraws or demotes an individual Admin, which the page forbids."""
    admins = sorted(
        (key, who)
        for key, place in plan.integrations.items()
        for who, grant in place.grants.items()
        if grant.role == "admin" and "@" in who
    )
    if admins:
        key, who = pick(admins)
        grants = plan.integrations[key].grants
        if pick((True, False)):
            del grants[who]
        else:
            grants[who].role = "user"


def move(plan: Plan, pick: Pick) -> None:
    """Another resource declares the same principal in the same role."""
    if granted := {key: place for key, place in plan.integrations.items() if place.grants}:
        place = granted[pick(sorted(granted))]
        moved = place.grants[pick(sorted(place.grants))]
        moved.holder = pick([holder for holder in HOLDERS if holder != moved.holder])
        moved.keep = False


def rename_holder(plan: Plan, pick: Pick) -> None:
    if places := {key: place for key, place in _places(plan).items() if place.holders()}:
        key = pick(sorted(places))
        holder = pick(sorted(places[key].holders()))
        old, _ = places[key].named(key, holder)
        places[key].names[holder] = (plan.fresh(old), old if pick((True, False)) else "")


def toggle_exclusive(plan: Plan, pick: Pick) -> None:
    if places := _places(plan):
        place = places[pick(sorted(places))]
        place.exclusive = not place.exclusive


CHANGES: tuple[Callable[[Plan, Pick], None], ...] = (
    grant,
    grant,
    grant,
    add_place,
    move,
    withdraw,
    lower,
    lower,
    rename_holder,
    toggle_exclusive,
    alter_place,
    rename_place,
    hire,
    dismiss,
    drop_place,
)


def some_plan(pick: Pick) -> Plan:
    """A program to begin with: two integrations, a group, and some grants."""
    plan = Plan()
    for key in ("i0", "i1", "g0"):
        places = plan.integrations if key[0] == "i" else plan.groups
        places[key] = Place(plan.fresh(key), exclusive=pick((False, False, True)))
    for _ in range(9):
        grant(plan, pick)
    return plan


def rewrite_an_exclusive_list(plan: Plan, pick: Pick) -> Place:
    """So that the next `up` writes one; answers where."""
    if not plan.integrations:
        plan.integrations["i0"] = Place(plan.fresh("i0"))
    place = plan.integrations[pick(sorted(plan.integrations))]
    place.exclusive = True
    admins = {who for who, known in place.grants.items() if known.role == "admin"}
    who = pick([who for who in PEOPLE if who not in admins] or PEOPLE)
    if who in place.grants and who not in admins:
        del place.grants[who]
    else:
        place.grants[who] = Grant("admin", LIST)
    return place
