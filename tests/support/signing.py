"""Requests signed at any time, in the profile of Encord's SDK and in our own."""

import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import httpx2

from tests.support.api import CREATOR, INTEGRATIONS, Api

SDK = ("@method", "@request-target", "content-digest")
OWN = ("@method", "@request-target", "@authority", "content-digest")


@dataclass(frozen=True)
class Signing:
    """What is signed."""

    api: Api
    method: str = "GET"
    target: str = INTEGRATIONS
    body: bytes = b""
    components: Sequence[str] = SDK
    created: Any = None
    extra: str = ""
    who: str = CREATOR

    def digest(self) -> str:
        return f"sha-256=:{base64.b64encode(sha256(self.body).digest()).decode()}:"

    def params(self) -> str:
        created = int(time.time()) if self.created is None else self.created
        covered = " ".join(f'"{name}"' for name in self.components)
        return (
            f'({covered});created={created};keyid="{self.api.public_key(self.who)}";alg="ed25519"{self.extra}'
        )

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
        request.headers["Signature-Input"] = f"encord-sig={params}"
        request.headers["Signature"] = f"encord-sig=:{signature}:"
        return request

    def but(self, **parts: Any) -> "Signing":
        return replace(self, **parts)
