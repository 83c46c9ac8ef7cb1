"""The API with a cast of users: inside this process, or served over loopback HTTP."""

import atexit
import copy
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import httpx2
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from sqlalchemy import delete, insert, text
from starlette.datastructures import State

from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.model.audit import OPERATOR
from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.server import initialization
from pulumi_encord_integrations.server.app import create_app
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.store import audit, organizations
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.postgresql import PostgresqlDatabase
from pulumi_encord_integrations.server.store.revision import encryption_key_file
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from pulumi_encord_integrations.server.traffic import Traffic
from pulumi_encord_integrations.server.vault import Vault
from tests.support.postgres import address_of

CREATOR = "ada@example.com"  # organization admin who makes the integrations
MEMBER = "mia@example.com"  # member of the integration, in the role user
OUTSIDER = "otto@example.com"  # of the organization, not of the integration
BOSS = "bea@example.com"  # organization admin who has not joined
REMOVED = "rex@example.com"  # removed from the organization; the key is still there
FOREIGNER = "fay@example.org"  # admin of another organization
NOBODY = "a key that nobody owns"
CAST = (CREATOR, MEMBER, OUTSIDER, BOSS, REMOVED, FOREIGNER, NOBODY)

PRINCIPALS = Principals(
    principal_arn="arn:aws:iam::111122223333:user/encord",
    service_account_email="encord@acme.iam.gserviceaccount.com",
    application_id="2b1f6f3e-52b1-4a1c-8f4e-1a2b3c4d5e6f",
    origins=["https://app.test"],
)
INTEGRATIONS = "/v2/public/cloud-integrations"
AWS = {
    "provider": "AWS",
    "title": "Prod images",
    "roleArn": "arn:aws:iam::123456789012:role/encord-prod",
    "buckets": [{"name": "acme-training"}],
}


@dataclass(frozen=True)
class Answer:
    """Status, decoded body and headers of one request."""

    status: int
    body: Any
    headers: httpx2.Headers

    @property
    def code(self) -> str:
        return str(self.body["code"])

    @property
    def refusal(self) -> tuple[int, str]:
        return self.status, self.code


NAME = "api.sqlite"


def public(key: Ed25519PrivateKey) -> str:
    """The public key in hexadecimal, as the API keeps it."""
    return key.public_key().public_bytes_raw().hex()


@cache
def _keys() -> dict[str, Ed25519PrivateKey]:
    return {who: Ed25519PrivateKey.generate() for who in CAST}


@cache
def _founded() -> Path:
    """The folder of a database with its cast and its key; copying it is faster than making one."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    database = SqliteDatabase(folder / NAME, create=True)
    found(database, initialization.open_served(database, create=True))
    database.close()
    return folder


def found(database: Database, vault: Vault) -> None:
    """Two organizations and their people, unless they are there."""
    keys = {who: public(key) for who, key in _keys().items()}
    if not initialization.make_organization(database, vault, "Acme", CREATOR, keys[CREATOR]):
        return
    with database.write() as connection:
        acme = organizations.first(connection)
        assert acme
        for who, role in ((MEMBER, "MEMBER"), (OUTSIDER, "MEMBER"), (BOSS, "ADMIN"), (REMOVED, "MEMBER")):
            organizations.add_user(connection, acme.uuid, who, role)
            organizations.add_key(connection, acme.uuid, who, keys[who])
        users = t.organization_users
        connection.execute(delete(users).where(users.c.email == REMOVED))
        other = organizations.create(connection, "Other", vault.key_id)
        organizations.add_user(connection, other, FOREIGNER, "ADMIN")
        organizations.add_key(connection, other, FOREIGNER, keys[FOREIGNER])
        action = "organization.create"
        audit.record(connection, vault, organization=other, actor=OPERATOR, action=action, object_=other)


@cache
def _prototype() -> FastAPI:
    return create_app(cast("Any", None), cast("Any", None))


def application(vault: Vault, database: Database) -> FastAPI:
    """What `create_app` makes; its routes, which take longer to make than most tests, are made once."""
    app = copy.copy(_prototype())
    app.state = State(
        {"deployment": Deployment(vault, PRINCIPALS), "database": database, "traffic": Traffic()}
    )
    app.router = copy.copy(app.router)
    app.router.routes = list(app.router.routes)
    app.openapi_schema = None
    vars(app).pop("openapi_json", None)
    return app


class Api:
    """One deployment on a file, its cast, and ways to call it."""

    def __init__(self, folder: Path, postgresql: str | None = None) -> None:
        self.path = folder / NAME
        self._address = postgresql
        self.keys = dict(_keys())
        shutil.copy(encryption_key_file(_founded() / NAME), encryption_key_file(self.path))
        if postgresql is None:
            shutil.copy(_founded() / NAME, self.path)
        self._databases: list[Database] = []
        self.database = self._opened(create=True)
        self.vault: Vault = initialization.open_served(self.database, create=True)
        found(self.database, self.vault)
        self.app = application(self.vault, self.database)
        self._http: dict[str, httpx2.Client] = {}
        self._clients: list[Client | httpx2.Client] = []
        self.endpoint = "http://embedded"
        self.transport: httpx2.BaseTransport | None = in_process(self.app)

    def _opened(self, *, create: bool) -> Database:
        if self._address is None:
            return self.use(SqliteDatabase(self.path, create=create))
        address, key_file = address_of(self._address), encryption_key_file(self.path)
        return self.use(PostgresqlDatabase(address, key_file, create=create))

    def use(self, database: Database) -> Database:
        """The database, which is closed with the API."""
        self._databases.append(database)
        return database

    def public_key(self, who: str) -> str:
        return public(self.keys[who])

    def restarted(self) -> "Api":
        """The same file and people under a new application, as after a restart."""
        again = object.__new__(Api)
        again.__dict__.update(self.__dict__)
        again.database = self._opened(create=False)
        again.vault = initialization.open_served(again.database)
        again.app = application(again.vault, again.database)
        again.transport, again._http = in_process(again.app), {}
        return again

    def client(self, who: str = CREATOR, **more: Any) -> Client:
        """A client that is closed with the API."""
        made = Client(self.endpoint, Signer(self.keys[who]), self.transport, **more)
        self._clients.append(made)
        return made

    def close(self) -> None:
        """Closes the clients and the databases, those of a restarted API too."""
        for opened in (*self._clients, *self._databases):
            opened.close()

    def http(self) -> httpx2.Client:
        """The one HTTP client of the endpoint; without the TLS set-up, which is slow and not needed here."""
        known = self._http.get(self.endpoint)
        if known is None:
            known = httpx2.Client(base_url=self.endpoint, transport=self.transport, timeout=60, verify=False)
            self._http[self.endpoint] = known
            self._clients.append(known)
        return known

    def send(self, request: httpx2.Request | None = None, **how: Any) -> Answer:
        """One raw request; nothing is retried or turned into an error."""
        response = self.http().send(request or self.request(**how))
        return Answer(response.status_code, response.json(), response.headers)

    def request(
        self,
        who: str = CREATOR,
        method: str = "GET",
        path: str = INTEGRATIONS,
        body: Any = None,
        query: Any = None,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> httpx2.Request:
        """A signed request, to be sent once, twice or altered."""
        # Signing needs no connection; a transport of its own spares the TLS set-up.
        client = Client(
            self.endpoint, Signer(self.keys[who]), httpx2.MockTransport(lambda _: httpx2.Response(500))
        )
        return client._request(method, path.removeprefix("/v2/public/"), query, body, more)

    def create(self, who: str = CREATOR, **more: Any) -> Any:
        """A new integration; answers its object."""
        answer = self.send(who=who, method="POST", body={**AWS, **more})
        assert answer.status == 200, answer.body
        return answer.body["integration"]

    def add_member(self, uuid: str, who: str, role: str = "user") -> None:
        with self.database.write() as connection:
            found = organizations.first(connection)
            row = {"integration": uuid, "organization": found and found.uuid, "email": who, "role": role}
            connection.execute(insert(t.members), row)

    def rows(self, table: str) -> Sequence[Any]:
        with self.database.read() as connection:
            return connection.execute(text(f"SELECT * FROM {table}")).all()


class _Server:
    """A server on a free loopback port, which serves one application after the other."""

    def __init__(self) -> None:
        self.app: FastAPI | None = None
        config = uvicorn.Config(
            self._serve, interface="asgi3", lifespan="off", host="127.0.0.1", port=0, log_level="warning"
        )
        self._server = uvicorn.Server(config)
        thread = threading.Thread(target=self._server.run, daemon=True)
        thread.start()
        while not self._server.started:
            assert thread.is_alive()
            thread.join(0.01)
        listening = self._server.servers[0]
        self._loop = listening.get_loop()
        self.address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        assert self.app
        await self.app(scope, receive, send)

    def drained(self) -> bool:
        """Closes every connection once its request is answered; False if that takes over ten seconds."""
        state = self._server.server_state
        self._loop.call_soon_threadsafe(lambda: [one.shutdown() for one in list(state.connections)])
        deadline = time.monotonic() + 10
        while state.connections or state.tasks:
            if time.monotonic() > deadline:
                self._server.should_exit = True
                return False
            time.sleep(0.001)
        return True


_idle: list[_Server] = []


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of the app on a loopback port, until the block ends."""
    # A server takes a tenth of a second to end, so it is kept for the next block.
    server = _idle.pop() if _idle else _Server()
    server.app = app
    try:
        yield server.address
    finally:
        if server.drained():
            server.app = None
            _idle.append(server)
