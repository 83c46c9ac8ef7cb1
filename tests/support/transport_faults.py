"""Failures between client and API: each happens once, at a write that is chosen beforehand."""

from collections import Counter
from collections.abc import Callable

import httpx2

PASSING = ("busy", "limited", "lost", "twice", "late", "garbled", "raced")
"""The command goes on, or says why it does not."""
LASTING = ("refused", "error-before", "error-after", "killed-before", "killed-after")
"""The command fails."""
CUT = ("killed-unsaved",)
"""The process dies after the answer, before the state is written."""
FAULTS = (*PASSING, *LASTING, *CUT)


class Failed(Exception):
    """What a command says that did not succeed."""


class Killed(BaseException):
    """The process is no more."""


class Faulty(httpx2.BaseTransport):
    """The transport to an API, with a fault in one write."""

    def __init__(
        self, inner: httpx2.BaseTransport, counted: Counter[str], race: Callable[[str], None]
    ) -> None:
        self._inner = inner
        self._counted = counted
        self._race = race
        """Writes behind the back to the members at a path."""
        self._held: list[httpx2.Request] = []
        self.calm()

    def calm(self) -> None:
        """A new process that nothing happens to."""
        self._fault, self._after, self._where, self._dead, self.happened = "", 0, "", False, ""

    def arm(self, fault: str, after: int, where: str = "") -> None:
        """The fault shall happen to a write behind the first `after`, of paths that end so."""
        self.calm()
        self._fault, self._after, self._where = fault, after, where

    def save(self, _urn: str) -> None:
        """What happens before a state is written."""
        if self._fault in CUT and self._reached():
            self._happens()
            raise Failed("killed before the state was written")

    def deliver_late(self) -> list[int]:
        """Sends again what was held back for that; answers the statuses."""
        held, self._held = self._held, []
        return [self._answer(request).status_code for request in held]

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """As the fault wants it."""
        if self._dead:
            raise Killed
        if not self._meant(request) or not self._reached():
            return self._answer(request)
        fault = self._happens()
        answer: httpx2.Response = getattr(self, f"_{fault.replace('-', '_')}")(request)
        return answer

    def _meant(self, request: httpx2.Request) -> bool:
        written = request.method == "PUT" if self._fault == "raced" else request.method != "GET"
        return written and self._fault not in {"", *CUT} and request.url.path.endswith(self._where)

    def _reached(self) -> bool:
        self._after -= 1
        return self._after < 0

    def _happens(self) -> str:
        fault = self._fault
        self._counted[fault] += fault != self.happened
        self.happened = fault
        if fault != "refused":
            self._fault = ""
        return fault

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        response = self._inner.handle_request(request)
        response.read()
        return response

    def _busy(self, _request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(503)

    def _limited(self, _request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(429, headers={"Retry-After": "1"})

    def _lost(self, request: httpx2.Request) -> httpx2.Response:
        self._answer(request)
        raise httpx2.ReadTimeout("lost")

    def _twice(self, request: httpx2.Request) -> httpx2.Response:
        self._answer(request)
        return self._answer(request)

    def _late(self, request: httpx2.Request) -> httpx2.Response:
        self._held.append(request)
        return self._answer(request)

    def _garbled(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=self._answer(request).content[:-1])

    def _raced(self, request: httpx2.Request) -> httpx2.Response:
        self._race(request.url.path)
        return self._answer(request)

    def _refused(self, _request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    def _error_before(self, _request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(500, json={"code": "internal", "message": "failed"})

    def _error_after(self, request: httpx2.Request) -> httpx2.Response:
        self._answer(request)
        return self._error_before(request)

    def _killed_before(self, _request: httpx2.Request) -> httpx2.Response:
        self._dead = True
        raise Killed

    def _killed_after(self, request: httpx2.Request) -> httpx2.Response:
        self._answer(request)
        return self._killed_before(request)
