"""Requests to typed addresses that get through: what is sent, what is read, and when it is given up."""

import ipaddress
import socket
import threading
import time
from pathlib import Path

import pytest

from pulumi_encord_integrations.server.clouds import outbound
from pulumi_encord_integrations.server.clouds.outbound import NotReached, Outbound
from tests.support.authority import Authority
from tests.support.listener import Listener, dns

CANARY = "canary-5d2e"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
NAME = "storage.example.com"
PUBLIC = "93.184.215.14"


@pytest.mark.parametrize("host", ["127.0.0.1", NAME, "[::ffff:127.0.0.1]"])
def test_a_listed_network_is_reached_over_http(
    host: str, listener: Listener, attempts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if host == NAME:
        dns(monkeypatch, ["127.0.0.1"])
    answer = Outbound(LOOPBACK).request("GET", f"http://{host}:{listener.port}")
    assert (answer.status, answer.body, answer.headers) == (200, b"ok", {"content-length": "2"})
    assert listener.lines[0] == "GET / HTTP/1.1"
    assert f"Host: {host}:{listener.port}" in listener.lines
    assert len(attempts) == listener.connections == 1


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "//",
        "//a//b/",
        "/a/../b/./c",
        "/..%2F..%2e/x",
        "/a%2Fb%2fc%2B+d%20e",
        "/~user/%7Euser",
        "/%C3%BC/%e6%97%a5%E6%9C%AC",
        "/a?",
        "/?x",
        "/a?X-Amz-Signature=%2F+%2B/%3D==&x=a?b/c;d&&",
        "/a;b,c!$'()*|{}\"<>^`[]",
        "/%zz%",
        "/http://169.254.169.254/",
        "//127.0.0.1/x",
    ],
)
def test_path_and_query_arrive_byte_for_byte(target: str, listener: Listener) -> None:
    Outbound(LOOPBACK).request("GET", f"http://127.0.0.1:{listener.port}{target}#not-sent")
    assert listener.lines[0] == f"GET {target} HTTP/1.1"


def test_a_query_without_a_path_is_of_the_root(listener: Listener) -> None:
    Outbound(LOOPBACK).request("GET", f"http://127.0.0.1:{listener.port}?a=b")
    assert listener.lines[0] == "GET /?a=b HTTP/1.1"


def test_headers_and_body_arrive_beside_the_host_of_the_url(listener: Listener) -> None:
    given = {"host": "other.example", "X-Amz-Date": "20260101T000000Z"}
    Outbound(LOOPBACK).request("PUT", f"http://127.0.0.1:{listener.port}/", given, b"body")
    hosts = [line for line in listener.lines if line.lower().startswith("host:")]
    assert hosts == [f"Host: 127.0.0.1:{listener.port}"]
    assert {"X-Amz-Date: 20260101T000000Z", "Content-Length: 4"} < set(listener.lines)
    assert b"PUT / HTTP/1.1" in listener.requests[0]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_redirect_is_an_answer(method: str, listener: Listener) -> None:
    location = f"http://127.0.0.1:{listener.port}/next"
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    listener.serve = lambda stream: stream.sendall(head.encode())
    answer = Outbound(LOOPBACK).request(method, f"http://127.0.0.1:{listener.port}/")
    assert (answer.status, answer.headers["location"]) == (302, location)
    assert listener.connections == 1


def test_no_proxy_is_used(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert Outbound(LOOPBACK).request("GET", f"http://127.0.0.1:{listener.port}/").status == 200
    assert listener.lines[0] == "GET / HTTP/1.1"


@pytest.mark.parametrize("framing", ["Content-Length: 1000000", "Transfer-Encoding: chunked", "X: y"])
@pytest.mark.parametrize("limit", [1, 50_000])
def test_a_body_is_cut_off_at_the_limit(framing: str, limit: int, listener: Listener) -> None:
    chunk = b"%x\r\n%s\r\n" % (1000, b"x" * 1000) if "chunked" in framing else b"x" * 1000
    head = f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode()
    listener.serve = lambda stream: stream.sendall(head + chunk * 1000)
    answer = Outbound(LOOPBACK).request("GET", f"http://127.0.0.1:{listener.port}/", limit=limit)
    assert answer.body == b"x" * limit


def test_nothing_is_unpacked(listener: Listener) -> None:
    bomb = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"
    listener.serve = lambda stream: stream.sendall(bomb)
    answer = Outbound(LOOPBACK).request("GET", f"http://127.0.0.1:{listener.port}/")
    assert answer.body == b"\x1f\x8b\x08\x00"
    assert "Accept-Encoding: identity" in listener.lines


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_that_drips_is_given_up(head: bytes, listener: Listener) -> None:
    """In its status line, its headers and its body; each byte comes long before any single wait ends."""

    def drip(stream: socket.socket) -> None:
        stream.sendall(head)
        for _ in range(600):
            stream.sendall(b"x")
            time.sleep(0.05)

    listener.serve = drip
    began = time.monotonic()
    with pytest.raises(NotReached, match=r"did not answer within 0\.5 seconds$") as failure:
        Outbound(LOOPBACK).request("GET", f"http://127.0.0.1:{listener.port}/", seconds=0.5)
    assert not failure.value.refused
    assert time.monotonic() - began < 10


def test_a_resolver_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait(30) and [])
    began = time.monotonic()
    with pytest.raises(NotReached, match="did not answer within"):
        Outbound().request("GET", f"https://{NAME}/", seconds=0.2)
    done.set()
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "does not speak HTTP as it should"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n", "does not speak HTTP as it should"),
        (b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\n\r\n", "does not speak HTTP as it should"),
    ],
)
def test_what_is_no_answer_is_told_apart(answer: bytes, said: str, listener: Listener) -> None:
    listener.serve = lambda stream: stream.sendall(answer)
    place = f"127.0.0.1:{listener.port}"
    with pytest.raises(NotReached) as failure:
        Outbound(LOOPBACK).request("GET", f"http://{place}/{CANARY}?sig={CANARY}")
    assert (str(failure.value), failure.value.refused) == (f"{place} {said}", False)
    with pytest.raises(NotReached) as failure:
        Outbound(LOOPBACK).request("GET", f"https://{place}/{CANARY}?sig={CANARY}")
    assert (str(failure.value), failure.value.refused) == (f"{place} does not speak TLS as it should", False)


@pytest.mark.parametrize("host", [NAME, f"{NAME}.", NAME.upper()])
def test_the_judged_address_is_asked_as_the_host_of_the_url(
    host: str, listener: Listener, attempts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, asked = Authority(tmp_path), list[str | None]()
    listener.tls = authority.server(NAME, asked)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    server = dns(monkeypatch, ["127.0.0.1"], [PUBLIC])
    answer = Outbound(LOOPBACK).request("GET", f"https://{host}:{listener.port}/a%2Fb?c")
    assert answer.status == 200
    assert attempts == ["127.0.0.1"]
    assert server.asked == [(host, listener.port)]
    assert [name and name.lower() for name in asked] == [NAME]
    assert listener.lines[0] == "GET /a%2Fb?c HTTP/1.1"
    assert f"Host: {host}:{listener.port}" in listener.lines


def test_the_certificate_must_be_of_the_host_of_the_url(
    listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    listener.tls = authority.server("other.example.com", [])
    dns(monkeypatch, ["127.0.0.1"])
    url = f"https://{NAME}:{listener.port}/?sig={CANARY}"
    with pytest.raises(NotReached, match="has no valid certificate: unable to get local issuer"):
        Outbound(LOOPBACK).request("GET", url)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    outbound._tls.cache_clear()
    with pytest.raises(NotReached, match="has no valid certificate: Hostname mismatch") as failure:
        Outbound(LOOPBACK).request("GET", url)
    assert not failure.value.refused
    assert CANARY not in str(failure.value)
    assert listener.requests == []


def test_a_default_port_is_not_named(
    listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, places = Authority(tmp_path), list[tuple[str, int]]()
    listener.tls = authority.server(NAME, [])
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    dns(monkeypatch, [PUBLIC])
    connect = socket.socket.connect

    def diverted(stream: socket.socket, place: tuple[str, int]) -> None:
        places.append(place)
        connect(stream, ("127.0.0.1", listener.port))

    monkeypatch.setattr(socket.socket, "connect", diverted)
    for url in (f"https://{NAME}/", f"https://{NAME}:443/", f"https://{NAME}:0443"):
        assert Outbound().request("GET", url).status == 200
        assert f"Host: {NAME}" in listener.lines
    assert places == [(PUBLIC, 443)] * 3
