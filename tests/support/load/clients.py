"""Honest clients: each writes what it alone may write, and knows every answer beforehand."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import func, select

from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import Database
from tests.support.api import AWS
from tests.support.load.deployment import ADMIN, Deployment

WRITES = 0.2
"""Of all requests."""


@dataclass
class Seen:
    """What one client was answered."""

    seconds: list[float] = field(default_factory=list)
    written: int = 0
    """Changes that were acknowledged."""
    wrong: list[str] = field(default_factory=list)


@dataclass
class Crowd:
    """Clients at work, each in a thread, on integrations of their own."""

    deployment: Deployment
    count: int
    seed: int
    seen: dict[str, Seen] = field(default_factory=dict)
    """By the uuid of the integration."""
    _end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Works until the block ends; raises what any of them raised."""
        with ThreadPoolExecutor(self.count) as pool:
            running = [pool.submit(self._client, number) for number in range(self.count)]
            try:
                yield
            finally:
                self._end.set()
            for one in running:
                one.result()

    def _client(self, number: int) -> None:
        rng = Random(f"{self.seed} {number}")
        signer = Signer(self.deployment.keys[ADMIN])
        # However often the server is away: the time of a call is bounded all the same.
        with closing(Client(self.deployment.address, signer, attempts=100)) as client:
            made = client.call("POST", "cloud-integrations", body={**AWS, "title": f"client {number}"})
            uuid = made["integration"]["integrationUuid"]
            seen = self.seen[uuid] = Seen()
            title = f"client {number}"
            while not self._end.is_set():
                begun = time.monotonic()
                if rng.random() < WRITES:
                    title = f"client {number} change {seen.written}"
                    answer = client.call("PATCH", f"cloud-integrations/{uuid}", body={"title": title})
                    seen.written += 1
                else:
                    answer = client.call("GET", f"cloud-integrations/{uuid}")
                seen.seconds.append(time.monotonic() - begun)
                if answer["title"] != title:
                    seen.wrong.append(f"{answer['title']} for {title}")


def differences(crowd: Crowd, database: Database) -> list[str]:
    """Where answers were wrong, or the rows are not what was acknowledged."""
    found = [f"{uuid}: {said}" for uuid, seen in crowd.seen.items() for said in seen.wrong]
    c = t.audit.c
    with database.read() as connection:
        query = select(c.object, func.count()).where(c.action == "integration.update").group_by(c.object)
        changes: dict[str, int] = {row.object: row[1] for row in connection.execute(query)}
        living = set(connection.scalars(select(t.integrations.c.uuid)))
    found += [
        f"{uuid}: {changes.get(uuid, 0)} changes in the trail, {seen.written} acknowledged"
        for uuid, seen in crowd.seen.items()
        if changes.get(uuid, 0) != seen.written
    ]
    return found + [f"{uuid} is there twice or not at all" for uuid in living ^ crowd.seen.keys()]


def percentile(seconds: Sequence[float], share: float) -> float:
    """The value that this share of all stays below."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def told(what: str, crowd: Crowd, seconds: float) -> str:
    """A line for the end of the run."""
    all_: list[float] = [one for seen in crowd.seen.values() for one in seen.seconds]
    written = sum(seen.written for seen in crowd.seen.values())
    memory = crowd.deployment.peak / 1024**2
    return (
        f"{what}: {crowd.count} clients, {len(all_) / seconds:.0f} requests/s, {written} writes, "
        f"p50 {percentile(all_, 0.5) * 1000:.0f} ms, p99 {percentile(all_, 0.99) * 1000:.0f} ms, "
        f"server at most {memory:.0f} MiB"
    )


def latencies(crowd: Crowd, since: dict[str, Any]) -> list[float]:
    """The seconds of requests answered since `mark`."""
    return [one for uuid, seen in crowd.seen.items() for one in seen.seconds[since.get(uuid, 0) :]]


def mark(crowd: Crowd) -> dict[str, Any]:
    """Where `latencies` begin."""
    return {uuid: len(seen.seconds) for uuid, seen in crowd.seen.items()}
