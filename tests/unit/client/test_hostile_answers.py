"""What may listen at an address instead of the API: each gives one line, within bounds."""

import gzip
import json
import socket
from contextlib import closing
from functools import partial
from itertools import repeat

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pulumi_encord_integrations.client import answers, client, errors, health
from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.client.client import Client
from tests.support.listener import Dns, Serve, dns, listening

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BOMB = gzip.compress(b" " * 8_000_000)
ENDLESS = HEAD + b"Content-Length: 1000000000000\r\n\r\n"


@pytest.fixture(autouse=True)
def _naps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)


def refusal(endpoint: str, attempts: int = 1) -> errors.EncordError:
    """What a call says of the address, in one line."""
    with (
        closing(Client(endpoint, Signer(KEY), attempts=attempts)) as asking,
        pytest.raises(errors.EncordError) as refused,
    ):
        asking.call("GET", "x")
    assert "\n" not in str(refused.value)
    return refused.value


def sized(body: bytes, more: bytes = b"") -> bytes:
    return HEAD + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _reset(stream: socket.socket, said: bytes) -> None:
    """Says a part and then resets the connection, instead of closing it."""
    stream.sendall(said)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def saying(said: bytes) -> Serve:
    return lambda stream: stream.sendall(said)


CUT: dict[str, Serve] = {
    "closed before a word": saying(b""),
    "closed in the headers": saying(HEAD + b"Content-Le"),
    "closed in the body": saying(HEAD + b'Content-Length: 100\r\n\r\n{"a": '),
    "closed in a chunk": saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n100\r\n{"),
    "reset before a word": partial(_reset, said=b""),
    "reset in the headers": partial(_reset, said=HEAD + b"Content-Le"),
    "reset in the body": partial(_reset, said=HEAD + b'Content-Length: 100\r\n\r\n{"a": '),
    "headers without an end": lambda stream: stream.sendall(HEAD + b"X: " + b"x" * 200_000),
    "no HTTP": saying(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "two lengths": saying(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "no length": saying(HEAD + b"Content-Length: many\r\n\r\n{}"),
    "no chunk": saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\nmany\r\n{}\r\n0\r\n\r\n"),
}
GARBAGE: dict[str, bytes] = {
    "half of a JSON body": sized(b'{"results": [{"a'),
    "a shorter length": HEAD + b'Content-Length: 5\r\n\r\n{"results": []}',
    "no gzip": sized(b"no gzip", b"Content-Encoding: gzip\r\n"),
    "half of a gzip": sized(
        gzip.compress(json.dumps([*range(999)]).encode())[:99], b"Content-Encoding: gzip\r\n"
    ),
    "no UTF-8": sized(b'{"a": "\xff\xfe"}'),
    "lists in lists": sized(b"[" * 1_000_000),
    "a number of a million digits": sized(b"9" * 1_000_000),
}


@pytest.mark.parametrize("how", CUT)
def test_a_connection_that_breaks_is_tried_again_and_told_in_a_line(how: str) -> None:
    with listening(CUT[how]) as listener:
        endpoint = f"http://127.0.0.1:{listener.port}"
        refused = refusal(endpoint, attempts=2)
    assert type(refused) is errors.Unavailable
    assert f"cannot reach {endpoint}: " in refused.message
    assert listener.connections == 2


@pytest.mark.parametrize("how", GARBAGE)
def test_an_answer_that_says_nothing_is_not_tried_again_and_told_in_a_line(how: str) -> None:
    with listening(saying(GARBAGE[how])) as listener:
        refused = refusal(f"http://127.0.0.1:{listener.port}", attempts=2)
    assert type(refused) is errors.UnexpectedAnswer
    assert listener.connections == 1


def _endless(stream: socket.socket, head: bytes, piece: bytes) -> None:
    stream.sendall(head)
    for more in repeat(piece):
        stream.sendall(more)


@pytest.mark.parametrize(
    "serve",
    [
        partial(_endless, head=ENDLESS, piece=b" " * 65_536),
        partial(_endless, head=HEAD + b"Transfer-Encoding: chunked\r\n\r\n", piece=b"1000\r\n%4096d\r\n" % 0),
        saying(sized(BOMB * 16, b"Content-Encoding: gzip\r\n")),
        saying(sized(gzip.compress(BOMB * 2000), b"Content-Encoding: gzip, gzip\r\n")),
    ],
    ids=["a body without an end", "chunks without an end", "a gzip bomb", "a gzip bomb in a gzip bomb"],
)
def test_a_body_is_read_up_to_a_bound(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_ANSWER", 2**20)
    with listening(serve) as listener:
        refused = refusal(f"http://127.0.0.1:{listener.port}", attempts=2)
    assert type(refused) is errors.UnexpectedAnswer
    assert "with more than 1 MiB" in refused.message
    assert listener.connections == 1


def test_a_body_within_the_bound_is_read_whole() -> None:
    body = json.dumps({"results": ["x" * 1000] * 5000}).encode()
    with (
        listening(saying(sized(gzip.compress(body), b"Content-Encoding: gzip\r\n"))) as listener,
        closing(Client(f"http://127.0.0.1:{listener.port}", Signer(KEY))) as asking,
    ):
        assert asking.call("GET", "x") == json.loads(body)


def test_a_body_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.0)
    with listening(partial(_endless, head=ENDLESS, piece=b" ")) as listener:
        refused = refusal(f"http://127.0.0.1:{listener.port}")
    assert type(refused) is errors.TimedOut
    assert "did not end its answer within 0 s" in refused.message


@pytest.mark.parametrize("answer", [[], ["fe80::1"]])
def test_a_name_that_leads_nowhere_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, answer: list[str]
) -> None:
    asked: Dns = dns(monkeypatch, answer)
    refused = refusal("https://api.example.com", attempts=2)
    assert type(refused) is errors.Unavailable
    assert "cannot reach https://api.example.com: " in refused.message
    assert len(asked.asked) == 2


def test_a_refusal_can_neither_steer_nor_fill_a_terminal() -> None:
    body = {"code": "\x1b[2Jcode", "message": "\x1b]0;title\x07" + "x" * 1_000_000, "hint": ["\x9b"]}
    with listening(saying(b"HTTP/1.1 409 Conflict\r\n" + sized(json.dumps(body).encode())[17:])) as listener:
        refused = refusal(f"http://127.0.0.1:{listener.port}")
    assert type(refused) is errors.Refused
    assert refused.code.isprintable()
    assert str(refused).isprintable()
    assert len(str(refused)) < 40_000


def test_a_question_for_the_clock_reads_no_body() -> None:
    head = b"HTTP/1.1 200 OK\r\nDate: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Length: 1000000000000\r\n\r\n"
    with listening(partial(_endless, head=head, piece=b" " * 65_536)) as listener:
        ahead = health.seconds_ahead(f"http://127.0.0.1:{listener.port}")
    assert ahead is not None
    assert ahead > 0
