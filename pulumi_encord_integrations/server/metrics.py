"""What Prometheus reads of a server: requests, waits, refusals, and the ends of credentials.

No label holds an e-mail, a title or an id: they would be secrets of the organization, and without number.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pulumi_encord_integrations.model.limits import RATE_LIMITED
from pulumi_encord_integrations.server.request_context import RequestContext
from pulumi_encord_integrations.server.store import credential_ends
from pulumi_encord_integrations.server.store.credential_ends import Ends
from pulumi_encord_integrations.server.store.database import Database, DatabaseError, PoolTimeout

UNKNOWN = "unknown"
"""The route of what has none."""
FRESH_SECONDS = 60.0
"""How long one look at the database answers everybody who scrapes."""
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_log = logging.getLogger(__name__)


class Metrics:
    """The metrics of one application, in a registry of their own."""

    def __init__(self, database: Database) -> None:
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "encord_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "encord_request_seconds",
            "Seconds until the whole answer was sent.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._waits = Histogram(
            "encord_database_wait_seconds",
            "Seconds until a transaction began: waits for a connection and, of writes, for the lock.",
            ["kind"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._refused = Counter(
            "encord_refused", "Requests refused, by the code of the answer.", ["code"], registry=registry
        )
        self._replayed = Counter(
            "encord_replayed_answers",
            "Requests that came again and got their first answer.",
            registry=registry,
        )
        self._limited = Counter(
            "encord_rate_limited", "Requests beyond the limit of their identity.", registry=registry
        )
        self._federated = Counter(
            "encord_federated_tokens", "Tokens issued for tokens of an issuer.", registry=registry
        )
        Info("encord_build", "The version that serves.", registry=registry).info(
            {"version": version("pulumi-encord-integrations")}
        )
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self.registry.register(_Ending(database))

    def count(self, context: RequestContext, status: int, seconds: float) -> None:
        """One request that was answered; a status of 0 is for a caller who left before."""
        method = context.method if context.method in _METHODS else "other"
        route = context.route or UNKNOWN
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
        for kind, waited in context.waits:
            self._waits.labels(kind).observe(waited)
        if context.code:
            self._refused.labels(context.code).inc()
        if context.code == RATE_LIMITED:
            self._limited.inc()
        if context.replayed:
            self._replayed.inc()
        if context.federated:
            self._federated.inc()

    def serve(self, host: str, port: int) -> int:
        """Answers scrapes in daemon threads until the process ends; answers the port. Raises `OSError`."""
        # When each counter was made is a line more of each, which nobody reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        server, _thread = start_http_server(port, host, self.registry)
        return int(server.server_port)


@dataclass(eq=False)
class _Ending(Collector):
    """When credentials end, asked of the database at a scrape."""

    database: Database
    clock: Callable[[], float] = time.monotonic
    _known: Ends | None = None
    _asked_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def collect(self) -> Iterator[Metric]:
        found = self._ends()
        if found is None:
            return
        yield GaugeMetricFamily("encord_keys_ended", "Keys past their end that nobody revoked.", found.ended)
        yield _within("encord_keys_ending", "Active keys that end within the time.", found.keys)
        yield _within(
            "encord_credentials_ending",
            "Integrations whose credential ends within the time, or has ended; where its end is known.",
            found.integrations,
        )

    def describe(self) -> Iterator[Metric]:
        # Without it a registry asks the database to learn the names.
        yield from ()

    def _ends(self) -> Ends | None:
        """None if the database does not say; then scrapes have no such lines, rather than old ones."""
        with self._lock:
            if self.clock() - self._asked_at >= FRESH_SECONDS:
                self._asked_at, self._known = self.clock(), None
                try:
                    with self.database.read() as connection:
                        self._known = credential_ends.count(connection)
                except (DatabaseError, PoolTimeout) as error:
                    _log.warning("metrics: the database did not say when keys end: %s", type(error).__name__)
            return self._known


def _within(name: str, said: str, counts: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, said, labels=["within"])
    for within, count in counts.items():
        family.add_metric([within], count)
    return family
