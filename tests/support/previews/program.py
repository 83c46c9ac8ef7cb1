"""What a random program declares, by resources, and what its constructors make of that."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pulumi.dynamic import ResourceProvider

from pulumi_encord_integrations.lifecycle.reconciler import LABEL
from pulumi_encord_integrations.reconcilers.collection_previews import MOVED
from pulumi_encord_integrations.reconcilers.integrations import MEMBERS
from pulumi_encord_integrations.reconcilers.member_previews import GROUP_NAME
from pulumi_encord_integrations.resources import providers
from pulumi_encord_integrations.resources._values import PROGRAM
from tests.support.stateful.engine_model import Declared, Ref, urn

IDENTITY = "StackIdentity::encord"
STACK = UUID(int=7)
ROLE_ARN = "arn:aws:iam::123456789012:role/encord"
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "AwsIntegration": {"role_arn": ROLE_ARN, "buckets": ["acme-training"]},
    "GcpIntegration": {"buckets": ["acme-training"]},
}
"""What each type of integration needs beside a title."""


@dataclass
class Place:
    """An integration or a group."""

    kind: str
    title: str
    adopts: str = ""
    """The uuid of what it adopts."""
    by_title: bool = False
    """Whether it says `adopt=True`."""
    strict: bool = False
    force_destroy: bool = False

    @property
    def is_group(self) -> bool:
        return self.kind == "UserGroup"


@dataclass
class Holding:
    """A resource that declares who belongs to a place."""

    kind: str
    of: str
    """The name of a place, or the uuid of one that is not declared."""
    grants: dict[str, str] = field(default_factory=dict)
    """By e-mail, or by `group:` and the name or uuid of a group; `member` of a group's users."""
    exclusive: bool = False
    keep: bool = False

    @property
    def is_one(self) -> bool:
        return self.kind == "IntegrationMember"

    @property
    def of_group(self) -> bool:
        return self.kind == "UserGroupMembers"


@dataclass
class Plan:
    """A program in the making, by the names of its resources."""

    hired: dict[str, str] = field(default_factory=dict)
    """E-mail -> role in the organization."""
    places: dict[str, Place] = field(default_factory=dict)
    joins: list[str] = field(default_factory=list)
    """uuids of integrations that the deploying user joins."""
    holdings: dict[str, Holding] = field(default_factory=dict)
    serial: int = 0

    def fresh(self, kind: str) -> str:
        """A name that nothing has had."""
        self.serial += 1
        return f"{kind}{self.serial}"

    def integrations(self) -> list[str]:
        return [name for name, place in self.places.items() if not place.is_group]

    def groups(self) -> list[str]:
        return [name for name, place in self.places.items() if place.is_group]

    def others(self, name: str) -> Iterator[Holding]:
        """Other resources that declare on the same place."""
        own = self.holdings[name]
        return (one for other, one in self.holdings.items() if other != name and one.of == own.of)

    def valid(self) -> bool:
        """Whether the constructors take it."""
        for name, holding in self.holdings.items():
            others = list(self.others(name))
            twice = any(holding.grants.keys() & other.grants.keys() for other in others)
            if twice or (holding.exclusive and others) or (holding.is_one and len(holding.grants) != 1):
                return False
        adopted = [place.adopts for place in self.places.values() if place.adopts]
        holdings = self.holdings.values()
        groups = {who.removeprefix("group:") for holding in holdings for who in holding.grants}
        used = {*self.joins, *groups, *(holding.of for holding in holdings)}
        return len(set(adopted)) == len(adopted) and not used & set(adopted)

    def program(self) -> list[Declared]:
        """Its resources, each behind what it refers to."""
        users = [item for item in self.holdings.items() if item[1].of_group]
        members = sorted(
            (item for item in self.holdings.items() if not item[1].of_group),
            key=lambda item: not item[1].is_one,
        )
        return [
            *(_hired(email, role) for email, role in self.hired.items()),
            *(self._place(name) for name in self.groups()),
            *(self._holding(*item) for item in users),
            *(self._place(name) for name in self.integrations()),
            *(_join(number, uuid) for number, uuid in enumerate(self.joins)),
            *(self._holding(*item) for item in members),
        ]

    def _place(self, name: str) -> Declared:
        place = self.places[name]
        inputs: dict[str, Any] = {"name" if place.is_group else "title": place.title}
        told: dict[str, Any] = {}
        if not place.is_group:
            inputs |= {**SETTINGS[place.kind], "strict_client_only": place.strict}
            inputs |= {"force_destroy": True} if place.force_destroy else {}
            told = {MEMBERS: dict(self._declared_on(name))}
        inputs |= {"adopt": place.by_title or place.adopts} if place.adopts else {}
        inputs["declared_as"] = {
            "stack_id": Ref(IDENTITY),
            "path": f"pulumi-python:dynamic/encord:{place.kind}::{name}",
            "project": "toy",
            "stack": "dev",
        }
        return _declared(place.kind, name, inputs, told)

    def _declared_on(self, place: str) -> Iterator[tuple[str, str]]:
        for holding in self.holdings.values():
            for who, role in holding.grants.items() if holding.of == place else ():
                group = self.places.get(who.removeprefix("group:"))
                yield (f"group-name:{group.title}" if group else who), role

    def _holding(self, name: str, holding: Holding) -> Declared:
        where = "group" if holding.of_group else "integration"
        inputs: dict[str, Any] = {
            where: self._ref(holding.of),
            "on_delete": "keep" if holding.keep else "remove",
        }
        told: dict[str, Any] = {}
        if holding.of_group:
            inputs |= {"users": list(holding.grants), "exclusive": holding.exclusive}
        elif holding.is_one:
            ((who, role),) = holding.grants.items()
            inputs |= {**self._principal(who), "role": role}
            group = self.places.get(who.removeprefix("group:"))
            told = {GROUP_NAME: group.title} if group else {}
        else:
            inputs |= {"members": self._members(holding), "exclusive": holding.exclusive}
            moved = {who for other in self.others(name) for who in other.grants if "@" in who}
            told = {MOVED: sorted(moved)}
        alone = not holding.of_group and any("@" in who for who in holding.grants)
        place = self.places.get(holding.of)
        with_ = urn_of(place.kind, holding.of) if alone and place and not place.adopts else ""
        return _declared(holding.kind, name, inputs, told, with_)

    def _principal(self, who: str) -> dict[str, Any]:
        return {"user": who} if "@" in who else {"group": self._ref(who.removeprefix("group:"))}

    def _ref(self, place: str) -> Any:
        found = self.places.get(place)
        return Ref(urn_of(found.kind, place)) if found else place

    def _members(self, holding: Holding) -> dict[str, Any]:
        """As the constructor arranges what a program lists: groups by their names."""
        users = {who: role for who, role in holding.grants.items() if "@" in who}
        keys = [who.removeprefix("group:") for who in holding.grants if "@" not in who]
        names = [self.places[key].title for key in keys if key in self.places]
        groups = {}
        for key in keys:
            place = self.places.get(key)
            label = key if place is None else place.title
            label = f"{label} ({key})" if names.count(label) > 1 else label
            groups[label] = {"id": self._ref(key), "role": holding.grants[f"group:{key}"]}
        return {"users": users, "groups": groups}


def urn_of(kind: str, name: str) -> str:
    """How programs and states name a resource."""
    return urn(_provider(kind), name)


def _provider(kind: str) -> Any:
    found: type[ResourceProvider] = getattr(providers, f"{kind}Provider")
    return found


def _declared(
    kind: str, name: str, inputs: Mapping[str, Any], told: Mapping[str, Any], deleted_with: str = ""
) -> Declared:
    program = {LABEL: f'{kind} "{name}"', **told}
    return Declared(_provider(kind), name, {**inputs, PROGRAM: program}, deleted_with=deleted_with)


def _hired(email: str, role: str) -> Declared:
    inputs = {"email": email, "role": role, "member_type": "internal", "on_delete": "remove"}
    return _declared("OrganizationUser", email.split("@", maxsplit=1)[0], inputs, {})


def _join(number: int, uuid: str) -> Declared:
    return _declared("IntegrationJoin", f"join{number}", {"integration": uuid, "on_delete": "keep"}, {})
