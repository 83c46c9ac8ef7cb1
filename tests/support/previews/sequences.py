"""Random sequences: an organization, a program, its changes, each with a preview before the `up`."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import httpx2

from pulumi_encord_integrations.client.client import Client
from tests.support.api import CREATOR, Api
from tests.support.previews import changes, judge
from tests.support.previews.engine import PreviewingEngine
from tests.support.previews.organization import drift, populate, prepare
from tests.support.previews.program import Plan
from tests.support.stateful.invariants import Remote
from tests.support.transport_faults import Failed

REF = Counter()
LASTING = ("current-organisation", "integration-principals")
"""How paths end whose answers no sequence changes."""


class Unnamed(AssertionError):
    """An `up` did what its preview did not name."""


class Transport(httpx2.BaseTransport):
    """Refuses all but GET while it is told to; asks nothing twice as long as nothing was written."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner
        self._answers: dict[str, tuple[int, bytes]] = {}
        self.reading = False

    def forget(self) -> None:
        """Something was written, perhaps behind its back."""
        self._answers = {url: told for url, told in self._answers.items() if url.endswith(LASTING)}

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
    """One API in this process, on which sequences run one after the other."""

    def __init__(self, folder: Path) -> None:
        self.api = Api(folder)
        self.organization = prepare(self.api)
        self._first = sqlite3.connect(":memory:", check_same_thread=False)
        with closing(sqlite3.connect(self.api.path)) as database:
            database.backup(self._first)
        assert self.api.transport is not None
        self.transport = Transport(self.api.transport)
        client = self.api.client()
        self._connect: Callable[[], Client] = lambda: Client(
            client.endpoint, client._credentials, self.transport
        )
        self.remote = Remote(self.api.path, client, CREATOR)

    def sequence(self, rng: Random, counted: Counter[str]) -> None:
        """Some deployments from an empty state; raises `Unnamed`."""
        with closing(sqlite3.connect(self.api.path)) as database:
            self._first.backup(database)
        populate(self.organization, rng.choice)
        self.transport.forget()
        engine = PreviewingEngine(self._connect)
        plan = Plan()
        counted["sequences"] += 1
        for number in range(2):
            change = changes.change if plan.places else lambda _plan, *more: changes.begin(*more)
            for _ in range(3):
                wanted = change(plan, self.organization, rng.choice)
                if self._deployed(engine, wanted, counted):
                    plan = wanted
                    break
            for _ in range(rng.choice((0, 1, 3))):
                drift(self.organization, rng.choice)
            self.transport.forget()

    def _deployed(self, engine: PreviewingEngine, plan: Plan, counted: Counter[str]) -> bool:
        """Whether the preview was good enough to go on."""
        program = plan.program()
        before = judge.moment(self.remote, engine.state)
        self.transport.reading = True
        preview = engine.plan(program)
        self.transport.reading = False
        if preview.refusal:
            counted["refused"] += 1
            REF[preview.refusal.replace(chr(34),"")] += 1
            return False
        error = ""
        try:
            engine.up(program)
        except Failed as failed:
            error = str(failed)
        after = judge.moment(self.remote, engine.state)
        counted["deployed"] += 1
        if found := judge.unnamed(before, after, preview):
            raise Unnamed("\n".join(found))
        if error:
            raise Unnamed(f"refused in `up` alone: {error}")
        return True

    def close(self) -> None:
        self._first.close()
        self.api.close()
