"""Pipelines without keys: where their tokens come from, and how they are exchanged and renewed."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from pulumi_encord_integrations.client import client as client_module
from pulumi_encord_integrations.client.auth import Credentials
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.errors import (
    ConfigurationError,
    EncordError,
    NotAuthenticated,
    Refused,
    Unavailable,
)
from pulumi_encord_integrations.client.federated import Federated
from pulumi_encord_integrations.client.issuer_tokens import GithubToken, GivenToken, TokenFile, claims_of
from tests.support.issuer import part

API = "https://encord.example.com"
GITHUB_URL = "https://pipelines.example.com/token?api-version=2.0"
CANARY = "canary-71c3"
CLAIMS = {"iss": "https://issuer.example", "sub": "repo:acme/data:pull_request", "aud": API, "exp": 4e9}
JWT = f"{part({'alg': 'RS256'})}.{part(CLAIMS)}.{CANARY}"


def jwt(**claims: Any) -> str:
    return f"{part({})}.{part({**CLAIMS, **claims})}.{CANARY}"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without their waits."""
    monkeypatch.setattr(client_module, "_wait", lambda _: 0.0)


@dataclass
class FakeApi:
    """Exchanges tokens, each for another one; `refusal` is what it says instead."""

    lasts: int = 900
    refusal: tuple[int, dict[str, str]] | None = None
    exchanged: list[dict[str, Any]] = field(default_factory=list)
    called_with: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path != "/v2/public/oauth/token":
            self.called_with.append(request.headers["Authorization"])
            return httpx2.Response(200, json={"any": "answer"})
        with self.lock:
            assert "Authorization" not in request.headers
            self.exchanged.append(
                {**json.loads(request.content), "stack": request.headers.get("X-Encord-Stack")}
            )
            if self.refusal:
                return httpx2.Response(self.refusal[0], json=self.refusal[1])
            token = f"own-{len(self.exchanged)}"
        return httpx2.Response(
            200,
            json={"access_token": token, "expires_in": self.lasts, "scope": "write", "token_type": "Bearer"},
        )


class Clock:
    """Seconds that only the test lets pass."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def federated(api: FakeApi, clock: Clock) -> Federated:
    return Federated(API, GivenToken(JWT), httpx2.MockTransport(api), clock=clock, stack="acme/prod")


def bearer(credentials: Credentials) -> str:
    return credentials.headers("GET", "/", "x", b"")["Authorization"]


def test_a_token_is_exchanged_once_and_used_for_many_calls(federated: Federated, api: FakeApi) -> None:
    client = Client(API, federated, httpx2.MockTransport(api))
    for _ in range(3):
        client.call("GET", "anything")
    assert api.called_with == ["Bearer own-1"] * 3
    (asked,) = api.exchanged
    assert asked == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": JWT,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "stack": "acme/prod",
    }


def test_a_token_is_renewed_before_two_minutes_are_left(federated: Federated, clock: Clock) -> None:
    found = []
    for clock.now in (0, 779, 781, 1560, 1562):
        found.append(bearer(federated))
    assert found == [f"Bearer own-{number}" for number in (1, 1, 2, 2, 3)]


def test_a_token_that_lives_shortly_is_not_exchanged_for_each_call(
    federated: Federated, api: FakeApi, clock: Clock
) -> None:
    api.lasts = 60
    for clock.now in (0, 29, 31):
        bearer(federated)
    assert len(api.exchanged) == 2


def test_threads_share_one_exchange(federated: Federated, api: FakeApi) -> None:
    threads = [threading.Thread(target=bearer, args=[federated]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(api.exchanged) == 1


def gone_once(api: FakeApi, status: int = 401) -> Callable[[httpx2.Request], httpx2.Response]:
    """An API that does not know its first token any more."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.headers.get("Authorization") == "Bearer own-1":
            return httpx2.Response(status, json={"code": "not_authenticated", "message": "was removed"})
        return api(request)

    return answer


@pytest.mark.parametrize("path", ["anything", "organisation/users/mia@example.com/invitations"])
@pytest.mark.parametrize("hasty", [True, False])
def test_a_token_that_ended_early_is_exchanged_once_more_and_the_call_repeated(
    api: FakeApi, path: str, hasty: bool
) -> None:
    transport = httpx2.MockTransport(gone_once(api))
    federated = Federated(API, GivenToken(JWT), transport)
    client = Client(API, federated, transport, hasty=hasty)
    assert client.call("POST", path, body={"a": 1}) == {"any": "answer"}
    assert (api.called_with, len(api.exchanged)) == (["Bearer own-2"], 2)
    client.call("GET", "anything")
    assert len(api.exchanged) == 2


def test_a_call_that_is_refused_with_a_new_token_too_fails(api: FakeApi) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if "Authorization" in request.headers:
            asked.append(request.headers["Authorization"])
            return httpx2.Response(401, json={"code": "not_authenticated", "message": "was removed"})
        return api(request)

    asked: list[str] = []
    transport = httpx2.MockTransport(answer)
    client = Client(API, Federated(API, GivenToken(JWT), transport), transport)
    with pytest.raises(NotAuthenticated, match="was removed"):
        client.call("GET", "anything")
    assert asked == ["Bearer own-1", "Bearer own-2"]


def test_what_is_refused_otherwise_is_not_repeated(api: FakeApi) -> None:
    transport = httpx2.MockTransport(gone_once(api, 403))
    client = Client(API, Federated(API, GivenToken(JWT), transport), transport)
    with pytest.raises(EncordError):
        client.call("GET", "anything")
    assert len(api.exchanged) == 1


def test_a_good_token_outlasts_an_api_that_cannot_exchange_now(
    federated: Federated, api: FakeApi, clock: Clock
) -> None:
    bearer(federated)
    api.refusal, clock.now = (503, {"code": "database_busy", "message": "busy"}), 800
    assert bearer(federated) == "Bearer own-1"
    tried = len(api.exchanged)
    clock.now = 810
    assert bearer(federated) == "Bearer own-1"
    assert len(api.exchanged) == tried
    api.refusal, clock.now = None, 816
    assert bearer(federated) == f"Bearer own-{tried + 1}"


def test_no_token_is_used_to_its_very_end(federated: Federated, api: FakeApi, clock: Clock) -> None:
    bearer(federated)
    api.refusal, clock.now = (503, {"code": "database_busy", "message": "busy"}), 890
    with pytest.raises(Unavailable, match="busy"):
        bearer(federated)


def test_an_exchange_is_tried_again_like_any_call(api: FakeApi) -> None:
    answers = iter([httpx2.Response(503, json={}), httpx2.Response(429, json={})])
    transport = httpx2.MockTransport(lambda request: next(answers, None) or api(request))
    assert bearer(Federated(API, GivenToken(JWT), transport)) == "Bearer own-1"


def test_a_token_that_is_not_accepted_is_told_with_what_to_declare(
    federated: Federated, api: FakeApi
) -> None:
    api.refusal = (400, {"code": "invalid_grant", "message": "the token was not accepted"})
    with pytest.raises(NotAuthenticated) as refusal:
        bearer(federated)
    said = str(refusal.value)
    assert "did not accept the token of ENCORD_OIDC_TOKEN; the API's log says why. An admin" in said
    assert "issuer `https://issuer.example`, audience `https://encord.example.com`" in said
    assert "subject `repo:acme/data:pull_request`" in said
    assert CANARY not in said
    assert len(api.exchanged) == 1


@pytest.mark.parametrize(
    ("token", "told"),
    [
        (jwt(sub=None), "subject (none)"),
        (jwt(aud=["a", "b"]), "audience `a` or `b`"),
        (jwt(sub="x\x1b[31m" + "y" * 999), "subject `x\N{REPLACEMENT CHARACTER}[31my"),
        (jwt(iss=None, aud=None, sub=None), "issuer (none), audience (none), subject (none)"),
        (f"a.b.{CANARY}", "is no JSON Web Token"),
        (f"a.{part([])}.{CANARY}", "is no JSON Web Token"),
        (f"{CANARY}", "is no JSON Web Token"),
        (jwt(exp=1), "has ended"),
    ],
)
def test_what_a_token_claims_is_told_without_harm(api: FakeApi, token: str, told: str) -> None:
    api.refusal = (400, {"code": "invalid_grant", "message": "no"})
    with pytest.raises(NotAuthenticated) as refusal:
        bearer(Federated(API, GivenToken(token), httpx2.MockTransport(api)))
    assert told in str(refusal.value)
    assert CANARY not in str(refusal.value)
    assert len(str(refusal.value)) < 1000


def test_another_refusal_is_told_as_the_api_says_it(federated: Federated, api: FakeApi) -> None:
    api.refusal = (400, {"code": "unauthorized_client", "message": "signatures alone", "hint": "Use a key"})
    with pytest.raises(Refused, match=r"signatures alone\. Use a key"):
        bearer(federated)


# Where tokens come from


def test_a_token_file_is_read_at_each_exchange(tmp_path: Path, api: FakeApi, clock: Clock) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    credentials = Federated(API, TokenFile(file), httpx2.MockTransport(api), clock=clock)
    bearer(credentials)
    file.write_text("second\n")
    clock.now = 800
    bearer(credentials)
    assert [one["subject_token"] for one in api.exchanged] == ["first", "second"]


@pytest.mark.parametrize("content", ["", " \n", "two words", "t\xf6ken", "x" * 9000, "a\0b", "a\nb"])
def test_a_file_or_variable_without_a_token_is_told_by_its_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    with pytest.raises(ConfigurationError, match=f"the file {file} of ENCORD_OIDC_TOKEN_FILE holds no token"):
        TokenFile(file).read()
    with pytest.raises(ConfigurationError, match="ENCORD_OIDC_TOKEN holds no token") as refusal:
        GivenToken(content).read()
    assert not content.strip() or content not in str(refusal.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot read the token file .*: No such file"):
        TokenFile(tmp_path / "none").read()
    with pytest.raises(ConfigurationError, match="Is a directory"):
        TokenFile(tmp_path).read()


def github(
    answer: Callable[[httpx2.Request], httpx2.Response], url: str = GITHUB_URL, audience: str = API
) -> GithubToken:
    return GithubToken(url, CANARY, audience, transport=httpx2.MockTransport(answer))


@pytest.mark.parametrize("audience", [API, "a&audience=b#c", "\u00fc ?"])
@pytest.mark.parametrize(
    "url", [GITHUB_URL, "https://pipelines.example.com/token", "http://127.0.0.1:9/t?a=b"]
)
def test_github_is_asked_for_a_token_for_the_audience(url: str, audience: str) -> None:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, json={"count": 3, "value": JWT})

    assert github(answer, url, audience).read() == JWT
    (request,) = asked
    query = parse_qs(urlsplit(str(request.url)).query)
    assert query.pop("audience") == [audience]
    assert query == parse_qs(urlsplit(url).query)
    assert request.headers["Authorization"] == f"Bearer {CANARY}"


def test_github_is_asked_again_while_it_is_busy() -> None:
    replies = iter([httpx2.Response(503), httpx2.Response(429), httpx2.Response(200, json={"value": JWT})])
    assert github(lambda _: next(replies)).read() == JWT


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (httpx2.Response(302, headers={"Location": "https://evil.example"}), NotAuthenticated, r"\(302\)"),
        (httpx2.Response(401), NotAuthenticated, r"\(401\)\. Give the job the permission id-token: write"),
        (httpx2.Response(200, text="<html>"), NotAuthenticated, "gives this job no token"),
        (httpx2.Response(200, json=[]), NotAuthenticated, "gives this job no token"),
        (httpx2.Response(200, json={}), ConfigurationError, "the answer of GitHub Actions holds no token"),
        (httpx2.Response(200, json={"value": 7e99}), None, ""),
        (httpx2.Response(503), Unavailable, "gives no token now"),
    ],
)
def test_no_token_of_github_is_told(
    reply: httpx2.Response, kind: type[EncordError] | None, said: str
) -> None:
    if kind is None:
        assert github(lambda _: reply).read()
        return
    with pytest.raises(kind, match=said) as refusal:
        github(lambda _: reply).read()
    assert CANARY not in str(refusal.value)


def test_github_that_cannot_be_reached_is_told_without_its_address() -> None:
    def away(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no route", request=request)

    with pytest.raises(
        Unavailable, match=r"cannot reach https://pipelines\.example\.com.*no route"
    ) as refusal:
        github(away).read()
    assert "encord:endpoint" not in str(refusal.value)
    assert "api-version" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://pipelines.example.com/t",
        "http://127.0.0.1.example.com/t",
        "ftp://pipelines.example.com",
        "https://",
        "pipelines.example.com",
        f"https://u:{CANARY}@pipelines.example.com",
        "https://pipelines.example.com/#x",
        "https://pipelines.example.com/ x",
        "https://pipelines.example.com/\n",
        "https://pipelines.example.com\\@evil.example",
        "https://[::1",
        "https://x:0/",
    ],
)
def test_github_is_asked_over_https_alone(url: str) -> None:
    def never(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(request.url)

    with pytest.raises(
        ConfigurationError, match="ACTIONS_ID_TOKEN_REQUEST_URL is not an https address"
    ) as no:
        github(never, url).read()
    assert CANARY not in str(no.value)


def test_a_request_token_that_no_header_can_hold_is_not_sent() -> None:
    source = GithubToken(
        GITHUB_URL,
        f"{CANARY}\r\nHost: x",
        API,
        transport=httpx2.MockTransport(lambda _: httpx2.Response(200)),
    )
    with pytest.raises(ConfigurationError, match="ACTIONS_ID_TOKEN_REQUEST_TOKEN holds no token") as refusal:
        source.read()
    assert CANARY not in str(refusal.value)


def test_claims_are_read_from_whatever_is_there() -> None:
    assert claims_of(JWT) == CLAIMS
    for text in ("", ".", "a.b", f"a.{part(1)}.c", "a." + part(b"[" * 9000) + ".c", "\u00fc.\u00fc.\u00fc"):
        assert claims_of(text) == {}


# Which of them is used
