from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_encord_integrations.server.store.postgresql import PostgresqlDatabase
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.support import postgres
from tests.support.load.deployment import Deployment

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    """An API of two people that a process of its own is about to serve."""
    tmp_path.chmod(0o700)
    key, server = tmp_path / "encryption-key", None
    if request.param == SQLITE:
        file = tmp_path / "served.sqlite"
        made = Deployment(tmp_path, SqliteDatabase(file, create=True), ("--database", str(file)))
    else:
        programs = postgres.programs()
        if programs is None:
            pytest.skip("there is no PostgreSQL on this machine: neither /usr/lib/postgresql nor initdb")
        server = postgres.Server(programs)
        address = server.new(template="template0")
        database = PostgresqlDatabase(postgres.address_of(address), key, create=True)
        made = Deployment(tmp_path, database, ("--database", address, "--encryption-key", str(key)), server)
    made.fill(["mallory@example.com"])
    made.start()
    try:
        yield made
    finally:
        made.kill()
        made.database.close()
        if server:
            server.stop()
