"""Requests as bytes, given to the application as they stand: no client mends what a mutant broke."""

import asyncio
import base64
from dataclasses import dataclass, replace
from hashlib import sha256
from operator import itemgetter
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI


def digest_of(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"


@dataclass(frozen=True)
class Raw:
    """One request; fields in the order of their names, which are in lower case."""

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def of(cls, request: httpx2.Request) -> "Raw":
        fields = [(name.lower(), value) for name, value in request.headers.multi_items()]
        return cls(request.method, request.url.raw_path.decode(), tuple(sorted(fields)), request.read())

    def __getitem__(self, name: str) -> str:
        return dict(self.fields)[name]

    def put(self, name: str, *values: str) -> "Raw":
        """With these lines of a field instead of its own."""
        others = [field for field in self.fields if field[0] != name]
        fields = sorted([*others, *((name, value) for value in values)], key=itemgetter(0))
        return replace(self, fields=tuple(fields))

    @property
    def params(self) -> str:
        """What `@signature-params` stands for."""
        return self["signature-input"].partition("=")[2]

    def signed(self, key: Ed25519PrivateKey, params: str, label: str = "encord-sig") -> "Raw":
        """Signed anew, with whatever parameters."""
        values = {
            "@method": self.method,
            "@request-target": self.target,
            "@authority": self["host"],
            **dict(self.fields),
        }
        names = [part for part in params[1 : params.index(")")].replace('"', "").split(" ") if part]
        lines = [*(f'"{name}": {values.get(name, "")}' for name in names), f'"@signature-params": {params}']
        signature = base64.b64encode(key.sign("\n".join(lines).encode())).decode()
        return self.put("signature-input", f"{label}={params}").put("signature", f"{label}=:{signature}:")

    def sent(self, app: FastAPI) -> int:
        """The status that the application answers."""
        return asyncio.run(_status(app, self))


async def _status(app: FastAPI, raw: Raw) -> int:
    path, _, query = raw.target.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": raw.method,
        "scheme": "http",
        "path": httpx2.URL(f"http://x{path}").path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in raw.fields],
    }
    answers: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": raw.body, "more_body": False}

    async def send(message: Any) -> None:
        answers.append(message)

    await app(scope, receive, send)
    return int(answers[0]["status"])
