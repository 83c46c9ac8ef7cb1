"""How the API is reached: what a proxy of the environment gets to see, and that no redirect is followed."""

import re
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pulumi_encord_integrations.client import errors, health
from pulumi_encord_integrations.client.auth import Bearer
from pulumi_encord_integrations.client.client import Client
from tests.support.listener import Listener, listening

TOKEN = "canary-5d2e"
VARIABLES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
MAKES_A_CLIENT = re.compile(
    r"httpx2\.(Client|AsyncClient|request|get|post|stream)\(|urllib\.request|import requests"
)


def forbid(stream: socket.socket) -> None:
    stream.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    with listening(forbid) as found:
        for name in VARIABLES:
            monkeypatch.setenv(name, f"http://user:{TOKEN}@127.0.0.1:{found.port}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield found


def asked(endpoint: str) -> str:
    """What is said of a call and of a question for its health, neither of which gets an answer of an API."""
    with (
        pytest.raises(errors.EncordError) as call,
        closing(Client(endpoint, Bearer(TOKEN), attempts=1)) as client,
    ):
        client.call("GET", "user/me")
    with pytest.raises(errors.EncordError) as question:
        health.seconds_ahead(endpoint)
    return f"{call.value} {question.value}"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost", "[::1]"])
def test_no_proxy_sees_what_is_sent_to_loopback(proxy: Listener, scheme: str, host: str) -> None:
    with listening(forbid) as api:
        asked(f"{scheme}://{host}:{api.port}")
        assert proxy.connections == 0
        if (scheme, host) == ("http", "127.0.0.1"):
            assert TOKEN.encode() in api.requests[0]


def test_a_proxy_is_only_asked_to_connect_to_an_https_endpoint(proxy: Listener) -> None:
    said = asked("https://api.example.com/encord")
    assert [request.split(b"\r\n")[0] for request in proxy.requests] == [
        b"CONNECT api.example.com:443 HTTP/1.1"
    ] * 2
    assert not [request for request in proxy.requests if TOKEN.encode() in request]
    assert "407" in said
    assert TOKEN not in said


@pytest.mark.parametrize("address", ["ftp://u:{}@h", "http://u:{}@h:x", "socks5://u:{}@h"])
def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    # SOCKS needs a package that is not there.
    monkeypatch.setenv("HTTPS_PROXY", address.format(TOKEN))
    said = asked("https://api.example.com")
    assert "HTTPS_PROXY" in said
    assert TOKEN not in said


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with listening() as other:
        location = f"http://127.0.0.1:{other.port}/v2/public/user/me"
        answer = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        with listening(lambda stream: stream.sendall(answer.encode())) as api:
            assert f"answered {status}" in asked(f"http://127.0.0.1:{api.port}")
        assert other.connections == 0


def test_one_module_makes_the_clients_of_the_api(repository: Path) -> None:
    package = repository / "pulumi_encord_integrations"
    files = {file.relative_to(package).as_posix(): file.read_text("utf-8") for file in package.rglob("*.py")}
    # The server calls clouds, with guards of its own.
    found = [
        name for name, text in files.items() if MAKES_A_CLIENT.search(text) and not name.startswith("server/")
    ]
    assert found == ["client/transport.py"]


def test_a_proxy_that_is_away_is_named_without_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{TOKEN}@127.0.0.1:9")
    said = asked("https://api.example.com")
    assert "cannot reach https://api.example.com, through the proxy of HTTPS_PROXY or ALL_PROXY: " in said
    assert TOKEN not in said
