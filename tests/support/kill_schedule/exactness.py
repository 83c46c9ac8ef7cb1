"""What a program declares and what the API's tables hold, in one form to compare."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.support.kill_schedule.program import DURATIONS, Deployment
from tests.support.stateful.program import HIRED, Place
from tests.support.types import CASES

Contents = dict[str, Counter[Any]]
"""Rows of each kind."""


def differences(found: Contents, wanted: Contents) -> list[str]:
    """What is held without being declared, and what is declared without being held."""
    return [
        f"{kind} {what}: {dict(rows)}"
        for kind in wanted
        for what, rows in (
            ("not declared", found[kind] - wanted[kind]),
            ("not held", wanted[kind] - found[kind]),
        )
        if rows
    ]


def declared(plan: Deployment, owner: str) -> Contents:
    """What the tables must hold, by names."""
    integrations: Counter[Any] = Counter()
    for key, place in plan.integrations.items():
        members = {_principal(plan, who): grant.role for who, grant in place.grants.items()}
        seconds = DURATIONS[plan.durations[key]] if key in plan.durations else None
        integrations[
            _title(key, place),
            place.provider,
            place.strict,
            seconds,
            len(CASES[place.provider].secrets),
            tuple(sorted({owner: "admin", **members}.items())),
        ] += 1
    groups = Counter((_title(key, place), tuple(sorted(place.grants))) for key, place in plan.groups.items())
    return {"integrations": integrations, "groups": groups, "people": Counter(plan.hired.items())}


def held(path: Path) -> Contents:
    """What they hold."""
    with closing(sqlite3.connect(path)) as database:
        ask = database.execute
        names = dict(ask("SELECT uuid, name FROM groups").fetchall())
        secrets = Counter(uuid for (uuid,) in ask("SELECT integration FROM integration_secrets"))
        members: dict[str, list[tuple[str, str]]] = {}
        for uuid, who, role in ask("SELECT integration, email, role FROM members"):
            members.setdefault(uuid, []).append((who, role))
        for uuid, group, role in ask('SELECT integration, "group", role FROM group_members'):
            members.setdefault(uuid, []).append((names[group], role))
        users: dict[str, list[str]] = {}
        for group, who in ask('SELECT "group", email FROM group_users'):
            users.setdefault(group, []).append(who)
        integrations: Counter[Any] = Counter()
        for uuid, title, provider, text in ask("SELECT uuid, title, provider, settings FROM integrations"):
            settings = json.loads(text)
            strict, seconds = bool(settings.get("strict_client_only")), settings.get("signed_url_expiry")
            who = tuple(sorted(members.pop(uuid, ())))
            integrations[title, provider, strict, seconds, secrets.pop(uuid, 0), who] += 1
        groups = Counter((name, tuple(sorted(users.pop(uuid, ())))) for uuid, name in names.items())
        people = dict(ask("SELECT email, role FROM organization_users").fetchall())
    left = {**members, **users, **secrets}
    assert not left, f"rows of nobody: {left}"
    hired = Counter((who, role) for who, role in people.items() if who in HIRED)
    return {"integrations": integrations, "groups": groups, "people": hired}


def uuids(path: Path) -> set[str]:
    """Of all integrations and groups."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT uuid FROM integrations UNION ALL SELECT uuid FROM groups")
        return {uuid for (uuid,) in rows}


def _title(key: str, place: Place) -> str:
    return f"{key} {place.title}"


def _principal(plan: Deployment, who: str) -> str:
    key = who.removeprefix("group:")
    return _title(key, plan.groups[key]) if key != who else who
