"""The one request path: signing, time-outs, bounded retries, and answers turned into values or errors."""

import json
import logging
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx2
import tenacity
from pydantic import BaseModel, ValidationError
from tenacity.stop import stop_base

from pulumi_encord_integrations.client import answers, errors
from pulumi_encord_integrations.client.alterations import alteration
from pulumi_encord_integrations.client.auth import Credentials, Renewable
from pulumi_encord_integrations.client.transport import http_client
from pulumi_encord_integrations.model.audit import STACK_HEADER
from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.limits import RATE_LIMITED

TIMEOUT = httpx2.Timeout(60.0, connect=5.0)
"""Seconds without a byte from the API; seconds to connect."""
HASTY_TIMEOUT = httpx2.Timeout(8.0, connect=4.0)
"""The same while somebody waits for a preview."""
ANSWER_SECONDS, HASTY_SECONDS = 300.0, 30.0
"""Seconds for a whole body, each part of which arrives in time."""
ATTEMPTS = 6
"""They wait for some eight seconds in all: as long as a restart of the API may take."""
RETRY_SECONDS = 45.0
"""All attempts of one call together; below the server's window for signatures."""
_MAX_WAITS = 60
"""How often one call waits for its turn, where its identity sends too much; those are no attempts."""
_BASE = "/v2/public/"
_SERVERS_FAULT = 500
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
RETRIED_STATUS = {429, 502, 503, 504}
"""Of answers that may be others soon."""
_MAX_RETRY_AFTER = 20.0
_KINDS: dict[int, type[errors.EncordError]] = {
    401: errors.NotAuthenticated,
    403: errors.NotAllowed,
    404: errors.NotFound,
}
_MADE_ANEW = re.compile(
    r"user/bearer-token|cloud-integrations/[^/]+/signed-urls|organisation/users/[^/]+/invitations"
)
"""Paths whose answers the API does not keep: each attempt is signed anew, since it takes a nonce once."""
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_log = logging.getLogger(__name__)

Query = Mapping[str, str | bool | int | list[str] | None]
M = TypeVar("M", bound=BaseModel)
_AnyPage = Page[dict[str, Any]]


class _Stale(Exception):
    """The credentials of a request ended early, and may be had anew."""


def as_sent(address: str) -> tuple[str, str]:
    """Authority and path of an API's address, spelled as requests are signed and sent."""
    url = httpx2.URL(address)
    return url.netloc.decode("ascii"), url.raw_path.decode("ascii").rstrip("/")


class Client:
    """Calls the API as one user. Safe to share between threads.

    A write is retried with the same signature and trace id, by which the API knows it again and acts once.
    `hasty` is for a person who waits: shorter time-outs, and what took too long is not asked again.
    `stack` is the value of the header that names the calling stack, which the audit trail records.
    """

    def __init__(
        self,
        endpoint: str,
        credentials: Credentials,
        transport: httpx2.BaseTransport | None = None,
        attempts: int = ATTEMPTS,
        hasty: bool = False,
        stack: str = "",
    ) -> None:
        self.endpoint = endpoint
        self._stack = {STACK_HEADER: stack} if stack else {}
        self._credentials = credentials
        self._attempts = min(attempts, 2) if hasty else attempts
        self._hasty = hasty
        timeout = HASTY_TIMEOUT if hasty else TIMEOUT
        self._seconds = HASTY_SECONDS if hasty else ANSWER_SECONDS
        agent = f"pulumi-encord-integrations/{version('pulumi-encord-integrations')}"
        self._http = http_client(endpoint, transport, timeout=timeout, headers={"User-Agent": agent})
        # Whole addresses: the library would parse each one three times to join it to a base.
        self._base = str(self._http.base_url).rstrip("/")

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def get(self, path: str, answer: type[M], query: Query | None = None) -> M:
        """One object."""
        return self.ask(answer, "GET", path, query=query)

    def ask(
        self,
        answer: type[M],
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> M:
        """The answer of one call; raises `EncordError`, also if it is not of the expected form."""
        data = self.call(method, path, query=query, body=body, headers=headers)
        try:
            return answer.model_validate(data)
        except ValidationError:
            raise _unexpected(self.endpoint, "answered with something else than expected") from None

    def pages(self, path: str, query: Query | None = None, size: int = 1000) -> Iterator[dict[str, Any]]:
        """All rows of a paged listing, undecoded."""
        token: str | None = None
        while True:
            query = {**(query or {}), "pageSize": size, "pageToken": token}
            page = self.ask(_AnyPage, "GET", path, query=query)
            yield from page.results
            if not page.next_page_token:
                return
            if page.next_page_token == token:
                raise _unexpected(self.endpoint, "answered the same page twice")
            token = page.next_page_token

    def rows(self, row: type[M], path: str, query: Query | None = None, size: int = 1000) -> Iterator[M]:
        """All rows of a paged listing; raises `UnexpectedAnswer` for one of another form."""
        for found in self.pages(path, query, size):
            try:
                yield row.model_validate(found)
            except ValidationError:
                raise _unexpected(self.endpoint, "answered with something else than expected") from None

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The decoded answer of one call.

        Raises `EncordError`, by status and by the code in the body.
        """
        made = partial(self._request, method, path, query, body, headers or {})
        once = _MADE_ANEW.fullmatch(path) is None
        try:
            return self._tried(made, once=once)
        except _Stale:
            # What was refused like that was not done: with a new token it is another request.
            return self._tried(made, once=once, anew=False)

    def _tried(self, made: Callable[[], httpx2.Request], *, once: bool, anew: bool = True) -> Any:
        """The answer of a request that is made `once` or at each attempt.

        `anew`: raises `_Stale` where credentials are refused that may be had anew.
        """
        request = _again(made()) if once else made

        def send() -> Any:
            sent = request()
            try:
                return self._send(sent)
            except errors.NotAuthenticated:
                if not anew or not isinstance(self._credentials, Renewable):
                    raise
                self._credentials.drop(sent.headers["Authorization"])
                raise _Stale from None

        return retrying(self._attempts, hasty=self._hasty)(send)

    def _request(
        self, method: str, path: str, query: Query | None, body: Any, more: Mapping[str, str] = _NO_HEADERS
    ) -> httpx2.Request:
        pairs = [pair for key, value in (query or {}).items() for pair in _pairs(key, value)]
        target = _BASE + path + (f"?{urlencode(pairs)}" if pairs else "")
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"X-Cloud-Trace-Context": f"{secrets.token_hex(16)}/1;o=1", **self._stack, **more}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = self._http.build_request(method, self._base + target, content=content, headers=headers)
        # Signed as it is sent: the library may spell target and authority otherwise than the endpoint does.
        sent = request.url.raw_path.decode("ascii")
        request.headers.update(
            self._credentials.headers(method, sent, request.headers["Host"], content, request.headers)
        )
        return request

    def _send(self, request: httpx2.Request) -> Any:
        with reaching(self.endpoint):
            response = self._http.send(request, stream=True)
            body = answers.body_of(response, self.endpoint, self._seconds)
        _log.debug("%s %s: %s", request.method, request.url.path, response.status_code)
        if response.status_code == 204:
            return None
        data = answers.decoded(body)
        if response.status_code == 200 and data is not None:
            return data
        raise _error(response, data, self.endpoint)


def retrying(attempts: int, *, hasty: bool = False) -> tenacity.Retrying:
    """Calls what raises `Unavailable` again, within bounds."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(_may_pass_soon if hasty else _may_pass),
        stop=_Attempts(attempts) | tenacity.stop_before_delay(RETRY_SECONDS),
        wait=_wait,
        reraise=True,
    )


class _Attempts(stop_base):
    """Ends one call after so many attempts; refusals to an identity that sends too much are bounded apart."""

    def __init__(self, attempts: int) -> None:
        self._left, self._waits = attempts, _MAX_WAITS if attempts > 1 else 1

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(error, errors.EncordError) and error.code == RATE_LIMITED:
            self._waits -= 1
        else:
            self._left -= 1
        return min(self._left, self._waits) <= 0


def _again(request: httpx2.Request) -> Callable[[], httpx2.Request]:
    return lambda: request


@contextmanager
def reaching(endpoint: str) -> Iterator[None]:
    """What goes wrong with a connection, as `TimedOut`, `Unavailable` or `UnexpectedAnswer`."""
    try:
        yield
    except httpx2.TimeoutException:
        raise errors.TimedOut(f"{endpoint} did not answer in time") from None
    except httpx2.TransportError as error:
        said = str(error).rstrip(".") or type(error).__name__
        raise errors.Unavailable(
            f"cannot reach {endpoint}{answers.way(endpoint)}: {said}", hint=answers.remedy(error)
        ) from None
    except httpx2.RequestError:
        raise _unexpected(endpoint, "answered with something that cannot be decoded") from None


def _unexpected(endpoint: str, what: str) -> errors.UnexpectedAnswer:
    return errors.UnexpectedAnswer(f"{endpoint} {what}", hint="Is it this API, and as new?")


def _pairs(key: str, value: str | bool | int | list[str] | None) -> list[tuple[str, str]]:
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    return [(key, str(item).lower() if isinstance(item, bool) else str(item)) for item in values]


_jitter = tenacity.wait_exponential(multiplier=0.2, max=5.0) + tenacity.wait_random(0.0, 0.5)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, errors.Unavailable) and not isinstance(error, errors.ServerFailed)


def _may_pass_soon(error: BaseException) -> bool:
    return _may_pass(error) and not isinstance(error, errors.TimedOut)


def _wait(state: tenacity.RetryCallState) -> float:
    """Seconds: what the API asked for, within reason, else more each time with jitter."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, errors.EncordError) else None
    return _jitter(state) if asked is None else min(asked, _MAX_RETRY_AFTER)


def _error(response: httpx2.Response, data: Any, endpoint: str) -> errors.EncordError:
    """The error for an answer that is no success; only this API's own bodies are believed."""
    status = response.status_code
    body = data if isinstance(data, dict) else {}
    code, said, hint = (answers.told(body.get(name, "")) for name in ("code", "message", "hint"))
    if said and status >= _SERVERS_FAULT:
        said += _request_id(response)
    if status in RETRIED_STATUS:
        wait = response.headers.get("Retry-After", "")
        after = float(wait) if wait.isdecimal() else None
        busy = f"{endpoint} is busy ({status}){_request_id(response)}"
        return errors.Unavailable(said or busy, code=code, retry_after=after)
    if not code or (status == 404 and not code.endswith("_not_found")):
        return errors.UnexpectedAnswer(
            f"{endpoint} answered {status} in a form that is not this API's",
            hint="Check the address in encord:endpoint",
        )
    kind = _KINDS.get(status, errors.Refused if status < 500 else errors.ServerFailed)
    if code == "signature_mismatch" and (found := alteration(response.request, body.get("errors"))):
        said, hint = map(answers.told, found)
    return kind(said, code=code, hint=hint)


def _request_id(response: httpx2.Response) -> str:
    """What an operator finds the request by in the log, if the answer tells it."""
    found = response.headers.get("X-Request-Id", "")
    return f" (request id {found})" if _REQUEST_ID.fullmatch(found) else ""
