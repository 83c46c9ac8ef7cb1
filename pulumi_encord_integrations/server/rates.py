"""How many requests a minute one identity may send: a bucket of tokens for each."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import ceil

from pulumi_encord_integrations.server import request_context
from pulumi_encord_integrations.server.errors import RateLimited, Unauthenticated

MINUTE = 60.0
MAX_BUCKETS = 20_000
"""In memory; beyond, those that are full go, since a new one is full as well."""
LATEST = 20.0
"""Seconds after which the last of many waiting requests is told to ask again: clients wait no longer."""
_Known = tuple[str, str, str]


@dataclass(slots=True)
class _Bucket:
    full_at: float
    """When all of its tokens are back."""
    promised: float = 0.0
    """When the last request that was refused may come back."""


@dataclass
class Rates:
    """Who has sent how many requests lately, in this process."""

    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _known: dict[str, _Known] = field(default_factory=dict)
    """Who was seen to call with a credential: their keys share one bucket."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def counted(self, credential: str, per_minute: int) -> Iterator[None]:
        """One request with that credential; raises `RateLimited`.

        One that turns out to be nobody's is counted as its own, and no longer as its former owner's.
        """
        known = self._known.get(credential)
        payer = known[1] if known else credential
        try:
            self.take(payer, per_minute)
        except RateLimited:
            if known:
                request_context.note_caller(*known)
            raise
        try:
            yield
        except Unauthenticated:
            self._known.pop(credential, None)
            if known:
                self._give_back(payer, per_minute)
                with suppress(RateLimited):
                    self.take(credential, per_minute)
            raise
        except BaseException:
            self._learn(credential)
            raise
        self._learn(credential)

    def take(self, caller: str, per_minute: int) -> None:
        """One token of the caller's; raises `RateLimited` if there is none.

        A bucket holds the tokens of one minute, and they come back evenly.
        """
        each = MINUTE / per_minute
        with self._lock:
            now = self.clock()
            bucket = self._bucket(caller, now)
            full_at = max(bucket.full_at, now) + each
            wait = full_at - now - MINUTE
            if wait <= each / 1000:
                bucket.full_at = full_at
                return
            # Those that wait at the same time are told different moments, so that each finds a token.
            asked = max(now + wait, min(bucket.promised + each, now + LATEST))
            bucket.promised = asked
        raise RateLimited(per_minute, max(1, ceil(asked - now)))

    def _give_back(self, caller: str, per_minute: int) -> None:
        with self._lock:
            if found := self._buckets.get(caller):
                found.full_at -= MINUTE / per_minute

    def _bucket(self, caller: str, now: float) -> _Bucket:
        found = self._buckets.get(caller)
        if found is None:
            if len(self._buckets) >= MAX_BUCKETS:
                self._make_room(now)
            found = self._buckets[caller] = _Bucket(now)
        return found

    def _make_room(self, now: float) -> None:
        self._buckets = {who: one for who, one in self._buckets.items() if one.full_at > now}
        if len(self._buckets) > MAX_BUCKETS // 2:
            emptiest = sorted(self._buckets.items(), key=lambda item: item[1].full_at)
            self._buckets = dict(emptiest[-MAX_BUCKETS // 2 :])

    def _learn(self, credential: str) -> None:
        context = request_context.current()
        if context is None or not context.identity:
            return
        if credential not in self._known and len(self._known) >= MAX_BUCKETS:
            self._known.clear()
        self._known[credential] = (context.actor, context.identity, context.credential)
