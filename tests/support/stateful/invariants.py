"""What the API holds, read from its tables; what somebody does there behind the back; and what must be so."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pulumi_encord_integrations.client import members
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.model.memberships import ListedRoles
from tests.support.stateful.engine_model import Entry, urn
from tests.support.stateful.program import HIRED, PEOPLE, Place, Plan

Roles = Mapping[str, str]


@dataclass(frozen=True)
class Facts:
    """All that counts, at one moment."""

    integrations: Mapping[str, tuple[str, bool]]
    """uuid -> title, strict client-only."""
    groups: Mapping[str, str]
    people: Roles
    members: Mapping[str, Roles]
    """uuid of an integration or group -> principal -> role; `member` in a group."""

    def order(self, name: str) -> tuple[str, str]:
        """Sorts uuids and principals alike in every run, whatever the uuids are."""
        uuid = name.removeprefix("group:")
        title, _ = self.integrations.get(uuid, (self.groups.get(uuid, name), False))
        return title, name

    def rows(self) -> list[tuple[str, str, str]]:
        """Every member of an integration, with its role."""
        return [
            (uuid, who, self.members[uuid][who])
            for uuid in sorted(self.integrations, key=self.order)
            for who in sorted(self.members.get(uuid, {}), key=self.order)
        ]

    def individual_admins(self, uuid: str) -> set[str]:
        return {who for who, role in self.members.get(uuid, {}).items() if "@" in who and role == "admin"}


class Remote:
    """One deployment of the API on a file."""

    def __init__(self, path: Path, client: Client, owner: str) -> None:
        self.path = path
        self.client = client
        self.owner = owner
        self.residents = self.facts().people.keys()

    def facts(self) -> Facts:
        """As the tables say."""
        with closing(sqlite3.connect(self.path)) as database:
            ask = database.execute
            found: dict[str, dict[str, str]] = {}
            for where, who, role in ask(
                "SELECT integration, email, role FROM members UNION ALL"
                " SELECT integration, 'group:' || \"group\", role FROM group_members UNION ALL"
                " SELECT \"group\", email, 'member' FROM group_users"
            ):
                found.setdefault(where, {})[who] = role
            rows = ask("SELECT uuid, title, settings FROM integrations").fetchall()
            return Facts(
                {uuid: (title, bool(_setting(text))) for uuid, title, text in rows},
                dict(ask("SELECT uuid, name FROM groups").fetchall()),
                dict(ask("SELECT email, role FROM organization_users").fetchall()),
                found,
            )

    def support(self, plan: Plan, ids: Mapping[str, str]) -> int:
        """Removes individual Admins whom nobody declares as such: what support would do."""
        wanted = {
            (ids[key], who)
            for key, place in plan.integrations.items()
            if key in ids
            for who, grant in place.grants.items()
            if grant.role == "admin"
        }
        now = self.facts()
        gone = [
            (uuid, who)
            for uuid in sorted(now.integrations.keys() & set(ids.values()))
            for who in now.individual_admins(uuid) - {self.owner}
            if (uuid, who) not in wanted
        ]
        with closing(sqlite3.connect(self.path)) as database, database:
            database.executemany("DELETE FROM members WHERE integration = ? AND email = ?", gone)
        return len(gone)


def hire(database: sqlite3.Connection, colleague: str) -> None:
    """Makes the people of plans users of a colleague's organization."""
    add_users(database, colleague, PEOPLE)


def add_users(database: sqlite3.Connection, colleague: str, emails: Iterable[str]) -> None:
    database.executemany(
        "INSERT INTO organization_users (organization, email, role, created_at)"
        " SELECT organization, ?, 'MEMBER', created_at FROM organization_users WHERE email = ?",
        [(who, colleague) for who in emails],
    )


def race(client: Client, uuid: str) -> None:
    """Somebody changes an integration's members as another writes them."""
    now = members.of(client, uuid)
    (who, *_) = [who for who in PEOPLE if now.get(who) != "admin"] or PEOPLE
    if who in now:
        members.change(client, uuid, {}, [who])
    else:
        members.change(client, uuid, {who: "user"})


def _setting(text: str) -> Any:
    settings = json.loads(text)
    return settings.get("strictClientOnly", settings.get("strict_client_only"))


Somewhere = set[tuple[str, str]]
"""Who is where, as (uuid, principal)."""


def tracked(state: Iterable[Entry]) -> tuple[Somewhere, Somewhere, Mapping[tuple[str, str], str]]:
    """Who is somewhere by a state's resources; those that are to be kept; and lists of members by URN."""
    found, kept = set(), set()
    lists: dict[tuple[str, str], str] = {}
    for entry in state:
        outputs = entry.outputs
        holder = str(outputs.get("integration") or outputs.get("group"))
        by_list = {(holder, who) for who in ListedRoles.of(outputs.get("members")).roles}
        lists |= dict.fromkeys(by_list, entry.urn)
        found |= by_list | {(holder, who) for who in outputs.get("users") or {}}
        if "live_role" in outputs:
            who = outputs.get("user") or f"group:{outputs['group']}"
            found.add((holder, who))
            kept |= {(holder, who)} if outputs.get("on_delete") == "keep" else set()
    return found, kept, lists


@dataclass(frozen=True)
class Before:
    """What was so before an `up`."""

    facts: Facts
    tracked: Somewhere
    kept: Somewhere
    lists: Mapping[tuple[str, str], str]
    """URN of the list of members that holds somebody."""
    let_go: Somewhere = field(default_factory=set)
    """Those in lists that the program has no more."""


def require_declared(plan: Plan, ids: Mapping[str, str], before: Before, remote: Remote) -> None:
    """After a successful `up` the API holds what is declared, and what nobody declared stays."""
    now = remote.facts()
    assert Counter(now.integrations.values()) == Counter(
        (f"{key} {place.title}", place.strict) for key, place in plan.integrations.items()
    )
    assert now.integrations.keys() == {ids[key] for key in plan.integrations}
    assert dict(now.groups) == {ids[key]: f"{key} {place.title}" for key, place in plan.groups.items()}
    assert {who: role for who, role in now.people.items() if who in HIRED} == plan.hired
    program = plan.program()
    urns = {one.urn for one in program} | {urn(one.provider, one.alias) for one in program}
    let_go = {where for where, listed in before.lists.items() if listed not in urns}
    for key, place in {**plan.integrations, **plan.groups}.items():
        _require_members(place, ids, ids[key], replace(before, let_go=let_go), now, remote.owner)


def _require_members(
    place: Place, ids: Mapping[str, str], uuid: str, before: Before, now: Facts, owner: str
) -> None:
    group = uuid in now.groups
    declared = {
        f"group:{ids[who.removeprefix('group:')]}" if who.startswith("group:") else who: (
            "member" if group else grant.role
        )
        for who, grant in place.grants.items()
    }
    live, old = now.members.get(uuid, {}), before.facts.members.get(uuid, {})
    admins = before.facts.individual_admins(uuid) | (set() if group else {owner})
    theirs = {
        who
        for who in old
        if (uuid, who) not in before.tracked or (uuid, who) in before.kept
        if who in now.people or who.removeprefix("group:") in now.groups
    }
    must = admins & theirs if place.exclusive else theirs
    # A list that is taken out leaves its individual Admins.
    stay = {who for who in admins if (uuid, who) in before.let_go}
    may = {*declared, *must, *stay, *(admins if place.exclusive else {owner})}
    assert must <= live.keys(), f"lost: {must - live.keys()}"
    assert live.keys() <= may, f"not declared: {live.keys() - may}"
    assert declared.keys() <= live.keys(), f"not granted: {declared.keys() - live.keys()}"
    for who, role in live.items():
        wanted = declared.get(who, old.get(who, "admin"))
        assert role == wanted or (who in admins and role == "admin"), f"{who} is {role}, not {wanted}"
