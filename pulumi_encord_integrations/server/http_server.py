"""Serves an application over HTTP until a signal, and then ends within a deadline that holds."""

import asyncio
import logging
import os
import resource
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, cast

import uvicorn

from pulumi_encord_integrations.server.concurrency import call
from pulumi_encord_integrations.server.connections import MAX_CONNECTIONS, Connections
from pulumi_encord_integrations.server.http_protocol import BoundedHttpProtocol
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.traffic import Traffic
from pulumi_encord_integrations.server.vault import Vault

KEEP_ALIVE_SECONDS = 20
"""How long a connection without a request stays; more than the clients' own five seconds."""
REFUSING_SECONDS = 0.5
"""At the end: how long what is new is still answered, with a refusal."""
DRAIN_SECONDS = 7.0
"""At the end: how long what is running may take."""
USES_SECONDS = 5.0
"""How often the last uses of credentials are written, if there are any to write."""
_LAST_SECONDS = 1
"""Twice: for refusals to be told, and for connections to close. All four are less than ten."""


class DrainingServer(uvicorn.Server):
    """Answers what is new with a refusal once it ends, and what is running until a deadline."""

    def __init__(self, app: Any, listening: Callable[[], None]) -> None:
        self.room = Connections()
        config = uvicorn.Config(
            app,
            http=cast(Any, partial(BoundedHttpProtocol, room=self.room)),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_LAST_SECONDS,
        )
        super().__init__(config)
        self._traffic: Traffic = app.state.traffic
        self._database: Database = app.state.database
        self._vault: Vault = app.state.deployment.vault
        self._uses: asyncio.Task[None] | None = None
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._uses = asyncio.create_task(self._write_uses())
        self._listening()

    async def _write_uses(self) -> None:
        while True:
            await asyncio.sleep(USES_SECONDS)
            await self._written_uses()

    async def _written_uses(self) -> None:
        await call(self._write, limiter=self._traffic.lanes.writes)

    def _write(self) -> None:
        self._traffic.uses.write(self._database)
        self._traffic.refusals.write(self._database, self._vault, ending=self._traffic.draining)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._traffic.draining = True
        if self._uses is not None:
            self._uses.cancel()
        await self._until(lambda: not self.server_state.connections, REFUSING_SECONDS)
        await self._until(lambda: self._traffic.idle, DRAIN_SECONDS)
        self._traffic.give_up()
        await self._until(lambda: self._traffic.idle, _LAST_SECONDS)
        await asyncio.gather(self._write_last_uses(), super().shutdown(sockets))

    async def _write_last_uses(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._written_uses(), _LAST_SECONDS)

    async def _until(self, holds: Callable[[], bool], seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while not (holds() or self.force_exit) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)


def serve(
    app: Any, listener: socket.socket, listening: Callable[[], None], close: Callable[[], None]
) -> None:
    """Serves until a signal; `listening` is called once it does, `close` in the end."""
    _raise_file_limit()
    # Whoever sends what is no HTTP would fill the log with a line each.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    failed = True
    try:
        DrainingServer(app, listening).run(sockets=[listener])
        failed = False
    except KeyboardInterrupt:
        failed = False
        raise
    finally:
        if not failed and _busy():
            # Threads that wait for a cloud cannot be stopped, and the interpreter would wait for them.
            logging.shutdown()
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
            os._exit(0)
        close()


def _busy() -> bool:
    others = (one for one in threading.enumerate() if one is not threading.main_thread())
    return any(one.is_alive() and not one.daemon for one in others)


def _raise_file_limit() -> None:
    """Each connection is a file; the soft limit is often 1,024, the hard one more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * MAX_CONNECTIONS
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
