"""One API in this process for many stacks, each of which begins with the same few people and no state."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from pulumi_encord_integrations.client.client import Client
from tests.support.api import CREATOR, Api
from tests.support.stateful.engine_model import Engine
from tests.support.stateful.invariants import Remote, hire, race
from tests.support.stateful.stack import StackUnderTest
from tests.support.transport_faults import Faulty


class Deployment:
    """Stacks run one after the other."""

    def __init__(self, folder: Path) -> None:
        self.api = Api(folder)
        with closing(sqlite3.connect(self.api.path)) as database, database:
            hire(database, CREATOR)
        self._first = sqlite3.connect(":memory:", check_same_thread=False)
        with closing(sqlite3.connect(self.api.path)) as database:
            database.backup(self._first)

    def begin(self, counted: Counter[str]) -> StackUnderTest:
        """A stack on the API as it was at first."""
        with closing(sqlite3.connect(self.api.path)) as database:
            self._first.backup(database)
        client = self.api.client()
        assert self.api.transport is not None
        faulty = Faulty(self.api.transport, counted, lambda path: race(client, path.split("/")[-2]))
        engine = Engine(lambda: Client(client.endpoint, client._credentials, faulty), faulty.save)
        return StackUnderTest(engine, Remote(self.api.path, client, CREATOR), faulty, counted)

    def close(self) -> None:
        self._first.close()
        self.api.close()
