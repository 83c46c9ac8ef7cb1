"""The one request path: what is retried, with what, and what each answer becomes."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pulumi_encord_integrations.client import client as module
from pulumi_encord_integrations.client import errors, integrations, organizations
from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.client.client import ATTEMPTS, Client
from pulumi_encord_integrations.client.settings import Settings
from pulumi_encord_integrations.connection import connect
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.integration_types.aws import AwsSpec
from pulumi_encord_integrations.model.limits import RATE_LIMITED

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SPEC = AwsSpec.model_validate(
    {"title": "T", "roleArn": "arn:aws:iam::123456789012:role/r", "buckets": ["acme"]}
)
Reply = Callable[[httpx2.Request], httpx2.Response]

CALLS: dict[str, Callable[[Client], object]] = {
    "create": lambda c: integrations.create(c, SPEC, Placement()),
    "read": lambda c: integrations.read(c, str(uuid4())),
    "search": lambda c: list(integrations.search(c)),
    "update": lambda c: integrations.update(c, str(uuid4()), {"title": "x"}),
    "delete": lambda c: integrations.delete(c, str(uuid4()), None),
    "current": organizations.current,
}


class Server:
    """Answers with what it was given, the last of it for ever, and keeps what it was sent."""

    def __init__(self, *replies: httpx2.Response | Exception) -> None:
        self.replies = list(replies)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def client(self, endpoint: str = "https://api.example.com", **how: Any) -> Client:
        return Client(endpoint, Signer(KEY), httpx2.MockTransport(self), **how)


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited, without the waiting."""
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)
    return slept


def _json(status: int, body: Any = None, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, json=body, headers=headers)


def _refusal(status: int, code: str = "some_code", **more: str) -> httpx2.Response:
    return _json(status, {"message": "said", "code": code, **more})


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("body", ["<html>proxy</html>", '{"message": "m", "code": "c"}', ""])
def test_what_may_pass_is_tried_again(status: int, body: str) -> None:
    server = Server(httpx2.Response(status, text=body), _json(200, {}))
    assert server.client().call("GET", "x") == {}
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "error", [httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ReadTimeout, httpx2.RemoteProtocolError]
)
def test_a_connection_that_failed_is_tried_again(error: type[httpx2.TransportError]) -> None:
    server = Server(error("refused"), error("refused"), _json(200, {}))
    assert server.client().call("POST", "x", body={}) == {}
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 418, 422, 500, 501, 301, 302, 307])
def test_what_cannot_pass_is_not_tried_again(status: int) -> None:
    for reply in (_refusal(status), httpx2.Response(status, text="<html>")):
        server = Server(reply)
        with pytest.raises(errors.EncordError):
            server.client().call("GET", "x")
        assert len(server.requests) == 1


def test_retries_are_bounded() -> None:
    server = Server(_json(503))
    with pytest.raises(errors.Unavailable, match="is busy"):
        server.client().call("GET", "x")
    assert len(server.requests) == ATTEMPTS


def _limited(code: str = RATE_LIMITED) -> httpx2.Response:
    return httpx2.Response(429, json={"message": "said", "code": code}, headers={"Retry-After": "2"})


@pytest.mark.parametrize("hasty", [False, True])
def test_turns_that_are_waited_for_are_no_attempts(hasty: bool) -> None:
    server = Server(*[_limited()] * 20, _json(503), _json(200, {}))
    assert server.client(hasty=hasty).call("GET", "x") == {}
    assert len(server.requests) == 22


def test_turns_that_are_waited_for_are_bounded_too(
    naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for attempts, asked in ((ATTEMPTS, 60), (1, 1)):
        server = Server(_limited())
        with pytest.raises(errors.Unavailable):
            server.client(attempts=attempts).call("GET", "x")
        assert len(server.requests) == asked
    monkeypatch.setattr(module, "RETRY_SECONDS", 1.0)
    naps.clear()
    with pytest.raises(errors.Unavailable):
        Server(_limited()).client().call("GET", "x")
    assert naps == []


def test_other_refusals_of_that_status_are_attempts() -> None:
    server = Server(_limited("too_many_cloud_calls"))
    with pytest.raises(errors.Unavailable):
        server.client(hasty=True).call("GET", "x")
    assert len(server.requests) == 2


def test_retries_are_bounded_in_time(naps: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 5.0)
    server = Server(_json(503, None, **{"Retry-After": "10"}))
    with pytest.raises(errors.Unavailable):
        server.client().call("GET", "x")
    assert (len(server.requests), naps) == (1, [])


@pytest.mark.parametrize(("asked", "waited"), [("3", 3.0), ("0", 0.0), ("20", 20.0)])
def test_retry_after_is_honoured(naps: list[float], asked: str, waited: float) -> None:
    Server(_json(429, None, **{"Retry-After": asked}), _json(200, {})).client().call("GET", "x")
    assert naps == [waited]


def test_an_unreasonable_retry_after_is_not(naps: list[float]) -> None:
    Server(_json(429, None, **{"Retry-After": "3600"}), _json(200, {})).client().call("GET", "x")
    assert naps == [20.0]


@pytest.mark.parametrize("asked", ["soon", "-1", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT", "\xb2"])
def test_a_retry_after_that_is_no_number_means_our_own_wait(naps: list[float], asked: str) -> None:
    reply = httpx2.Response(503, headers=[(b"Retry-After", asked.encode("latin-1"))])
    Server(reply, _json(200, {})).client().call("GET", "x")
    assert 0 < naps[0] < 1


def test_waits_grow_and_differ(naps: list[float]) -> None:
    for _ in range(20):
        with pytest.raises(errors.Unavailable):
            Server(_json(503)).client().call("GET", "x")
    assert len({round(nap, 6) for nap in naps}) > 50
    growing = [sum(naps[number :: ATTEMPTS - 1]) for number in range(ATTEMPTS - 1)]
    assert growing == sorted(growing)
    assert max(naps) <= 5.5


def test_a_retry_is_the_same_request_by_signature_and_trace() -> None:
    server = Server(_json(503), httpx2.ReadTimeout("slow"), _json(200, {}))
    server.client().call("POST", "x", body={"a": 1})
    for name in ("Signature", "Signature-Input", "X-Cloud-Trace-Context", "Content-Digest"):
        assert len({request.headers[name] for request in server.requests}) == 1
    assert {request.content for request in server.requests} == {b'{"a": 1}'}


def test_two_calls_are_two_requests() -> None:
    server = Server(_json(200, {}))
    client = server.client()
    for _ in range(2):
        client.call("POST", "x", body={})
    for name in ("Signature", "X-Cloud-Trace-Context"):
        assert len({request.headers[name] for request in server.requests}) == 2


TREE = [
    (400, errors.Refused), (401, errors.NotAuthenticated), (403, errors.NotAllowed), (409, errors.Refused),
    (413, errors.Refused), (418, errors.Refused), (422, errors.Refused), (500, errors.ServerFailed),
]  # fmt: skip


@pytest.mark.parametrize(("status", "kind"), TREE)
def test_each_status_becomes_its_error(status: int, kind: type[errors.EncordError]) -> None:
    with pytest.raises(kind) as error:
        Server(_refusal(status, "code", hint="Do this")).client().call("GET", "x")
    assert type(error.value) is kind
    assert (error.value.code, str(error.value)) == ("code", "said. Do this")


def test_only_the_objects_own_404_means_gone() -> None:
    with pytest.raises(errors.NotFound):
        Server(_refusal(404, "integration_not_found")).client().call("GET", "x")
    ours = [_refusal(404, "no_such_route"), _refusal(404, ""), httpx2.Response(410)]
    others = [httpx2.Response(404, text="<html>Not Found</html>"), httpx2.Response(404), _json(404, [])]
    for reply in (*ours, *others, _json(404, {"detail": "Not Found"})):
        with pytest.raises(errors.UnexpectedAnswer):
            Server(reply).client().call("GET", "x")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "body", ["", "<html>teapot</html>", '{"code": "teapot", "message": "no"}', "[]", "null"]
)
def test_every_call_survives_a_server_that_answers_418_to_everything(call: str, body: str) -> None:
    with pytest.raises((errors.UnexpectedAnswer, errors.Refused)) as error:
        CALLS[call](Server(httpx2.Response(418, text=body)).client())
    assert not isinstance(error.value, errors.NotFound)


ODD = [
    "",
    "<html>",
    "null",
    "[]",
    "{}",
    '{"results": 1}',
    '{"results": [1]}',
    '{"integration": 1}',
    '"x"',
    "7",
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("body", ODD)
def test_a_success_that_is_not_this_apis_is_no_success(call: str, body: str) -> None:
    with pytest.raises(errors.UnexpectedAnswer):
        CALLS[call](Server(httpx2.Response(200, text=body)).client())


@pytest.mark.parametrize("call", CALLS)
def test_an_answer_without_content_is_no_success(call: str) -> None:
    with pytest.raises(errors.UnexpectedAnswer):
        CALLS[call](Server(httpx2.Response(204)).client())


def test_a_redirect_is_not_followed() -> None:
    server = Server(httpx2.Response(307, headers={"Location": "https://elsewhere.example.com/"}))
    with pytest.raises(errors.UnexpectedAnswer, match="answered 307"):
        server.client().call("POST", "x", body={})
    assert len(server.requests) == 1


def test_an_answer_that_cannot_be_decoded_is_unexpected() -> None:
    reply = httpx2.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx2.ByteStream(b"no gzip"))
    with pytest.raises(errors.EncordError):
        Server(reply).client().call("GET", "x")


def test_no_answer_in_time_is_told_from_no_connection() -> None:
    with pytest.raises(errors.TimedOut, match="did not answer in time"):
        Server(httpx2.ReadTimeout("slow")).client().call("GET", "x")
    with pytest.raises(
        errors.Unavailable, match=r"cannot reach https://api\.example\.com: \[Errno 111\] refused"
    ):
        Server(httpx2.ConnectError("[Errno 111] refused")).client().call("GET", "x")


def test_a_closed_port_is_one_clear_line() -> None:
    with pytest.raises(errors.Unavailable) as error:
        Client("http://127.0.0.1:1", Signer(KEY), attempts=1).call("GET", "x")
    assert "encord:endpoint" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("https://API.Example.com", "api.example.com"),
        ("https://api.example.com:443", "api.example.com"),
        ("http://localhost:8080", "localhost:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
    ],
)
def test_what_is_signed_is_what_is_sent(endpoint: str, host: str) -> None:
    seen: list[tuple[str, ...]] = []

    class Recorder(Signer):
        def headers(
            self, method: str, target: str, authority: str, body: bytes, *more: Any
        ) -> dict[str, str]:
            seen.append((method, target, authority))
            return super().headers(method, target, authority, body, *more)

    server = Server(_json(200, {}))
    client = Client(endpoint, Recorder(KEY), httpx2.MockTransport(server))
    client.call("GET", "x", query={"a": "ü &=+%", "list": ["1", "2"], "flag": True, "none": None})
    sent = server.requests[0]
    assert seen == [("GET", sent.url.raw_path.decode(), sent.headers["Host"])]
    assert sent.headers["Host"] == host
    assert sent.url.raw_path == b"/v2/public/x?a=%C3%BC+%26%3D%2B%25&list=1&list=2&flag=true"


def test_pages_are_read_to_the_end() -> None:
    pages = [{"results": [{"n": 1}], "nextPageToken": "t"}, {"results": [{"n": 2}], "nextPageToken": None}]
    server = Server(*(_json(200, page) for page in pages))
    assert list(server.client().pages("x", {"a": "b"}, size=1)) == [{"n": 1}, {"n": 2}]
    assert [r.url.params.get("pageToken") for r in server.requests] == [None, "t"]
    assert {r.url.params["a"] for r in server.requests} == {"b"}


def test_a_listing_that_turns_in_a_circle_is_refused() -> None:
    server = Server(_json(200, {"results": [], "nextPageToken": "t"}))
    with pytest.raises(errors.UnexpectedAnswer, match="same page twice"):
        list(server.client().pages("x"))


def test_a_served_endpoint_needs_no_server_extra() -> None:
    settings = Settings("https://api.example.com", token="a-token")
    assert connect(settings).endpoint == "https://api.example.com"


def test_bodies_are_json() -> None:
    server = Server(_json(200, {}))
    server.client().call("POST", "x", body={"title": "Zürich"})
    assert json.loads(server.requests[0].content) == {"title": "Zürich"}
    assert server.requests[0].headers["Content-Type"] == "application/json"
