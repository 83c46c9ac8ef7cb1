"""The served API on a free loopback port of this process, counting the requests that reach it."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from bench.people import add_people
from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.model.private_files import write_once
from pulumi_encord_integrations.server import initialization, keys
from pulumi_encord_integrations.server.app import create_app
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase


@dataclass
class Served:
    address: str
    key_file: Path
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each request."""

    @property
    def requests(self) -> int:
        return len(self.calls)


@contextmanager
def counting_api(folder: Path, people: Sequence[str] = ()) -> Iterator[Served]:
    """Serves a new organization of an admin and other people until the block ends."""
    folder.mkdir(mode=0o700, parents=True)
    database = SqliteDatabase(folder / "encord.sqlite", create=True)
    vault = initialization.open_served(database, create=True)
    key_file = folder / "key"
    write_once(key_file, keys.new_key())
    public_key = keys.public_key_of(key_file.read_bytes())
    initialization.make_organization(database, vault, "bench", "ada@example.com", public_key)
    add_people(database, people)
    app = create_app(Deployment(vault, Principals()), database)
    served = Served("", key_file)

    async def counted(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            served.calls.append((scope["method"], scope["path"]))
        await app(scope, receive, send)

    server = uvicorn.Server(uvicorn.Config(counted, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    served.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield served
    finally:
        server.should_exit = True
        thread.join()
