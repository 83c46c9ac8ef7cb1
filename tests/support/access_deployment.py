"""One API in this process for many drills, each of which begins with the same few people and no state."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from pulumi_encord_integrations.client import members
from pulumi_encord_integrations.client.client import Client
from tests.support.access_drill import Drill
from tests.support.access_plan import PEOPLE
from tests.support.access_world import World
from tests.support.api import CREATOR, Api
from tests.support.engine_model import Engine
from tests.support.faults import Faulty


class Deployment:
    """Drills run one after the other."""

    def __init__(self, folder: Path) -> None:
        self.api = Api(folder)
        with closing(sqlite3.connect(self.api.path)) as database, database:
            hire(database, CREATOR)
        self._first = sqlite3.connect(":memory:", check_same_thread=False)
        with closing(sqlite3.connect(self.api.path)) as database:
            database.backup(self._first)

    def begin(self, counted: Counter[str]) -> Drill:
        """A drill on the API as it was at first."""
        with closing(sqlite3.connect(self.api.path)) as database:
            self._first.backup(database)
        client = self.api.client()
        assert self.api.transport is not None
        faulty = Faulty(self.api.transport, counted, lambda path: race(client, path.split("/")[-2]))
        engine = Engine(lambda: Client(client.endpoint, client._credentials, faulty), faulty.save)
        return Drill(engine, World(self.api.path, client, CREATOR), faulty, counted)

    def close(self) -> None:
        self._first.close()
        self.api.database.close()


def hire(database: sqlite3.Connection, colleague: str) -> None:
    """Makes the people of plans users of a colleague's organization."""
    database.executemany(
        "INSERT INTO organization_users (organization, email, role, created_at)"
        " SELECT organization, ?, 'MEMBER', created_at FROM organization_users WHERE email = ?",
        [(who, colleague) for who in PEOPLE],
    )


def race(client: Client, uuid: str) -> None:
    """Somebody changes an integration's members as another writes them."""
    now = members.of(client, uuid)
    (who, *_) = [who for who in PEOPLE if now.get(who) != "admin"] or PEOPLE
    if who in now:
        members.change(client, uuid, {}, [who])
    else:
        members.change(client, uuid, {who: "user"})
