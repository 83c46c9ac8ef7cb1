"""The API behind a proxy: which changes of a request are told, and which an address of the API allows."""

from dataclasses import dataclass

import httpx2
import pytest

from pulumi_encord_integrations.cli.served_addresses import acceptance, address_of
from pulumi_encord_integrations.client import organizations
from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.errors import ConfigurationError, NotAuthenticated
from pulumi_encord_integrations.server.auth import Acceptance
from pulumi_encord_integrations.server.deployment import Deployment
from tests.support.api import CREATOR, Api

PUBLIC = "https://encord.example:8443"


@dataclass
class Proxy(httpx2.BaseTransport):
    """Hands a request on with another Host, another path or query, or another body."""

    api: Api
    host: str | None = None
    path: tuple[str, str] = ("", "")
    body: bytes | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert self.api.transport
        target = request.url.raw_path.decode().replace(*self.path, 1)
        headers = request.headers.copy()
        headers["X-Forwarded-Host"] = headers["Host"]
        headers["Host"] = self.host or headers["Host"]
        body = request.read() if self.body is None else self.body
        headers["Content-Length"] = str(len(body))
        url = httpx2.URL("http://10.0.0.7:8080").copy_with(raw_path=target.encode())
        return self.api.transport.handle_request(
            httpx2.Request(request.method, url, headers=headers, content=body)
        )


def call(api: Api, proxy: Proxy, endpoint: str = PUBLIC) -> str:
    return organizations.current(Client(endpoint, Signer(api.keys[CREATOR]), proxy)).user_email


def refused(api: Api, proxy: Proxy, endpoint: str = PUBLIC) -> str:
    with pytest.raises(NotAuthenticated) as refusal:
        call(api, proxy, endpoint)
    return str(refusal.value)


def serve_at(api: Api, *urls: str) -> None:
    old: Deployment = api.app.state.deployment
    addresses = tuple(address_of(url) for url in urls)
    accepted = Acceptance(old.accepted.window, addresses)
    api.app.state.deployment = Deployment(old.vault, old.principals, old.clouds, accepted)


def test_a_proxy_that_changes_nothing_is_not_noticed(on_sqlite: Api) -> None:
    assert call(on_sqlite, Proxy(on_sqlite)) == CREATOR


@pytest.mark.parametrize("host", ["encord.example", "10.0.0.7:8080"])
def test_a_changed_host_header_is_told_with_both_hosts_and_the_ways_out(on_sqlite: Api, host: str) -> None:
    said = refused(on_sqlite, Proxy(on_sqlite, host))
    assert f"changed the Host header from encord.example:8443 to {host}" in said
    assert "proxy_set_header Host $http_host;" in said
    assert f"--public-url {PUBLIC}" in said


def test_a_prefix_that_is_taken_off_names_the_address_to_serve_at(on_sqlite: Api) -> None:
    proxy = Proxy(on_sqlite, path=("/encord", ""))
    said = refused(on_sqlite, proxy, f"{PUBLIC}/encord")
    assert "from /encord/v2/public/" in said
    assert f"--public-url {PUBLIC}/encord" in said
    serve_at(on_sqlite, f"{PUBLIC}/encord")
    assert call(on_sqlite, proxy, f"{PUBLIC}/encord") == CREATOR


def test_a_query_that_is_encoded_anew_is_told_with_both_spellings(on_sqlite: Api) -> None:
    client = Client(PUBLIC, Signer(on_sqlite.keys[CREATOR]), Proxy(on_sqlite, path=("%40", "@")))
    with pytest.raises(NotAuthenticated, match=r"query from \S+owner=a%40b.c to \S+owner=a@b.c"):
        client.call("GET", "cloud-integrations/search", query={"owner": "a@b.c"})


def test_a_changed_body_is_told_from_a_changed_request(on_sqlite: Api) -> None:
    client = Client(PUBLIC, Signer(on_sqlite.keys[CREATOR]), Proxy(on_sqlite, body=b'{"a": 1}'))
    with pytest.raises(NotAuthenticated, match=r"the body that arrived \(8 bytes\)\. A proxy must pass on"):
        client.call("POST", "cloud-integrations", body={"a": 2})


def test_an_api_that_knows_its_addresses_serves_behind_a_proxy_that_changes_host(on_sqlite: Api) -> None:
    serve_at(on_sqlite, PUBLIC, "https://other.example:443/")
    assert call(on_sqlite, Proxy(on_sqlite, "10.0.0.7:8080")) == CREATOR
    assert call(on_sqlite, Proxy(on_sqlite, "10.0.0.7:8080"), "https://other.example") == CREATOR


def test_a_request_for_another_api_is_refused_though_its_host_is_handed_on(on_sqlite: Api) -> None:
    serve_at(on_sqlite, "https://other.example")
    assert "this API serves https://other.example. Call it there, or" in refused(on_sqlite, Proxy(on_sqlite))


def test_a_direct_call_of_an_api_with_a_public_address_is_told_both_ways_out(on_sqlite: Api) -> None:
    direct = "http://127.0.0.1:8080"
    serve_at(on_sqlite, PUBLIC)
    said = refused(on_sqlite, Proxy(on_sqlite), direct)
    assert f"this API serves {PUBLIC}. Call it there, or serve it with --public-url {direct} too" in said
    assert "proxy" not in said
    serve_at(on_sqlite, PUBLIC, direct)
    assert call(on_sqlite, Proxy(on_sqlite), direct) == CREATOR


@pytest.mark.parametrize(
    "url",
    [
        "encord.example",
        "https://",
        "http://encord.example",
        "https://a@b",
        "https://a?b",
        "https://xn--\u00fc.example",
    ],
)
def test_an_address_that_no_client_could_call_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="--public-url"):
        address_of(url)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://Encord.Example:443", "encord.example"),
        ("http://localhost:80/", "localhost"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("https://encord.example:8443/a/b/", "encord.example:8443/a/b"),
        ("https://B\u00dccher.example/\u00fcber", "xn--bcher-kva.example/%C3%BCber"),
        ("https://xn--bcher-kva.example/%C3%BCber", "xn--bcher-kva.example/%C3%BCber"),
    ],
)
def test_an_address_is_spelled_as_clients_sign_it(url: str, authority: str) -> None:
    address = address_of(url)
    assert address.authority + address.prefix == authority
    request = httpx2.Request("GET", url)
    assert request.headers["Host"] == address.authority
    assert request.url.raw_path.decode().rstrip("/") == address.prefix


def test_an_address_that_is_not_ascii_is_served_as_clients_call_it(on_sqlite: Api) -> None:
    public = "https://b\u00fccher.example/\u00fcber"
    serve_at(on_sqlite, public)
    assert call(on_sqlite, Proxy(on_sqlite, "10.0.0.7:8080", ("/%C3%BCber", "")), public) == CREATOR


@pytest.mark.parametrize(
    "host",
    ["a" * 40 + "_x.example.com", "-acme.example", "acme..example", "[::1", "acme.example:", "\xe4.example"],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match="--public-host is not a host"):
        acceptance("127.0.0.1", [host], [], strict=False)


@pytest.mark.parametrize("host", ["encord.example.com", "ENCORD:8443", "[::1]:80", "a" * 63 + ".example."])
def test_hosts_are_served_as_they_stand_in_the_header(host: str) -> None:
    assert host.lower() in acceptance("127.0.0.1", [host], [], strict=False).hosts


def test_whoever_lets_others_in_names_the_host() -> None:
    with pytest.raises(ConfigurationError, match="could say any Host"):
        acceptance("0.0.0.0", [], [], strict=False)
