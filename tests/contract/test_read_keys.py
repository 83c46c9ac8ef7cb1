"""A key of the scope read, and a token made from it, on every route."""

from collections.abc import Generator
from typing import Any

import httpx2
import pytest

from tests.contract.test_permissions import (
    ACCEPT,
    COLUMNS,
    EXCHANGE,
    HEALTH,
    ROUTES,
    _asked,
    _trusted,
    team,
)
from tests.support.accounts import extra_key
from tests.support.api import CREATOR, Api

__all__ = ["_trusted", "team"]
READING = "a key of the creator with the scope read"
SIGNED_ALONE = (("GET", "/v2/public/user/bearer-token"), ("POST", ACCEPT))
"""What no bearer token may ask for."""
UNAUTHENTICATED = {("POST", EXCHANGE), *(("GET", path) for path in HEALTH)}


def _by_token(api: Api, who: str) -> httpx2.Auth:
    """A bearer token made with their key."""
    token = api.send(who=who, path="/v2/public/user/bearer-token").body["token"]

    class Bearer(httpx2.Auth):
        def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
            for name in ("Signature", "Signature-Input"):
                del request.headers[name]
            request.headers["Authorization"] = f"Bearer {token}"
            yield request

    return Bearer()


@pytest.mark.parametrize("by", ["signature", "bearer token"])
def test_a_read_key_asks_as_its_owner_and_writes_nowhere(
    local: Api, integration: Any, team: str, by: str
) -> None:
    extra_key(local, CREATOR, "read", READING)
    expected = {
        route: row[COLUMNS.index(CREATOR)] if route[0] == "GET" else (403, "read_only")
        for route, row in ROUTES.items()
        if route not in UNAUTHENTICATED
    }
    if by == "bearer token":
        local.http().auth = _by_token(local, READING)
        expected |= dict.fromkeys(SIGNED_ALONE, (403, "signature_required"))
    assert {route: _asked(local, integration, team, READING, *route) for route in expected} == expected
