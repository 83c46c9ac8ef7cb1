"""The API on a loopback port of its own, for as long as a test needs it."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.client.auth import Signer, parse_key
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.server import initialization, keys
from pulumi_encord_integrations.server.app import create_app
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.store import organizations
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.support import api


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@dataclass
class Served:
    """A running API, and the private key of its organization's admin."""

    endpoint: str
    database: Database
    key: bytes = field(repr=False)
    key_id: str

    def new_organization(self, admin: str) -> bytes:
        """One more organization; answers its admin's private key."""
        key = keys.new_key()
        with self.database.write() as connection:
            uuid = organizations.create(connection, "another", self.key_id)
            organizations.add_user(connection, uuid, admin, "ADMIN")
            organizations.add_key(connection, uuid, admin, keys.public_key_of(key))
        return key

    def living(self) -> set[str]:
        """uuids of all integrations that the first organization's admin may view."""
        with closing(Client(self.endpoint, Signer(parse_key(self.key, "the test's key")))) as client:
            return {view.uuid for view in integrations.search(client)}


@contextmanager
def served(
    database_file: Path, admin: str = "ada@example.com", before: Callable[[Any], Any] = lambda app: app
) -> Iterator[Served]:
    """Serves a new database until left; `before` may put something before the application."""
    key = keys.new_key()
    database = SqliteDatabase(database_file, create=True)
    vault = initialization.open_served(database, create=True)
    initialization.make_organization(database, vault, "acme", admin, keys.public_key_of(key))
    try:
        with api.served(before(create_app(Deployment(vault), database))) as endpoint:
            yield Served(endpoint, database, key, vault.key_id)
    finally:
        database.close()
