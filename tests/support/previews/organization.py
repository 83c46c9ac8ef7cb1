"""Random organizations: who may use what that no program declares, and how that changes behind its back."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_encord_integrations.client.client import Client
from tests.support.api import AWS, CREATOR
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
        return [uuid for title, uuid in self.integrations.items() for _ in range(1 if title == THEIRS else 6)]

    @contextmanager
    def behind(self) -> Iterator[sqlite3.Connection]:
        """To write to the database itself."""
        with closing(sqlite3.connect(self.path)) as database, database:
            database.execute("PRAGMA foreign_keys = ON")
            yield database


def prepare(path: Path, client: Client) -> Organization:
    """People, groups and integrations for all sequences, by the calls of an organization's admin."""
    with closing(sqlite3.connect(path)) as database, database:
        add_users(database, CREATOR, PEOPLE)
        query = "SELECT organization FROM organization_users WHERE email = ?"
        (home,) = database.execute(query, [CREATOR]).fetchone()
    crews = tuple(
        client.call("POST", "organisation/groups", body={"name": name})["groupHash"] for name in CREWS
    )
    made = {title: _made(client, title) for title in LIVING}
    organization = Organization(path, home, made, crews)
    with organization.behind() as database:
        database.execute("UPDATE integrations SET owner = ? WHERE uuid = ?", [PEOPLE[0], made[THEIRS]])
        database.execute("UPDATE members SET email = ? WHERE integration = ?", [PEOPLE[0], made[THEIRS]])
    return organization


def _made(client: Client, title: str) -> str:
    body = {**AWS, "title": title, "strictClientOnly": title == "Cirrus"}
    if LIVING[title] == "GCP":
        del body["roleArn"]
        body["provider"] = "GCP"
    return str(client.call("POST", "cloud-integrations", body=body)["integration"]["integrationUuid"])


def populate(organization: Organization, pick: Pick) -> None:
    """Gives random people and groups access."""
    with organization.behind() as database:
        for uuid in organization.groups:
            for who in PEOPLE:
                if pick((True, False, False)):
                    _enter(database, organization, uuid, who)
        for title, uuid in organization.integrations.items():
            for who in PEOPLE:
                if pick((True, False)):
                    _grant(database, organization, uuid, who, pick(ROLES))
            if title == THEIRS and pick((True, True, False)):
                _grant(database, organization, uuid, CREATOR, pick(ROLES))
            for crew in organization.groups:
                if pick((True, False, False)):
                    _share(database, uuid, crew, pick(ROLES))


def register(organization: Organization, pick: Pick) -> None:
    """Registers data with some integrations."""
    with organization.behind() as database:
        for uuid in _column(database, "SELECT uuid FROM integrations ORDER BY title, created_at"):
            _register(database, uuid, pick((0, 0, 1, 3)))


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


def _grant(database: sqlite3.Connection, organization: Organization, uuid: str, who: str, role: str) -> None:
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
    database.execute(
        "UPDATE integrations SET registered ="
        " (SELECT count(*) FROM registrations WHERE integration = integrations.uuid)"
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
