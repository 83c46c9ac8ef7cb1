"""Random organizations: who may use what that no program declares, and how that changes behind its back."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.people import group
from tests.support.api import AWS, BOSS, CREATOR, Api
from tests.support.stateful.invariants import add_users
from tests.support.stateful.program import PEOPLE, Pick

LIVING = {"Atlas": "AWS", "Borealis": "GCP", "Cirrus": "AWS", "Dunes": "AWS"}
"""Title -> type of the integrations that are there before any program."""
THEIRS = "Dunes"
"""The one that the creator did not make."""
CREWS = ("Crew A", "Crew B", "Crew B")
"""Names of the groups that are there; two share one."""
ROLES = ("user", "user", "admin")


@dataclass(frozen=True)
class Organization:
    """The database of an API, met behind its back."""

    path: Path
    home: str
    """Its uuid."""
    integrations: dict[str, str]
    """Those that no program makes: title -> uuid."""
    groups: tuple[str, ...]

    @property
    def places(self) -> list[str]:
        """Their uuids; those that somebody else made are refused too often to be as frequent."""
        return [uuid for title, uuid in self.integrations.items() for _ in range(1 if title == THEIRS else 3)]

    @contextmanager
    def behind(self) -> Iterator[sqlite3.Connection]:
        """To write to the database itself."""
        with closing(sqlite3.connect(self.path)) as database, database:
            database.execute("PRAGMA foreign_keys = ON")
            yield database


def prepare(api: Api) -> Organization:
    """People, groups and integrations for all sequences."""
    with closing(sqlite3.connect(api.path)) as database, database:
        add_users(database, CREATOR, PEOPLE)
        (home,) = database.execute(
            "SELECT organization FROM organization_users WHERE email = ?", [CREATOR]
        ).fetchone()
    made = {}
    for title, kind in LIVING.items():
        settings: dict[str, Any] = {"title": title, "strictClientOnly": title == "Cirrus"}
        settings |= {"provider": kind, "roleArn": None} if kind != "AWS" else {}
        body = {name: value for name, value in {**AWS, **settings}.items() if value is not None}
        answer = api.send(who=BOSS if title == THEIRS else CREATOR, method="POST", body=body)
        assert answer.status == 200, answer.body
        made[title] = answer.body["integration"]["integrationUuid"]
    return Organization(api.path, home, made, tuple(group(api, name=name) for name in CREWS))


def populate(organization: Organization, pick: Pick) -> None:
    """Gives random people and groups access, and registers data."""
    with organization.behind() as database:
        for uuid in organization.groups:
            for who in PEOPLE:
                if pick((True, False, False)):
                    _enter(database, organization, uuid, who)
        for title, uuid in organization.integrations.items():
            _register(database, uuid, pick((0, 0, 1, 3)))
            for who in PEOPLE:
                if pick((True, False)):
                    _grant(database, organization, uuid, who, pick(ROLES))
            if title == THEIRS and pick((True, True, False)):
                _grant(database, organization, uuid, CREATOR, pick(ROLES))
            for crew in organization.groups:
                if pick((True, False, False)):
                    _share(database, uuid, crew, pick(ROLES))


def drift(organization: Organization, pick: Pick) -> None:
    """One thing that somebody does behind the back of a program."""
    with organization.behind() as database:
        integrations = _column(database, "SELECT uuid FROM integrations ORDER BY title, created_at")
        groups = _column(database, "SELECT uuid FROM groups ORDER BY name, created_at")
        if integrations and groups:
            pick(_DRIFTS)(database, organization, pick(integrations), pick(groups), pick)


def _column(database: sqlite3.Connection, query: str) -> list[Any]:
    return [row[0] for row in database.execute(query)]


def _enter(database: sqlite3.Connection, organization: Organization, uuid: str, who: str) -> None:
    database.execute("INSERT OR IGNORE INTO group_users VALUES (?, ?, ?)", [uuid, organization.home, who])


def _grant(
    database: sqlite3.Connection, organization: Organization, uuid: str, who: str, role: str
) -> None:
    row = [uuid, organization.home, who, role]
    database.execute("INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?)", row)


def _share(database: sqlite3.Connection, uuid: str, crew: str, role: str) -> None:
    database.execute("INSERT OR REPLACE INTO group_members VALUES (?, ?, ?)", [uuid, crew, role])


def _register(database: sqlite3.Connection, uuid: str, count: int) -> None:
    database.executemany(
        "INSERT OR IGNORE INTO registrations VALUES"
        " (?, ?, ?, 'IMAGE', '[]', NULL, NULL, '{}', ?, '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
        [[uuid, f"{number:064}", f"{number:036}", CREATOR] for number in range(count)],
    )


Drift = Callable[[sqlite3.Connection, Organization, str, str, Pick], None]


def _join(
    database: sqlite3.Connection, organization: Organization, uuid: str, _crew: str, pick: Pick
) -> None:
    _grant(database, organization, uuid, pick(PEOPLE), pick(ROLES))


def _leave(
    database: sqlite3.Connection, _organization: Organization, uuid: str, _crew: str, pick: Pick
) -> None:
    """Also of an Admin, as support does."""
    database.execute("DELETE FROM members WHERE integration = ? AND email = ?", [uuid, pick(PEOPLE)])


def _share_anew(
    database: sqlite3.Connection, _organization: Organization, uuid: str, crew: str, pick: Pick
) -> None:
    _share(database, uuid, crew, pick(ROLES))


def _unshare(
    database: sqlite3.Connection, _organization: Organization, uuid: str, crew: str, _pick: Pick
) -> None:
    database.execute('DELETE FROM group_members WHERE integration = ? AND "group" = ?', [uuid, crew])


def _enter_somebody(
    database: sqlite3.Connection, organization: Organization, _uuid: str, crew: str, pick: Pick
) -> None:
    _enter(database, organization, crew, pick(PEOPLE))


def _register_more(
    database: sqlite3.Connection, _organization: Organization, uuid: str, _crew: str, pick: Pick
) -> None:
    _register(database, uuid, pick((1, 2, 5)))


def _promote(
    database: sqlite3.Connection, _organization: Organization, uuid: str, _crew: str, _pick: Pick
) -> None:
    """Everybody, as people who join in the app."""
    database.execute("UPDATE members SET role = 'admin' WHERE integration = ?", [uuid])


def _delete_group(
    database: sqlite3.Connection, _organization: Organization, _uuid: str, crew: str, _pick: Pick
) -> None:
    database.execute("DELETE FROM groups WHERE uuid = ?", [crew])


def _delete_integration(
    database: sqlite3.Connection, _organization: Organization, uuid: str, _crew: str, _pick: Pick
) -> None:
    database.execute("DELETE FROM integrations WHERE uuid = ?", [uuid])


_COMMON: tuple[Drift, ...] = (_join, _join, _leave, _share_anew, _unshare, _enter_somebody, _register_more)
_DRIFTS: tuple[Drift, ...] = (*_COMMON, *_COMMON, *_COMMON, _promote, _delete_group, _delete_integration)
