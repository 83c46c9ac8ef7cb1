"""The example's nginx in front of two servers: what is signed arrives as it was signed."""

import re
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from pulumi_encord_integrations.client import organizations
from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.server import request_bodies
from tests.contract.conftest import SQLITE, made
from tests.support import nginx
from tests.support.api import AWS, CREATOR, Api, served
from tests.support.authority import Authority
from tests.support.logged import logging_to
from tests.support.served import free_port

EXAMPLE = Path(__file__).parents[2] / "examples" / "serve" / "nginx.conf"
pytestmark = pytest.mark.skipif(
    nginx.program() is None,
    reason="there is no nginx on this machine: examples/serve/nginx.conf was only read, not run",
)


@dataclass
class Front:
    api: Api
    address: str
    http: httpx2.Client

    def client(self) -> Client:
        return Client(self.address, Signer(self.api.keys[CREATOR]), attempts=1)


def _site(folder: Path, port: int, upstreams: list[int]) -> str:
    text = EXAMPLE.read_text().replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    text = re.sub(r"/etc/nginx/tls/\S+;", f"{folder}/server.pem;", text)
    text = text.replace("/var/log/nginx/encord.log", f"{folder}/access.log")
    for example, real in zip(("8080", "8081"), upstreams, strict=True):
        assert f"127.0.0.1:{example} " in text
        text = text.replace(f"127.0.0.1:{example} ", f"127.0.0.1:{real} ")
    return text


@pytest.fixture
def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """nginx before one server, and one that is down."""
    authority = Authority(tmp_path)
    authority.server("localhost", [])
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    trusts = ssl.create_default_context(cafile=str(authority.file))
    port = free_port()
    address = f"https://localhost:{port}"
    (tmp_path / "data").mkdir(mode=0o700)
    for api in made(tmp_path / "data", SQLITE):
        with served(api.app) as behind:
            upstreams = [free_port(), int(behind.rpartition(":")[2])]
            file = nginx.configured(tmp_path, _site(tmp_path, port, upstreams))
            with nginx.running(file, address, trusts), closing(httpx2.Client(verify=trusts)) as http:
                yield Front(api, address, http)


def test_signed_requests_arrive_though_one_server_is_down(front: Front) -> None:
    with closing(front.client()) as client:
        for number in range(6):
            assert organizations.current(client).user_email == CREATOR
            body = {**AWS, "title": f"made {number}"}
            assert client.call("POST", "cloud-integrations", body=body)["created"]
    assert len(front.api.rows("integrations")) == 6


@pytest.mark.parametrize("path", ["a%2Fb%40example.com", "a%20b//c@example.com", "%E4%BD%A0..%2F@x.example"])
def test_paths_arrive_as_they_were_signed(front: Front, path: str) -> None:
    with closing(front.client()) as client:
        request = client._request("GET", f"organisation/users/{path}", {"x": "a/b c"}, None)
    answer = front.http.send(request)
    assert answer.json()["code"] != "signature_mismatch", answer.text
    assert answer.status_code == 404


def test_the_largest_body_arrives_and_a_larger_one_does_not(front: Front) -> None:
    def sent(size: int) -> int:
        content = b" " * size
        with closing(front.client()) as client:
            headers = client._credentials.headers("POST", "/v2/public/x", front.address[8:], content)
        return front.http.post(f"{front.address}/v2/public/x", content=content, headers=headers).status_code

    assert sent(request_bodies.MAX_LARGE_BODY) == 404
    assert sent(request_bodies.MAX_LARGE_BODY + 1) == 413


def test_one_id_is_in_nginx_log_the_answer_and_the_log_of_the_api(front: Front, tmp_path: Path) -> None:
    with logging_to(tmp_path / "log") as log:
        answer = front.http.get(f"{front.address}/livez?sig=x", headers={"X-Request-Id": "of-the-caller"})
        found = answer.headers["X-Request-Id"]
        (line,) = log.requests()
    assert re.fullmatch("[0-9a-f]{32}", found)
    assert line["request_id"] == found
    kept = (tmp_path / "access.log").read_text()
    assert f'{found} 127.0.0.1 "GET /livez" 200' in kept
    assert "sig" not in kept
