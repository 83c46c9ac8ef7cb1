"""What an issuer publishes or answers that signs nobody in."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from pulumi_encord_integrations.model.principals import CloudAccess
from pulumi_encord_integrations.server.federation import issuers as fetching
from tests.support import issuer as issuers
from tests.support.api import Api
from tests.support.federated import federate, refused
from tests.support.issuer import DISCOVERY, JWKS, Issuer, private_key, public_jwk

Wrong = Callable[[Issuer], str]

ELSEWHERE = "http://127.0.0.1:9/keys"


@pytest.fixture
def api(on_sqlite: Api, issuer: Issuer) -> Api:
    federate(on_sqlite, issuer)
    return on_sqlite


BAD_KEYS: dict[str, tuple[Callable[[dict[str, Any]], list[Any]], str]] = {
    "none": (lambda _: [], "has no key of the token's kid"),
    "two of one name": (lambda key: [key, key], "2 keys of the token's kid"),
    "two kinds of one name": (
        lambda key: [key, public_jwk("ES256", private_key("ES256", 0), "first")],
        "2 keys of the token's kid",
    ),
    "one for encryption": (lambda key: [{**key, "use": "enc"}], "not for signatures"),
    "one that does not verify": (lambda key: [{**key, "key_ops": ["encrypt"]}], "not for signatures"),
    "one whose operations are no list": (lambda key: [{**key, "key_ops": "verify"}], "not for signatures"),
    "one for another algorithm": (lambda key: [{**key, "alg": "PS256"}], "for another algorithm"),
    "a symmetric one": (
        lambda key: [{"kty": "oct", "k": "AAAA", "kid": "first", "alg": "RS256"}],
        "not one for RS256",
    ),
    "an elliptic one": (
        lambda key: [public_jwk("ES256", private_key("ES256", 0), "first")],
        "not one for RS256",
    ),
    "one without numbers": (lambda key: [{"kty": "RSA", "kid": "first"}], "incomplete"),
    "one with a list as number": (lambda key: [{**key, "n": [1]}], "incomplete"),
    "one of half a byte": (lambda key: [{**key, "n": "A"}], "no number"),
    "one that is no base64": (lambda key: [{**key, "n": "\u00fc" * 400}], "incomplete"),
    "a short one": (
        lambda key: [public_jwk("RS256", rsa.generate_private_key(65_537, 1024), "first")],
        "has not between 2048 and 8192 bits",
    ),
    "a giant": (lambda key: [{**key, "n": "_" * 20_000}], "has not between 2048 and 8192 bits"),
    "an even exponent": (lambda key: [{**key, "e": "Ag"}], "cannot be verified"),
    "one without a name": (lambda key: [{**key, "kid": None}], "has no key of the token's kid"),
    "no mappings": (lambda _: ["first", 1, None, []], "has no key of the token's kid"),
    "too many": (lambda key: [key] * 101, "more than 100 keys"),
}


@pytest.mark.parametrize(("keys", "reason"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_keys_that_will_not_do_are_refused(
    api: Api,
    issuer: Issuer,
    log: pytest.LogCaptureFixture,
    keys: Callable[[dict[str, Any]], list[Any]],
    reason: str,
) -> None:
    issuer.jwks = keys(issuer.jwks[0])
    refused(api, issuer.token(), reason, log)


def replying(status: int, body: bytes = b"", **headers: str) -> Callable[[], issuers.Reply]:
    return lambda: (status, headers, body)


def document(**said: Any) -> Callable[[], issuers.Reply]:
    return lambda: issuers.as_json(said)


BAD_ANSWERS: dict[str, tuple[str, Callable[[Issuer], Callable[[], issuers.Reply]], str]] = {
    "redirecting discovery": (
        DISCOVERY,
        lambda one: replying(302, Location=f"{one.url}{JWKS}"),
        "the issuer's discovery document is a redirect (302), which is not followed",
    ),
    "redirecting keys": (
        JWKS,
        lambda one: replying(307, Location=f"{one.url}/elsewhere"),
        "the issuer's key set is a redirect (307), which is not followed",
    ),
    "no discovery": (DISCOVERY, lambda _: replying(404), "is answered with 404"),
    "failing keys": (JWKS, lambda _: replying(500), "the issuer's key set is answered with 500"),
    "discovery of another issuer": (
        DISCOVERY,
        lambda one: document(issuer=f"{one.url}/", jwks_uri=f"{one.url}{JWKS}"),
        "the issuer's discovery document is of another issuer",
    ),
    "a list as discovery": (DISCOVERY, lambda _: lambda: issuers.as_json([]), "is of another issuer"),
    "discovery that is no JSON": (DISCOVERY, lambda _: replying(200, b"<html>"), "is not JSON"),
    "discovery that is nested": (DISCOVERY, lambda _: replying(200, b"[" * 200_000), "is not JSON"),
    "no place of keys": (DISCOVERY, lambda one: document(issuer=one.url), "jwks_uri is not an https"),
    "a file as place of keys": (
        DISCOVERY,
        lambda one: document(issuer=one.url, jwks_uri="file:///etc/passwd"),
        "jwks_uri is not an https address",
    ),
    "keys at a cloud's own service": (
        DISCOVERY,
        lambda one: document(issuer=one.url, jwks_uri="http://169.254.169.254/keys"),
        "169.254.169.254 is not called",
    ),
    "keys on a private network": (
        DISCOVERY,
        lambda one: document(issuer=one.url, jwks_uri="https://10.0.0.1/keys"),
        "10.0.0.1 is not called",
    ),
    "keys with a user": (
        DISCOVERY,
        lambda one: document(issuer=one.url, jwks_uri=f"http://u:p@{one.url[7:]}{JWKS}"),
        "a URL with a user or a password is not called",
    ),
    "huge keys": (
        JWKS,
        lambda one: lambda: issuers.as_json({"keys": one.jwks, "more": "x" * 300_000}),
        "more than 256 KiB",
    ),
    "huge discovery": (DISCOVERY, lambda _: replying(200, b" " * 300_000), "more than 256 KiB"),
    "keys that are no list": (JWKS, lambda _: document(keys={}), "has no list of keys"),
    "keys that are no mapping": (JWKS, lambda _: lambda: issuers.as_json([]), "has no list of keys"),
}


@pytest.mark.parametrize(("path", "reply", "reason"), BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_an_issuer_that_misbehaves_signs_nobody_in(
    api: Api,
    issuer: Issuer,
    log: pytest.LogCaptureFixture,
    path: str,
    reply: Callable[[Issuer], Callable[[], issuers.Reply]],
    reason: str,
) -> None:
    issuer.answers[path] = reply(issuer)
    refused(api, issuer.token(), reason, log)
    assert set(issuer.asked) <= {DISCOVERY, JWKS}


def test_an_issuer_that_does_not_end_its_answer_is_given_up(
    api: Api, issuer: Issuer, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "FETCH_SECONDS", 0.5)
    ended = threading.Event()

    def slow() -> issuers.Reply:
        ended.wait(20)
        return issuers.as_json({"keys": issuer.jwks})

    issuer.answers[JWKS] = slow
    refused(api, issuer.token(), "did not answer within", log)
    ended.set()


def test_an_issuer_that_is_away_signs_nobody_in(
    api: Api, issuer: Issuer, log: pytest.LogCaptureFixture
) -> None:
    token = issuer.token()
    issuer.close()
    refused(api, token, "refused the connection", log)


def test_an_issuer_within_the_network_is_not_asked_unless_its_network_is_listed(
    on_sqlite: Api, issuer: Issuer, log: pytest.LogCaptureFixture
) -> None:
    federate(on_sqlite, issuer)
    on_sqlite.app.state.deployment = replace(on_sqlite.app.state.deployment, clouds=CloudAccess())
    refused(on_sqlite, issuer.token(), "nor in a network that this deployment lists", log)
    assert issuer.asked == []
