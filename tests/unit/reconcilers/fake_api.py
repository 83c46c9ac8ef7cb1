"""A small API that keeps state, counts what it is asked and can refuse."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx2

from pulumi_encord_integrations.client.auth import Bearer
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.lifecycle.session import Session

ORGANIZATION = "0d2f7f0e-5a0f-4c8c-8a53-6f3a1c9b7e10"
STACK = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d"
PATH = "pulumi-python:dynamic/encord:AwsIntegration::prod"
DECLARED_AS = {"stack_id": STACK, "path": PATH, "project": "data", "stack": "dev"}
INPUTS: dict[str, Any] = {
    "title": "Production",
    "role_arn": "arn:aws:iam::123456789012:role/encord-prod",
    "buckets": [{"name": "acme", "prefixes": ["videos/"]}],
    "strict_client_only": False,
    "over_vpn": False,
    "declared_as": DECLARED_AS,
}
_BASE = "/v2/public/"
_ROW = {
    "organizationUuid": ORGANIZATION,
    "owner": "ada@example.com",
    "createdAt": "2026-01-02T03:04:05Z",
    "scenario": "Standard",
    "secure": True,
    "dataTypes": ["IMAGE", "VIDEO"],
    "features": ["SAM"],
    "origins": [],
    "settingsRevision": 1,
    "adopted": False,
    "role": "admin",
    "permissions": ["VIEW", "UPLOAD_DATA", "DELETE", "ADD_USERS"],
    "externalId": "external",
    "principalArn": None,
    "serviceAccountEmail": None,
    "challenge": "of the integration",
    "applicationId": None,
    "sasEndsAt": None,
    "credentialFingerprint": "of the first secret",
    "region": None,
}
_NOT_ANSWERED = {"nonce", "adopt", "sasToken", "secretAccessKey"}

Refusal = Callable[[httpx2.Request], httpx2.Response | None]


class FakeApi:
    """Holds integrations; `refuse` may answer in its place."""

    def __init__(self) -> None:
        self.organization = ORGANIZATION
        self.rows: dict[str, dict[str, Any]] = {}
        self.listed = True
        self.lookalikes: list[str] = []
        self.outcome = "deleted"
        self.requests: list[httpx2.Request] = []
        self.refuse: Refusal = lambda request: None

    def session(self) -> Session:
        client = Client("https://api.test", Bearer("t"), httpx2.MockTransport(self._answer), attempts=1)
        return Session(client)

    @property
    def asked(self) -> list[str]:
        """`GET search`, `POST`, `PATCH {uuid}`: all calls but the one for the organization."""
        paths = [(r.method, r.url.path.removeprefix(_BASE + "cloud-integrations")) for r in self.requests]
        known = {f"/{uuid}": "/{uuid}" for uuid in self.rows}
        return [f"{m} {known.get(p, p)}".replace(" /", " ").strip() for m, p in paths if "current" not in p]

    def body(self, number: int = -1) -> Any:
        return json.loads(self.requests[number].content)

    def add(self, **fields: Any) -> str:
        uuid = str(uuid4())
        wire = {"provider": "AWS", "title": "Production", "strictClientOnly": False, "overVpn": False}
        wire |= {"roleArn": INPUTS["role_arn"], "buckets": INPUTS["buckets"]}
        wire |= {"declaredAs": {"stackId": STACK, "path": PATH, "project": "data", "stack": "dev"}}
        self.rows[uuid] = {**_ROW, **wire, **fields, "integrationUuid": uuid}
        return uuid

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        refusal = self.refuse(request)
        if refusal is not None:
            return refusal
        path = request.url.path.removeprefix(_BASE)
        if path == "user/current-organisation":
            who = {"name": "Acme", "userEmail": "ada@example.com", "role": "ADMIN"}
            return httpx2.Response(200, json={"organizationUuid": self.organization, **who})
        return self._integrations(request, path.removeprefix("cloud-integrations").lstrip("/"))

    def _integrations(self, request: httpx2.Request, uuid: str) -> httpx2.Response:
        if request.method == "POST":
            body = json.loads(request.content)
            made = self.rows[self.add(**_answered(body))]
            answer = {"integration": _to(request, made), "created": True, "lookalikes": self.lookalikes}
            return httpx2.Response(200, json=answer)
        if uuid == "search":
            rows = [_to(request, row) for row in self.rows.values()] if self.listed else []
            return httpx2.Response(200, json={"results": rows, "nextPageToken": None})
        if uuid not in self.rows:
            return refused(404, "integration_not_found")
        if request.method == "DELETE":
            del self.rows[uuid]
            return httpx2.Response(200, json={"outcome": self.outcome})
        if request.method == "PATCH":
            self.rows[uuid] |= _answered(json.loads(request.content))
        return httpx2.Response(200, json=_to(request, self.rows[uuid]))


def _to(request: httpx2.Request, row: dict[str, Any]) -> dict[str, Any]:
    return read_by(request.url.params.get("stackId"), row)


def read_by(stack: str | None, row: dict[str, Any]) -> dict[str, Any]:
    """The row as a stack reads it: no identity of a stack is answered."""
    declared = row["declaredAs"]
    if declared is None:
        return {**row, "declaredHere": False}
    shown = {name: value for name, value in declared.items() if name != "stackId"}
    return {**row, "declaredAs": shown, "declaredHere": declared["stackId"] == stack}


def _answered(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _NOT_ANSWERED}


def refused(status: int, code: str) -> httpx2.Response:
    return httpx2.Response(status, json={"message": f"said {code}", "code": code})


def refusing(status: int, code: str, *methods: str) -> Refusal:
    """Refuses everything but the question for the organization, or only these methods."""

    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        spared = "current-organisation" in request.url.path or (methods and request.method not in methods)
        return None if spared else refused(status, code)

    return refuse
