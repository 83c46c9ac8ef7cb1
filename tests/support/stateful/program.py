"""What a random program declares of integrations, groups, people and who may use what; and how it changes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from pulumi_encord_integrations.resources import providers
from tests.support.stateful.engine_model import Declared, Ref, urn
from tests.support.types import CASES

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
    provider: str = "AWS"
    """The type of an integration."""
    grants: dict[str, Grant] = field(default_factory=dict)
    """By e-mail, or `group:` and the key of a declared group."""
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name and alias of the resources that declare the grants, where it is not the first name."""

    @property
    def resource(self) -> str:
        """The name of an integration's class in programs."""
        return CASES[self.provider].resource

    def holders(self) -> dict[str, dict[str, Grant]]:
        """The grants by the resource that declares them; an exclusive list declares all."""
        found: dict[str, dict[str, Grant]] = {LIST: {}} if self.exclusive else {}
        for principal, grant in self.grants.items():
            holder = LIST if self.exclusive else grant.holder
            found.setdefault(f"one-{principal}" if holder == "one" else holder, {})[principal] = grant
        # Those of one member come first, see `StackUnderTest`.
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
            kind = getattr(providers, f"{place.resource}Provider")
            inputs = {"title": f"{key} {place.title}", **CASES[place.provider].inputs}
            inputs |= {"strict_client_only": place.strict, **_declared_as(place.resource, place)}
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
