"""Signatures in the profile of Encord's SDK, and requests with any signature at all."""

import base64
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import httpx2

from tests.support.api import CREATOR, INTEGRATIONS, Api

SDK = ("@method", "@request-target", "content-digest")
OWN = ("@method", "@request-target", "@authority", "content-digest")


@dataclass(frozen=True)
class Signing:
    """What is signed; a mutant replaces a part before or after the key has signed it."""

    api: Api
    method: str = "GET"
    target: str = INTEGRATIONS
    body: bytes = b""
    components: Sequence[str] = SDK
    created: Any = None
    alg: str = '"ed25519"'
    keyid: str | None = None
    label: str = "encord-sig"
    extra: str = ""
    who: str = CREATOR
    headers: dict[str, str] = field(default_factory=dict)

    def digest(self) -> str:
        return f"sha-256=:{base64.b64encode(sha256(self.body).digest()).decode()}:"

    def params(self) -> str:
        created = int(time.time()) if self.created is None else self.created
        keyid = self.keyid or self.api.public_key(self.who)
        covered = " ".join(f'"{name}"' for name in self.components)
        return f'({covered});created={created};keyid="{keyid}";alg={self.alg}{self.extra}'

    def request(self) -> httpx2.Request:
        http = self.api.http()
        request = http.build_request(self.method, self.target, content=self.body)
        values = {
            "@method": self.method,
            "@request-target": self.target,
            "@authority": request.headers["Host"],
            "content-digest": self.digest(),
        }
        params = self.params()
        lines = [f'"{name}": {values.get(name, "")}' for name in self.components]
        base = "\n".join([*lines, f'"@signature-params": {params}'])
        signature = base64.b64encode(self.api.keys[self.who].sign(base.encode())).decode()
        request.headers["Content-Digest"] = self.digest()
        request.headers["Content-Type"] = "application/json"
        request.headers["Signature-Input"] = f"{self.label}={params}"
        request.headers["Signature"] = f"{self.label}=:{signature}:"
        request.headers.update(self.headers)
        return request

    def but(self, **parts: Any) -> "Signing":
        return replace(self, **parts)


def sdk_signed(
    api: Api, method: str, body: Any, *, created: int | None = None, trace: str = ""
) -> httpx2.Request:
    """A request as Encord's SDK signs it."""
    content = json.dumps(body).encode()
    headers = {"X-Cloud-Trace-Context": trace}
    return Signing(api, method, body=content, created=created, headers=headers).request()
