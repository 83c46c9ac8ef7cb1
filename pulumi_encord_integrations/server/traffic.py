"""What of an application is shared by all requests: its lanes, its bounds, and whether it is ending."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakKeyDictionary

from anyio import CancelScope, CapacityLimiter

from pulumi_encord_integrations.server.concurrency import INLINE
from pulumi_encord_integrations.server.credential_use import CredentialUses
from pulumi_encord_integrations.server.errors import Overloaded, TooManyRequests
from pulumi_encord_integrations.server.rates import Rates
from pulumi_encord_integrations.server.refusal_bounds import RefusalBounds
from pulumi_encord_integrations.server.request_bodies import BodyBudget, Lingering

CLOUD_CALLS = 12
"""Requests that ask clouds at once; each may wait for as long as a cloud does."""
CLOUD_CALLS_OF_ONE = 4
"""The same of one caller."""
EXCHANGES = 32
"""Tokens of issuers that are verified at once, those that wait for a thread among them."""
EXCHANGING = 8
"""Threads that verify them."""
WRITERS = 10
"""Threads of requests that write."""
WRITERS_OF_ONE = 6
"""The same of one caller, whose other requests wait."""
T = TypeVar("T")


@dataclass
class _Turns:
    """Of one caller."""

    limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(WRITERS_OF_ONE))
    wanted: int = 0


@dataclass(frozen=True)
class Lanes:
    """Threads by what is waited for in them, so that one kind of request never waits behind another.

    Together they are fewer than the connections that a database gives.
    """

    reads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(14))
    writes: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(WRITERS))
    clouds: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(CLOUD_CALLS))
    exchanges: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(EXCHANGING))
    """Of tokens, which wait for their issuers and hold no connection meanwhile."""
    health: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    parsing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """Of large bodies: nothing else in the process runs while one of them is parsed."""
    _turns: dict[str, _Turns] = field(default_factory=dict)

    @asynccontextmanager
    async def writer(self, caller: str) -> AsyncIterator[None]:
        """A request that may write; those of one caller do not take all the threads."""
        turns = self._turns.setdefault(caller, _Turns())
        turns.wanted += 1
        try:
            async with turns.limiter:
                yield
        finally:
            turns.wanted -= 1
            if not turns.wanted:
                self._turns.pop(caller, None)


@dataclass
class Traffic:
    """The requests of one application that are being answered."""

    bodies: BodyBudget = field(default_factory=BodyBudget)
    lingering: Lingering = field(default_factory=Lingering)
    rates: Rates = field(default_factory=Rates)
    uses: CredentialUses = field(default_factory=CredentialUses)
    refusals: RefusalBounds = field(default_factory=RefusalBounds)
    draining: bool = False
    """Whether the server is ending: what is new is refused, so that its client asks the next one."""
    _cloud_calls: Counter[str] = field(default_factory=Counter)
    _exchanges: int = 0
    _lanes: "WeakKeyDictionary[asyncio.AbstractEventLoop, Lanes]" = field(default_factory=WeakKeyDictionary)
    _running: set[CancelScope] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def lanes(self) -> Lanes:
        """Those of the running event loop."""
        loop = asyncio.get_running_loop()
        with self._lock:
            lanes = self._lanes.get(loop)
            if lanes is None:
                lanes = self._lanes[loop] = Lanes()
            return lanes

    @property
    def idle(self) -> bool:
        """Whether nothing is being answered."""
        return not self._running

    async def answer(self, respond: Callable[[], Awaitable[T]]) -> T:
        """What `respond` answers, unless the server ends; raises `Overloaded`."""
        if INLINE.get():
            return await respond()
        if self.draining:
            raise _ending()
        with CancelScope() as scope:
            self._running.add(scope)
            try:
                return await respond()
            finally:
                self._running.discard(scope)
        raise _ending()

    def give_up(self) -> None:
        """Answers everything that is still running with a refusal; what threads do in the end is not told."""
        for scope in list(self._running):
            scope.cancel()

    @contextmanager
    def cloud_call(self, caller: str) -> Iterator[None]:
        """A request that asks a cloud; raises `TooManyRequests` if the caller has many of them."""
        with self._lock:
            if self._cloud_calls[caller] >= CLOUD_CALLS_OF_ONE:
                raise TooManyRequests(
                    "too_many_cloud_calls",
                    f"you have {CLOUD_CALLS_OF_ONE} requests that wait for clouds already",
                    "Wait for one of them to end",
                )
            self._cloud_calls[caller] += 1
        try:
            yield
        finally:
            with self._lock:
                self._cloud_calls[caller] -= 1
                if not self._cloud_calls[caller]:
                    del self._cloud_calls[caller]

    @contextmanager
    def counted(self, credential: str, per_minute: int) -> Iterator[None]:
        """One request with that credential, whose number a server bounds; raises `RateLimited`."""
        with nullcontext() if INLINE.get() else self.rates.counted(credential, per_minute):
            yield

    @contextmanager
    def exchange(self) -> Iterator[None]:
        """A token that is verified; raises `Overloaded` if many are."""
        with self._lock:
            if self._exchanges >= EXCHANGES:
                raise Overloaded("overloaded", "many tokens are being exchanged", "Try again")
            self._exchanges += 1
        try:
            yield
        finally:
            with self._lock:
                self._exchanges -= 1


def _ending() -> Overloaded:
    return Overloaded("ending", "this server is ending", "Try again: the next one answers")
