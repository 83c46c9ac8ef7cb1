"""Reconcilers on the real API in this process: what they ask, and a place to refuse or interfere."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx2

from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.lifecycle.session import Session
from tests.support.api import CREATOR, Api

NOWHERE = "11111111-1111-4111-8111-111111111111"
"""The uuid of nothing."""
REFUSALS = [
    (401, "bad_signature"),
    (403, "not_an_admin"),
    (404, "organization_not_found"),
    (404, ""),
    (409, "some_conflict"),
    (418, "teapot"),
    (500, "failed"),
    (503, "busy"),
]
"""Answers that are errors, and none of which says that a thing is gone."""
_BASE = "/v2/public/"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Interference = Callable[[httpx2.Request], httpx2.Response | None]


class Watched(httpx2.BaseTransport):
    """Hands on to the API and keeps what was asked; `interfere` may answer in its place."""

    def __init__(self, api: Api) -> None:
        assert api.transport
        self.api, self._inner = api, api.transport
        self.requests: list[httpx2.Request] = []
        self.interfere: Interference = lambda request: None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self.interfere(request) or self._inner.handle_request(request)

    def session(self, who: str = CREATOR) -> Session:
        return Session(Client(self.api.endpoint, Signer(self.api.keys[who]), self, attempts=1))

    @property
    def asked(self) -> list[str]:
        """`PATCH cloud-integrations/*/members`: all calls but the one for the organization."""
        calls = [(r.method, r.url.path.removeprefix(_BASE)) for r in self.requests]
        return [f"{method} {_UUID.sub('*', path)}" for method, path in calls if not path.endswith("isation")]

    def body(self, number: int = -1) -> Any:
        return json.loads(self.requests[number].content)

    def refuse(self, status: int, code: str, *methods: str) -> None:
        """Refuses all but the question for the organization, or only these methods."""

        def refusal(request: httpx2.Request) -> httpx2.Response | None:
            spared = request.url.path.endswith("current-organisation")
            if spared or (methods and request.method not in methods):
                return None
            return httpx2.Response(status, json={"message": f"said {code}", "code": code})

        self.interfere = refusal
