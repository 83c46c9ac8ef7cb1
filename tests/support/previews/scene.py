"""One API in this process for many sequences, each of which begins with the same organization."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random

import httpx2

from pulumi_encord_integrations.client.client import Client
from tests.support.api import CREATOR, Api
from tests.support.previews.engine import ModelEngine
from tests.support.previews.organization import prepare
from tests.support.previews.sequences import sequence
from tests.support.stateful.invariants import Remote

_LASTING = ("current-organisation", "integration-principals")
"""How paths end whose answers no sequence changes."""


class Transport(httpx2.BaseTransport):
    """Refuses all but GET while it is told to; asks nothing twice as long as nothing was written."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner
        self._answers: dict[str, tuple[int, bytes]] = {}
        self.reading = False

    def forget(self) -> None:
        """Something was written, perhaps behind its back."""
        self._answers = {url: told for url, told in self._answers.items() if url.endswith(_LASTING)}

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert request.method == "GET" or not self.reading, f"a preview sent {request.method}"
        if request.method != "GET":
            self.forget()
            return self._inner.handle_request(request)
        url = str(request.url)
        if url not in self._answers:
            answer = self._inner.handle_request(request)
            self._answers[url] = answer.status_code, answer.read()
        status, content = self._answers[url]
        return httpx2.Response(status, content=content)


class Scene:
    """Sequences run one after the other."""

    def __init__(self, folder: Path) -> None:
        self.api = Api(folder)
        client = self.api.client()
        self.organization = prepare(self.api.path, client)
        self._first = sqlite3.connect(":memory:", check_same_thread=False)
        with closing(sqlite3.connect(self.api.path)) as database:
            database.backup(self._first)
        assert self.api.transport is not None
        self._transport = Transport(self.api.transport)
        self._client = Client(client.endpoint, client._credentials, self._transport)
        self._remote = Remote(self.api.path, client, CREATOR)

    def sequence(self, rng: Random, counted: Counter[str]) -> None:
        """One of the organization as it was at first; raises `Unnamed`."""
        with closing(sqlite3.connect(self.api.path)) as database:
            self._first.backup(database)
        engine = ModelEngine(lambda: self._client, self._reading)
        sequence(engine, self.organization, self._remote, rng, counted, self._transport.forget)

    def _reading(self, *, begins: bool) -> None:
        self._transport.reading = begins

    def close(self) -> None:
        self._first.close()
        self.api.close()
