"""The floor of a served API in Python: a bare FastAPI application on an SQLite file, without users or rules.

`python -m bench.bare FILE` serves it and prints its port.
"""

import json
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import Body, FastAPI, Response

from pulumi_encord_integrations.server.store.sqlite import journal_mode


@contextmanager
def opened(path: str) -> Iterator[sqlite3.Connection]:
    """A connection that keeps writes as the API does."""
    mode, synchronous = journal_mode(sqlite3.sqlite_version_info)
    connection = sqlite3.connect(path, timeout=15, isolation_level=None)
    try:
        connection.execute(f"PRAGMA journal_mode={mode}")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        yield connection
    finally:
        connection.close()


def application(path: str) -> FastAPI:
    """One row by its id: read it, change it."""
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.get("/things/{id_}")
    def read(id_: int) -> Response:
        with opened(path) as connection:
            (text,) = connection.execute("SELECT text FROM things WHERE id = ?", (id_,)).fetchone()
        return Response(text, media_type="application/json")

    @app.patch("/things/{id_}")
    def change(id_: int, body: dict[str, Any] = Body()) -> Response:  # noqa: B008
        with opened(path) as connection:
            connection.execute("BEGIN IMMEDIATE")
            (text,) = connection.execute("SELECT text FROM things WHERE id = ?", (id_,)).fetchone()
            changed = json.dumps(json.loads(text) | body)
            connection.execute("UPDATE things SET text = ? WHERE id = ?", (changed, id_))
            connection.execute("COMMIT")
        return Response(changed, media_type="application/json")

    return app


def main(path: str) -> None:
    """Serves a file until a signal ends it."""
    with opened(path) as connection:
        connection.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
        row = (1, json.dumps({"title": "bench", "padding": "x" * 1000}))
        connection.execute("INSERT INTO things VALUES (?, ?)", row)
    # asyncio turns Nagle's algorithm off only where the protocol is named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(application(path), log_config=None, access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1])
