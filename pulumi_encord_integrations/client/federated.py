"""Calls the API without a key: a pipeline's own token is exchanged for one of the API's, again and again."""

import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import httpx2

from pulumi_encord_integrations.client import answers
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.errors import NotAuthenticated, Refused, Unavailable
from pulumi_encord_integrations.client.issuer_tokens import TokenSource, claims_of
from pulumi_encord_integrations.model.token_exchange import GRANT_TYPE, JWT, NOT_ACCEPTED, ExchangedToken

RENEWED_SECONDS = 120
"""Before its end a token is exchanged anew; longer than the retries of one call."""
AGAIN_SECONDS = 15
"""After an exchange that failed, while the token at hand is good."""
_TOLD = 300
"""Characters of a claim in a message."""
_NONE: Mapping[str, str] = MappingProxyType({})


class _Nobody:
    """Credentials of a request that has none."""

    def headers(
        self, method: str, target: str, authority: str, body: bytes, more: Mapping[str, str] = _NONE
    ) -> dict[str, str]:
        return {}


class Federated:
    """Credentials by the token of a pipeline. Safe to share between threads."""

    def __init__(
        self,
        endpoint: str,
        source: TokenSource,
        transport: httpx2.BaseTransport | None = None,
        *,
        hasty: bool = False,
        stack: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = endpoint
        self._source = source
        self._transport = transport
        self._hasty = hasty
        self._stack = stack
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._ends = self._renewal = 0.0

    def headers(
        self, method: str, target: str, authority: str, body: bytes, more: Mapping[str, str] = _NONE
    ) -> dict[str, str]:
        """The Authorization header; raises `EncordError` if there is no token to be had."""
        with self._lock:
            if not self._token or self._clock() >= self._renewal:
                self._renew()
            return {"Authorization": f"Bearer {self._token}"}

    def drop(self, authorization: str) -> None:
        """Drops a token that ended early, as it does when its federation changes."""
        with self._lock:
            if authorization == f"Bearer {self._token}":
                self._token = ""

    def _renew(self) -> None:
        began = self._clock()
        try:
            found = self._exchanged()
        except Unavailable:
            # Whatever is away may be back before the token at hand ends.
            if self._token and self._clock() + AGAIN_SECONDS < self._ends:
                self._renewal = self._clock() + AGAIN_SECONDS
                return
            raise
        self._token, self._ends = found.access_token, began + found.expires_in
        self._renewal = max(self._ends - RENEWED_SECONDS, began + found.expires_in / 2)

    def _exchanged(self) -> ExchangedToken:
        token = self._source.read()
        body = {"grant_type": GRANT_TYPE, "subject_token": token, "subject_token_type": JWT}
        client = Client(self._endpoint, _Nobody(), self._transport, hasty=self._hasty, stack=self._stack)
        try:
            return client.ask(ExchangedToken, "POST", "oauth/token", body=body)
        except Refused as error:
            if error.code != NOT_ACCEPTED:
                raise
            raise _not_accepted(self._source.name, claims_of(token)) from None
        finally:
            if self._transport is None:
                client.close()


def _not_accepted(source: str, claims: Mapping[str, Any]) -> NotAuthenticated:
    """Says what an admin must declare, by what the token claims."""
    ends = claims.get("exp")
    if isinstance(ends, int | float) and ends < time.time():
        return NotAuthenticated(
            f"the token of {source} has ended",
            hint="Get a new one: the job runs longer than its token lives",
            code=NOT_ACCEPTED,
        )
    if not claims:
        return NotAuthenticated(
            f"the token of {source} is no JSON Web Token",
            hint="Set it to the ID token that the pipeline's platform signs; docs/pipelines.md says how",
            code=NOT_ACCEPTED,
        )
    issuer, audience, subject = (_told(claims.get(name)) for name in ("iss", "aud", "sub"))
    return NotAuthenticated(
        f"the API did not accept the token of {source}; the API's log says why",
        hint="An admin of the organization declares a federation of a service account for it: "
        f"issuer {issuer}, audience {audience}, subject {subject}",
        code=NOT_ACCEPTED,
    )


def _told(claim: Any) -> str:
    if isinstance(claim, list):
        return " or ".join(_told(one) for one in claim[:3])
    return f"`{answers.told(claim)[:_TOLD]}`" if isinstance(claim, str) else "(none)"
