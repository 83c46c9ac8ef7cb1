"""Migrates databases in processes that are killed at a step: `python -m tests.support.killed_migration`.

Each line of its input is a database and the number of a step. It answers `killed`, or how many steps there
are for one that is beyond them.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from pulumi_encord_integrations.model.databases import PostgresqlAddress
from pulumi_encord_integrations.server.store import migrations
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.postgresql import PostgresqlDatabase
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from pulumi_encord_integrations.server.vault import KEY_BYTES, Vault

KEY_ID = Vault(bytes(KEY_BYTES)).key_id
"""Of the key that every such database is sealed with."""
_READS = ("SELECT", "PRAGMA", "SHOW", "BEGIN")


def opened(place: str) -> Database:
    """The database of an address or in a file, which need not exist."""
    address = PostgresqlAddress.read(place)
    if address is None:
        database: Database = SqliteDatabase(Path(place), create=True)
    else:
        database = PostgresqlDatabase(address, Path("key"), create=True)
        # It would lie beside the key.
        database.keeps_copy = False
    database._vault = Vault(bytes(KEY_BYTES))
    return database


class _Death:
    """Comes right before a statement that writes, or before the commit."""

    def __init__(self, engine: Engine, step: int) -> None:
        self.left, self.seen = step, 0
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", self._comes)

    def _statement(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(_READS):
            self._comes()

    def _comes(self, *_: Any) -> None:
        if self.seen == self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen += 1


def _migrate(place: str, step: int) -> None:
    database = opened(place)
    death = _Death(database._engine, step)
    with database.write() as connection:
        migrations.upgrade(connection, audit_key=lambda: database.vault.audit_key)
    database.close()
    print(death.seen, flush=True)


def main() -> None:
    """Answers line by line."""
    for line in sys.stdin:
        place, step = line.split()
        child = os.fork()
        if not child:
            try:
                _migrate(place, int(step))
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            print("killed", flush=True)


if __name__ == "__main__":
    main()
