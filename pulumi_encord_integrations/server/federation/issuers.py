"""The public keys of issuers: fetched when they are needed, one fetch of an issuer at a time, and kept."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pulumi_encord_integrations.server.clouds.outbound import NotReached, Outbound
from pulumi_encord_integrations.server.errors import Overloaded
from pulumi_encord_integrations.server.federation.key_sets import KeySet, PublicJwk, json_of, key_set
from pulumi_encord_integrations.server.federation.tokens import TokenRefused

FRESH_SECONDS = 600
"""How long keys are used without asking again."""
STALE_SECONDS = 24 * 3600
"""How long they are used while the issuer does not answer."""
UNKNOWN_SECONDS = 60
"""Between two fetches for names of keys that the issuer does not have."""
FAILED_SECONDS = 10
"""Before an issuer that did not answer is asked again."""
FETCH_SECONDS = 5.0
"""For both documents together."""
MAX_DOCUMENT = 256 * 1024
"""Bytes."""
MAX_WAITING = 4
"""Requests that wait for one issuer's keys."""
MAX_ISSUERS = 1000
"""Issuers whose keys are kept."""
_FOUND, _REDIRECT = 200, 3
_DISCOVERY = "/.well-known/openid-configuration"
_log = logging.getLogger(__name__)


@dataclass
class _Known:
    """What is known of one issuer."""

    keys: KeySet = field(default_factory=dict)
    fetched: float = -math.inf
    tried: float = -math.inf
    failure: str = "its keys were never fetched"
    waiting: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def usable(self, now: float) -> KeySet:
        """The keys, unless they are too old."""
        return self.keys if now - self.fetched <= STALE_SECONDS else {}

    def due(self, key_id: str, now: float) -> bool:
        """Whether the issuer is to be asked for this key."""
        if now - self.fetched > FRESH_SECONDS:
            return now - self.tried >= FAILED_SECONDS
        return key_id not in self.keys and now - self.tried >= UNKNOWN_SECONDS

    def held_back(self, now: float) -> int:
        """Seconds until the issuer is asked for a new key; 0 if it may be asked at once."""
        wait = FAILED_SECONDS if now - self.fetched > FRESH_SECONDS else UNKNOWN_SECONDS
        return max(math.ceil(self.tried + wait - now), 0)


class Issuers:
    """Keys of the issuers that somebody has declared; safe to share between threads."""

    def __init__(self, outbound: Outbound, clock: Callable[[], float] = time.monotonic) -> None:
        self._outbound = outbound
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def keys(self, issuer: str, key_id: str) -> Sequence[PublicJwk]:
        """The keys of a name, one if all is well.

        Raises `TokenRefused`, and `Overloaded` while many wait for the same issuer, or while it is too early
        to ask for a key that may be new.
        """
        known = self._of(issuer)
        asked = self._updated(issuer, known, key_id)
        at = self._clock()
        usable = known.usable(at)
        if key_id in usable:
            return usable[key_id]
        if usable and not asked and known.held_back(at):
            held = Overloaded("overloaded", "the issuer was asked for new keys a moment ago", "Try again")
            held.retry_after = known.held_back(at)
            raise held
        why = "" if usable else f": {known.failure}"
        raise TokenRefused(f"the issuer has no key of the token's kid{why}")

    def _updated(self, issuer: str, known: _Known, key_id: str) -> bool:
        """Whether the issuer was asked just now, by this request or one that it waited for."""
        if not known.due(key_id, self._clock()):
            return False
        with self._turn(known, key_id) as mine:
            if mine and known.due(key_id, self._clock()):
                self._fetch(issuer, known)
        return True

    def _of(self, issuer: str) -> _Known:
        with self._lock:
            while len(self._known) >= MAX_ISSUERS and issuer not in self._known:
                del self._known[next(iter(self._known))]
            return self._known.setdefault(issuer, _Known())

    @contextmanager
    def _turn(self, known: _Known, key_id: str) -> Iterator[bool]:
        """Whether it is this request's turn to fetch; it is not if the keys at hand will do."""
        if not known.lock.acquire(blocking=False):
            if key_id in known.usable(self._clock()):
                yield False
                return
            self._wait(known)
        try:
            yield True
        finally:
            known.lock.release()

    def _wait(self, known: _Known) -> None:
        with self._lock:
            if known.waiting >= MAX_WAITING:
                raise Overloaded("overloaded", "many requests wait for the keys of this issuer", "Try again")
            known.waiting += 1
        try:
            if not known.lock.acquire(timeout=FETCH_SECONDS + 1):
                raise TokenRefused("the issuer's keys did not arrive in time")
        finally:
            with self._lock:
                known.waiting -= 1

    def _fetch(self, issuer: str, known: _Known) -> None:
        try:
            known.keys = self._asked(issuer)
            known.fetched = self._clock()
            known.failure = ""
        except (NotReached, TokenRefused) as error:
            known.failure = str(error)
            _log.warning("the keys of the issuer %s were not fetched: %s", issuer, error)
        finally:
            # Only now: until then others wait for what this fetch brings.
            known.tried = self._clock()

    def _asked(self, issuer: str) -> KeySet:
        ends = time.monotonic() + FETCH_SECONDS
        what = "the issuer's discovery document"
        document = self._document(issuer.removesuffix("/") + _DISCOVERY, what, FETCH_SECONDS)
        if not isinstance(document, dict) or document.get("issuer") != issuer:
            raise TokenRefused(f"{what} is of another issuer")
        place = document.get("jwks_uri")
        if not isinstance(place, str) or not place.startswith("https://" if _is_https(issuer) else "http"):
            raise TokenRefused("the issuer's jwks_uri is not an https address")
        left = max(ends - time.monotonic(), 0.1)
        return key_set(self._document(place, "the issuer's key set", left))

    def _document(self, url: str, what: str, seconds: float) -> Any:
        headers = {"Accept": "application/json", "User-Agent": "pulumi-encord-integrations"}
        answer = self._outbound.request("GET", url, headers, seconds=seconds, limit=MAX_DOCUMENT + 1)
        if answer.status // 100 == _REDIRECT:
            raise TokenRefused(f"{what} is a redirect ({answer.status}), which is not followed")
        if answer.status != _FOUND:
            raise TokenRefused(f"{what} is answered with {answer.status}")
        if len(answer.body) > MAX_DOCUMENT:
            raise TokenRefused(f"{what} has more than {MAX_DOCUMENT // 1024} KiB")
        return json_of(answer.body, what)


def _is_https(address: str) -> bool:
    return address.startswith("https://")
