"""Bodies of requests: how large, how slow, how deep, and how many at once."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from anyio import fail_after
from fastapi import Request
from starlette.requests import ClientDisconnect

from pulumi_encord_integrations.model.bounds import deeper_than
from pulumi_encord_integrations.server.errors import (
    Overloaded,
    RequestTimeout,
    RequestTooLarge,
    TooManyRequests,
    invalid,
)

MAX_BODY = 1024 * 1024
"""Bytes in a request's body."""
MAX_LARGE_BODY = 16 * MAX_BODY
"""Bytes in a body that may name all members of an integration or group."""
MAX_DEPTH = 50
"""Lists and mappings inside one another; pydantic and JSON encoders end at a few hundred."""
MAX_CONTAINERS = 200_000
"""Lists and mappings in one body, each of which costs far more memory than the two bytes it takes to send."""
MAX_KEYS = 500_000
"""Keys in one body, told by their colons."""
BODY_SECONDS = 20.0
"""For a body to arrive, and one more for each `SLOWEST_A_SECOND` bytes where it may be large."""
SLOWEST_A_SECOND = 128 * 1024
SMALL = 64 * 1024
"""Bytes of a body that no bound on memory refuses: it always has room, however large those of others are."""
HELD_BYTES = 96 * MAX_BODY
"""In memory of larger bodies, those that are arriving and those that are worked on."""
HELD_BYTES_OF_ONE = HELD_BYTES // 4
"""The same of one caller."""
_LINGERING = 64
"""Refused requests at once that are read on for a moment."""


@dataclass
class BodyBudget:
    """How many bytes of bodies are in memory, and for whom."""

    _all: int = 0
    _by_caller: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def share(self, caller: str) -> Iterator["BodyShare"]:
        """One request's part, given back when it is answered."""
        share = BodyShare(self, caller)
        try:
            yield share
        finally:
            if share.held:
                self._add(caller, -share.held)

    def take(self, caller: str, size: int) -> None:
        """Raises `TooManyRequests` or `Overloaded` if there is no room."""
        if self._by_caller[caller] + size > HELD_BYTES_OF_ONE:
            said = f"your requests hold {HELD_BYTES_OF_ONE // MAX_BODY} MiB of bodies already"
            raise TooManyRequests("too_many_bodies", said, "Send fewer large ones at once")
        if self._all + size > HELD_BYTES:
            raise Overloaded("overloaded", "the API has no room for another large body now", "Try again")
        self._add(caller, size)

    def _add(self, caller: str, size: int) -> None:
        with self._lock:
            self._all += size
            self._by_caller[caller] += size
            if not self._by_caller[caller]:
                del self._by_caller[caller]


@dataclass
class BodyShare:
    """What one request holds of the budget."""

    budget: BodyBudget
    caller: str
    held: int = 0

    def take(self, size: int) -> None:
        """Raises what `BodyBudget.take` raises."""
        self.budget.take(self.caller, size)
        self.held += size


@dataclass(frozen=True)
class Body:
    """A body that has arrived whole."""

    content: bytes
    digest: bytes
    """SHA-256."""


def announced(request: Request) -> bool:
    """Whether a body follows the headers."""
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


async def receive(request: Request, most: int, share: BodyShare) -> Body:
    """The body, hashed as it arrives.

    Raises `RequestTooLarge`, `RequestTimeout`, and what the budget raises.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise _too_large(most)
    content, digest = bytearray(), sha256()
    try:
        with fail_after(BODY_SECONDS + (most / SLOWEST_A_SECOND if most > MAX_BODY else 0)):
            async for chunk in request.stream():
                if len(content) + len(chunk) > most:
                    raise _too_large(most)
                if len(content) + len(chunk) > SMALL:
                    share.take(len(content) + len(chunk) - share.held)
                content += chunk
                digest.update(chunk)
    except TimeoutError:
        raise RequestTimeout("body_too_slow", "the body did not arrive in time", "Try again") from None
    return Body(bytes(content), digest.digest())


@dataclass
class Lingering:
    """Reads on after a refusal, so that a client that still sends sees it and no closed connection."""

    _count: int = 0

    async def discard(self, request: Request, seconds: float) -> bool:
        """Whether the whole body has been read, and thrown away."""
        if self._count >= _LINGERING:
            return False
        self._count += 1
        left = MAX_BODY
        try:
            with fail_after(seconds):
                async for chunk in request.stream():
                    left -= len(chunk)
                    if left < 0:
                        return False
        except (TimeoutError, ClientDisconnect, RuntimeError):
            return False
        finally:
            self._count -= 1
        return True


def decoded(content: bytes) -> Any:
    """The JSON of a body; raises `InvalidRequest` if it is none, or nested too deeply."""
    # Counted before it is parsed: brackets in texts count too, which no honest body has that many of.
    if content.count(b"[") + content.count(b"{") > MAX_CONTAINERS:
        raise invalid(f"the body holds more than {MAX_CONTAINERS:,} lists and mappings")
    if content.count(b":") > MAX_KEYS:
        raise invalid(f"the body holds more than {MAX_KEYS:,} keys")
    try:
        found = json.loads(content)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise invalid("the body is not JSON") from None
    if deeper_than(found, MAX_DEPTH):
        raise _too_deep()
    return found


def _too_deep() -> Exception:
    return invalid(f"the body nests lists and mappings more than {MAX_DEPTH} deep")


def _too_large(most: int) -> RequestTooLarge:
    return RequestTooLarge("payload_too_large", f"a request may hold {most} bytes")
