"""An API that acts on writes and answers them badly: never, with garbage, as another version would."""

import json
from collections.abc import Callable, Mapping
from typing import Any

_LATER = {"provider", "role", "scenario", "urlKind"}
"""Properties with a closed set of values."""
_MORE = {"addedLater": {"x": [1]}}
_LOST = {"integrationUuid", "created"}


def _each(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """The same with every object in it changed, the innermost first."""
    if isinstance(value, list):
        return [_each(item, change) for item in value]
    if isinstance(value, dict):
        return change({name: _each(item, change) for name, item in value.items()})
    return value


OTHER_VERSIONS: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "more properties": lambda one: {**one, **_MORE} if one.keys() & _LOST else one,
    "more settings": lambda one: {**one, **_MORE},
    "fewer properties": lambda one: {name: value for name, value in one.items() if name not in _LOST},
    "other values": lambda one: {name: "LATER" if name in _LATER else value for name, value in one.items()},
    "other types": lambda one: {
        name: [7] if isinstance(value, str) else value for name, value in one.items()
    },
}
NEVER = "never"
GARBAGE: Mapping[str, bytes] = {
    "half": b'{"integration": {"integrat',
    "html": b"<html>Welcome to nginx</html>",
    "null": b"null",
}


class Misbehaving:
    """The application, whose answers to writes are changed `how` says; empty: not at all."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.how = ""
        self.hanging = 0
        """Most requests that waited for an answer at the same time."""
        self._waiting = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        how = self.how
        if not how or scope["type"] != "http" or scope["method"] == "GET":
            await self.app(scope, receive, send)
            return
        said: list[Any] = []

        async def keep(message: Any) -> None:
            said.append(message)

        await self.app(scope, receive, keep)
        if how == NEVER:
            await self._hang(receive)
            return
        body = b"".join(message.get("body", b"") for message in said)
        changed = GARBAGE.get(how) or json.dumps(_each(json.loads(body), OTHER_VERSIONS[how])).encode()
        headers = [field for field in said[0]["headers"] if field[0].lower() != b"content-length"]
        headers.append((b"content-length", b"%d" % len(changed)))
        await send({**said[0], "headers": headers})
        await send({"type": "http.response.body", "body": changed})

    async def _hang(self, receive: Any) -> None:
        """Until whoever asks goes away."""
        self._waiting += 1
        self.hanging = max(self.hanging, self._waiting)
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._waiting -= 1
