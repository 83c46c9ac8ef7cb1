"""Patterns of subjects, and how issuers' keys are fetched and kept."""

import json
import re
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_encord_integrations.server.clouds.outbound import Answer, NotReached, Outbound
from pulumi_encord_integrations.server.errors import Overloaded
from pulumi_encord_integrations.server.federation import issuers
from pulumi_encord_integrations.server.federation.issuers import Issuers
from pulumi_encord_integrations.server.federation.subjects import matches
from pulumi_encord_integrations.server.federation.tokens import (
    ALGORITHMS,
    TokenRefused,
    claimed,
    opened,
)

URL = "https://issuer.example"
BRANCH = "repo:acme/data:ref:refs/heads/"


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [
        ("repo:acme/data:ref:refs/heads/main", "repo:acme/data:ref:refs/heads/main"),
        (f"{BRANCH}*", f"{BRANCH}main"),
        (f"{BRANCH}*", f"{BRANCH}release/1"),
        (f"{BRANCH}release/*", f"{BRANCH}release/1"),
        (f"{BRANCH}*-stable", f"{BRANCH}1.2-stable"),
        (f"{BRANCH}r*e*e/*", f"{BRANCH}release/1"),
        ("repo:acme/data:*", f"{BRANCH}main"),
        ("repo:acme/data:*", "repo:acme/data:pull_request"),
        ("org:acme:pipeline:*:step:build", "org:acme:pipeline:data:step:build"),
        ("org/acme/project/*", "org/acme/project/data/user/7"),
        ("a.c:[x]+(y)?$^\\", "a.c:[x]+(y)?$^\\"),
        ("a:*", "a:"),
        ("a:**", "a:bc:d"),
        ("a:x*x*x", "a:xxx"),
    ],
)
def test_a_pattern_means_a_subject(pattern: str, subject: str) -> None:
    assert matches(pattern, subject)


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [
        ("repo:acme/data:ref:refs/heads/main", "repo:acme/data:ref:refs/heads/main2"),
        ("repo:acme/data:ref:refs/heads/main", "xrepo:acme/data:ref:refs/heads/main"),
        ("repo:acme/data:*", "repo:acme/data-evil:ref:refs/heads/main"),
        ("repo:acme/data:*", "repo:acme/data"),
        ("repo:acme/data:*", "repo:evil/x:repo:acme/data:y"),
        (f"{BRANCH}*-stable", f"{BRANCH}x:y-stable"),
        (f"{BRANCH}*-stable", f"{BRANCH}1.2-stable2"),
        (f"{BRANCH}main*main", f"{BRANCH}main"),
        ("org:acme:pipeline:*:step:build", "org:acme:pipeline:x:step:evil:step:build"),
        ("org:acme:pipeline:*:step:build", "org:acme:pipeline:x:build"),
        ("a.c", "abc"),
        ("a?c", "abc"),
        ("[abc]", "a"),
        ("a", "a\n"),
        ("a*c", "a\n:c"),
        ("a:x*x*x", "a:xx"),
        ("a:b", "a"),
        ("A:b", "a:b"),
        ("", "a"),
        ("a:*:b", "a:b"),
    ],
)
def test_a_pattern_does_not_mean_another_subject(pattern: str, subject: str) -> None:
    assert not matches(pattern, subject)


def test_many_wildcards_take_no_time() -> None:
    # With a backtracking matcher this would not end.
    assert not matches("a" + "*a" * 200 + "*b:", "a" * 1000)


class Network(Outbound):
    """Answers for an issuer, unless it is away."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "state", {"kids": ["first"], "away": False, "asked": 0, "wait": None})

    @property
    def now(self) -> dict[str, Any]:
        state: dict[str, Any] = vars(self)["state"]
        return state

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        seconds: float = 10,
        limit: int = 65_536,
    ) -> Answer:
        if url.endswith("openid-configuration"):
            self.now["asked"] += 1
            if self.now["wait"]:
                self.now["wait"]()
            if self.now["away"]:
                raise NotReached("issuer.example did not answer")
            said: Any = {"issuer": URL, "jwks_uri": f"{URL}/keys"}
        else:
            said = {"keys": [{"kid": kid} for kid in self.now["kids"]]}
        return Answer(200, {}, json.dumps(said).encode())


class Clock:
    """Seconds that only the test lets pass."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def known(network: Network, clock: Clock) -> Issuers:
    return Issuers(network, clock)


def refused(known: Issuers, key_id: str, reason: str) -> None:
    with pytest.raises(TokenRefused, match=reason):
        known.keys(URL, key_id)


def test_keys_are_fetched_once_in_ten_minutes(known: Issuers, network: Network, clock: Clock) -> None:
    for seconds in (0, 300, 299):
        clock.seconds += seconds
        assert known.keys(URL, "first") == [{"kid": "first"}]
    assert network.now["asked"] == 1
    clock.seconds += 2
    known.keys(URL, "first")
    assert network.now["asked"] == 2


def test_a_key_that_the_issuer_took_back_is_refused_after_ten_minutes(
    known: Issuers, network: Network, clock: Clock
) -> None:
    known.keys(URL, "first")
    network.now["kids"] = ["second"]
    clock.seconds += 601
    refused(known, "first", "has no key of the token's kid$")


def test_a_new_key_is_fetched_at_once_but_only_once_a_minute(
    known: Issuers, network: Network, clock: Clock
) -> None:
    known.keys(URL, "first")
    clock.seconds += 61
    network.now["kids"] = ["first", "second"]
    assert known.keys(URL, "second")
    for _ in range(5):
        with pytest.raises(Overloaded, match="asked for new keys a moment ago") as held:
            known.keys(URL, "third")
        assert held.value.retry_after == 60
    assert network.now["asked"] == 2
    clock.seconds += 61
    refused(known, "third", "has no key")
    assert network.now["asked"] == 3
    assert known.keys(URL, "first")


def test_a_key_that_is_new_indeed_is_taken_once_a_made_up_one_is_forgotten(
    known: Issuers, network: Network, clock: Clock
) -> None:
    known.keys(URL, "first")
    clock.seconds += 61
    refused(known, "made up", "has no key of the token's kid$")
    network.now["kids"] = ["first", "second"]
    clock.seconds += 20
    with pytest.raises(Overloaded) as held:
        known.keys(URL, "second")
    clock.seconds += held.value.retry_after
    assert held.value.retry_after == 40
    assert known.keys(URL, "second")


def test_old_keys_are_used_for_a_day_while_the_issuer_is_away(
    known: Issuers, network: Network, clock: Clock
) -> None:
    known.keys(URL, "first")
    network.now["away"] = True
    clock.seconds += 23 * 3600
    assert known.keys(URL, "first")
    clock.seconds += 2 * 3600
    refused(known, "first", "has no key of the token's kid: issuer.example did not answer")


def test_an_issuer_that_is_away_is_asked_again_after_ten_seconds(
    known: Issuers, network: Network, clock: Clock
) -> None:
    network.now["away"] = True
    for _ in range(3):
        refused(known, "first", "did not answer")
    assert network.now["asked"] == 1
    network.now["away"] = False
    clock.seconds += 11
    assert known.keys(URL, "first")


def at_once(count: int, call: Callable[[], object]) -> list[object]:
    """What each of so many threads gets or raises."""
    found: list[object] = []

    def one() -> None:
        try:
            found.append(call())
        except (TokenRefused, Overloaded) as error:
            found.append(type(error))

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return found


def test_one_of_many_fetches_and_a_few_wait_for_it(known: Issuers, network: Network) -> None:
    crowd = issuers.MAX_WAITING + 6
    full = threading.Event()

    def wait() -> None:
        assert full.wait(20)

    def call() -> object:
        try:
            return bool(known.keys(URL, "first"))
        except Overloaded:
            turned_away.append(1)
            if len(turned_away) == crowd - issuers.MAX_WAITING - 1:
                full.set()
            raise

    turned_away: list[int] = []
    network.now["wait"] = wait
    found = at_once(crowd, call)
    assert network.now["asked"] == 1
    assert found.count(True) == issuers.MAX_WAITING + 1
    assert found.count(Overloaded) == crowd - issuers.MAX_WAITING - 1


def test_old_keys_are_used_while_somebody_fetches(known: Issuers, network: Network, clock: Clock) -> None:
    known.keys(URL, "first")
    clock.seconds += 700
    inner: list[object] = []
    network.now["wait"] = lambda: inner.extend(at_once(20, lambda: bool(known.keys(URL, "first"))))
    assert known.keys(URL, "first")
    assert inner == [True] * 20
    assert network.now["asked"] == 2


def test_whoever_waits_too_long_is_refused(
    known: Issuers, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuers, "FETCH_SECONDS", -0.9)
    inner: list[object] = []
    network.now["wait"] = lambda: inner.extend(at_once(1, lambda: known.keys(URL, "first")))
    known.keys(URL, "first")
    assert inner == [TokenRefused]


def test_few_issuers_are_remembered(
    known: Issuers, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuers, "MAX_ISSUERS", 3)
    for number in range(10):
        with pytest.raises(TokenRefused):
            known.keys(f"https://{number}.example", "first")
    assert len(known._known) == 3


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["alg", "kid", "typ", "iss", "sub", "aud", "exp", "iat", "nbf", "jti", "crit"])
RIGHT = {
    "alg": "RS256",
    "kid": "first",
    "iss": URL,
    "sub": "repo:acme/data:ref:refs/heads/main",
    "aud": "a",
    "exp": 1300,
    "iat": 1000,
}


def encoded(found: Any) -> str:
    return urlsafe_b64encode(json.dumps(found).encode()).decode().rstrip("=")


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*"))
def test_whatever_arrives_is_a_token_or_refused(text: str) -> None:
    with suppress(TokenRefused):
        opened(text)


@given(FIELDS, ANYTHING)
def test_whatever_a_token_claims_is_of_the_right_kind_or_refused(name: str, value: Any) -> None:
    both = {**RIGHT, name: value}
    with suppress(TokenRefused):
        found = claimed(opened(f"{encoded(both)}.{encoded(both)}.AAAA"), 1100)
        assert found.algorithm in ALGORITHMS
        texts = (found.key_id, found.issuer, found.subject, found.id, *found.audiences)
        assert all(isinstance(text, str) for text in texts)
        assert found.audiences
        assert found.subject.isprintable()


def test_the_right_claims_are_taken() -> None:
    found = claimed(opened(f"{encoded(RIGHT)}.{encoded(RIGHT)}.AAAA"), 1100)
    assert (found.issuer, found.subject, found.audiences) == (URL, RIGHT["sub"], ("a",))


@given(st.text(alphabet="ab:*/", max_size=8), st.text(alphabet="ab:/", max_size=8))
def test_the_matcher_agrees_with_a_regular_expression(pattern: str, subject: str) -> None:
    body, tail = (pattern.rstrip("*"), ".*") if pattern.endswith("*") else (pattern, "")
    wanted = "[^:]*".join(map(re.escape, body.split("*"))) + tail
    assert matches(pattern, subject) == bool(re.fullmatch(wanted, subject))
