"""What a random program declares of integrations, groups, people and who may use what; and how it changes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from pulumi_encord_integrations.resources import providers
from tests.support.engine_model import Declared, Ref, urn

T = TypeVar("T")
Pick = Callable[[Sequence[Any]], Any]
"""Chooses one of several."""

PEOPLE = tuple(f"p{n}@example.com" for n in range(4))
"""Of the organization, whatever is declared."""
HIRED = tuple(f"n{n}@example.com" for n in range(2))
"""Of the organization only while a program declares them."""
ROLES = ("user", "user", "admin")
HOLDERS = ("one", "list", "more")
"""Kinds of resource that may declare a principal: one member, a list, another list."""
LIST = "list"
STACK = UUID(int=7)
ROLE_ARN = "arn:aws:iam::123456789012:role/encord"


@dataclass
class Grant:
    """How a principal is declared."""

    role: str
    holder: str
    keep: bool = False


@dataclass
class Place:
    """An integration or a group, and who is declared there."""

    name: str
    alias: str = ""
    title: str = "first"
    strict: bool = False
    exclusive: bool = False
    grants: dict[str, Grant] = field(default_factory=dict)
    """By e-mail, or `group:` and the key of a declared group."""
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name and alias of the resources that declare the grants, where it is not the first name."""

    def holders(self) -> dict[str, dict[str, Grant]]:
        """The grants by the resource that declares them; an exclusive list declares all."""
        found: dict[str, dict[str, Grant]] = {LIST: {}} if self.exclusive else {}
        for principal, grant in self.grants.items():
            holder = LIST if self.exclusive else grant.holder
            found.setdefault(f"one-{principal}" if holder == "one" else holder, {})[principal] = grant
        # Those of one member come first, see `Drill`.
        return dict(sorted(found.items(), reverse=True))

    def named(self, key: str, holder: str) -> tuple[str, str]:
        """Name and alias of the resource."""
        return self.names.get(holder, (f"{key}-{holder}", ""))


@dataclass
class Plan:
    """A program in the making."""

    integrations: dict[str, Place] = field(default_factory=dict)
    groups: dict[str, Place] = field(default_factory=dict)
    hired: dict[str, str] = field(default_factory=dict)
    """E-mail -> role in the organization."""
    serial: int = 0

    def people(self) -> list[str]:
        return [*PEOPLE, *self.hired]

    def principals(self) -> list[str]:
        return [*self.people(), *(f"group:{key}" for key in self.groups)]

    def fresh(self, name: str) -> str:
        self.serial += 1
        return f"{name.split('~', maxsplit=1)[0]}~{self.serial}"

    def forget(self, principal: str) -> None:
        """Nobody is declared who is not there."""
        for place in (*self.integrations.values(), *self.groups.values()):
            place.grants.pop(principal, None)

    def program(self) -> list[Declared]:
        """Its resources, each behind what it refers to."""
        return [*self._hired(), *self._groups(), *self._integrations()]

    def _hired(self) -> Iterator[Declared]:
        for email, role in self.hired.items():
            inputs = {"email": email, "role": role, "member_type": "internal", "on_delete": "remove"}
            yield Declared(providers.OrganizationUserProvider, email.split("@")[0], inputs)

    def _groups(self) -> Iterator[Declared]:
        for key, place in self.groups.items():
            kind = providers.UserGroupProvider
            inputs = {"name": f"{key} {place.title}", "description": ""}
            yield Declared(kind, place.name, {**inputs, **_declared_as("UserGroup", place)}, place.alias)
            for holder, grants in place.holders().items():
                name, alias = place.named(key, holder)
                told: dict[str, Any] = {"group": Ref(urn(kind, place.name)), "users": list(grants)}
                more: dict[str, Any] = {"exclusive": place.exclusive, "on_delete": "remove"}
                yield Declared(providers.UserGroupMembersProvider, name, {**told, **more}, alias)

    def _integrations(self) -> Iterator[Declared]:
        for key, place in self.integrations.items():
            kind = providers.AwsIntegrationProvider
            inputs = {"title": f"{key} {place.title}", "role_arn": ROLE_ARN, "buckets": ["acme-training"]}
            inputs |= {"strict_client_only": place.strict, **_declared_as("AwsIntegration", place)}
            yield Declared(kind, place.name, inputs, place.alias)
            for holder, grants in place.holders().items():
                name, alias = place.named(key, holder)
                one = holder.startswith("one-")
                where = urn(kind, place.name)
                members = self._one(grants) if one else self._many(place, grants)
                users = place.exclusive or any("@" in principal for principal in grants)
                yield Declared(
                    providers.IntegrationMemberProvider if one else providers.IntegrationMembersProvider,
                    name,
                    {"integration": Ref(where), **members},
                    alias,
                    where if users else "",
                )

    def _one(self, grants: dict[str, Grant]) -> dict[str, Any]:
        ((principal, grant),) = grants.items()
        return {**self._row(principal, grant), "on_delete": "keep" if grant.keep else "remove"}

    def _many(self, place: Place, grants: dict[str, Grant]) -> dict[str, Any]:
        rows = [self._row(*item) for item in grants.items()]
        return {"members": rows, "exclusive": place.exclusive, "on_delete": "remove"}

    def _row(self, principal: str, grant: Grant) -> dict[str, Any]:
        kind, _, key = principal.rpartition(":")
        group = self.groups.get(key) if kind else None
        who = {"group": Ref(urn(providers.UserGroupProvider, group.name))} if group else {"user": principal}
        return {**who, "role": grant.role}


def _declared_as(kind: str, place: Place) -> dict[str, Any]:
    path = f"pulumi-python:dynamic/encord:{kind}::{place.name}"
    return {"declared_as": {"stack_id": str(STACK), "path": path, "project": "toy", "stack": "dev"}}


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
    for _ in range(6):
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
