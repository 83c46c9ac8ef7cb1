"""A server whose answers get lost, before or after it has acted."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

Scope = MutableMapping[str, Any]


@dataclass
class Unreliable:
    """The application behind a border that lets its first write fail, and remembers every write's headers."""

    app: FastAPI
    fault: str = ""
    """`busy` answers 503 and does nothing; `cut` acts and closes the connection without an answer."""
    seen: list[dict[str, str]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] == "GET":
            await self.app(scope, receive, send)
            return
        self.seen.append({name.decode(): value.decode("latin-1") for name, value in scope["headers"]})
        fault = self.fault if len(self.seen) == 1 else ""
        if fault == "busy":
            await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        elif fault == "cut":
            await self.app(scope, receive, _nowhere)
            # The server's own object: ASGI has no word for a cut connection.
            send.__self__.transport.abort()
        else:
            await self.app(scope, receive, send)


async def _nowhere(_message: Any) -> None:
    pass
