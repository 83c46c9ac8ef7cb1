"""Tokens that must not sign anybody in: the caller hears one general refusal, the log says why."""

import hmac
import json
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.api import Api
from tests.support.federated import exchange, federate, refused
from tests.support.issuer import AUDIENCE, DISCOVERY, JWKS, SUBJECT, Issuer, part, private_key, public_jwk

Wrong = Callable[[Issuer], str]
DAY = 86_400
ELSEWHERE = "http://127.0.0.1:9/keys"


@pytest.fixture
def api(on_sqlite: Api, issuer: Issuer) -> Api:
    federate(on_sqlite, issuer)
    return on_sqlite


def claiming(**claims: Any) -> Wrong:
    """A token with these claims, signed as it should be."""
    return lambda issuer: issuer.token(**claims)


def timed(**seconds: int | None) -> Wrong:
    """A token with these times, in seconds from now, signed as it should be."""

    def token(issuer: Issuer) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {name: None if at is None else now + at for name, at in seconds.items()}
        return issuer.token(**claims)

    return token


def headed(**header: Any) -> Wrong:
    """A token with these header fields, signed as it should be."""
    return lambda issuer: issuer.token(header)


def written(payload: bytes) -> Wrong:
    """A token with this payload, signed as it should be."""
    return lambda issuer: issuer.token(payload=payload)


def respelled(change: Callable[[str], str]) -> Wrong:
    """A right token in another spelling."""
    return lambda issuer: change(issuer.token())


def unsigned(issuer: Issuer) -> str:
    return f"{part({'typ': 'JWT', 'alg': 'none', 'kid': 'first'})}.{part(issuer.claims())}."


def signed_with(secret: Callable[[Issuer], bytes]) -> Wrong:
    """A token whose HS256 secret is what everybody knows of the issuer's key."""

    def token(issuer: Issuer) -> str:
        said = f"{part({'typ': 'JWT', 'alg': 'HS256', 'kid': 'first'})}.{part(issuer.claims())}"
        return f"{said}.{part(hmac.digest(secret(issuer), said.encode(), sha256))}"

    return token


def pem(_: Issuer) -> bytes:
    public = private_key("RS256", 0).public_key()
    return bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def jwk(issuer: Issuer) -> bytes:
    return json.dumps(issuer.jwks[0]).encode()


def by_another_key(issuer: Issuer) -> str:
    return issuer.token(key=private_key("RS256", 1))


def with_a_key_of_its_own(issuer: Issuer) -> str:
    own = public_jwk("RS256", private_key("RS256", 1), "first")
    return issuer.token({"jwk": own}, key=private_key("RS256", 1))


def nested(issuer: Issuer) -> str:
    inner = issuer.token()
    return issuer.token({"cty": "JWT"}, payload=inner.encode())


def altered(issuer: Issuer) -> str:
    head, _, signature = issuer.token(sub="repo:acme/data:pull_request").split(".")
    return f"{head}.{part(issuer.claims())}.{signature}"


def cut(issuer: Issuer) -> str:
    return issuer.token().rpartition(".")[0] + ".AAAA"


FORM = "not a signed JWT in compact form"
SUBJECTS = "no federation of this issuer and audience has this subject"
AUDIENCES = "no federation of this issuer has an audience of the token"
ALGORITHM = "the algorithm is none of"
SPELLED = "in its one spelling"
NOBODY = "no federation trusts this issuer"
TEXT = "is not a text of 1 to 1024 characters"
TIME = "is not a time in seconds"

WRONG: dict[str, tuple[Wrong, str]] = {
    # issuer
    "of an issuer that nobody declared": (claiming(iss="https://evil.example"), NOBODY),
    "of GitHub, which nobody declared": (
        claiming(iss="https://token.actions.githubusercontent.com"),
        NOBODY,
    ),
    "of the issuer with a slash at its end": (lambda one: one.token(iss=f"{one.url}/"), NOBODY),
    "of the issuer with a path": (lambda one: one.token(iss=f"{one.url}/x"), NOBODY),
    "of the issuer in capitals": (lambda one: one.token(iss=one.url.upper()), "iss is not an https address"),
    "of the issuer by another name": (
        lambda one: one.token(iss=one.url.replace("127.0.0.1", "localhost")),
        NOBODY,
    ),
    "without issuer": (claiming(iss=None), "the token has no iss"),
    "with a list of issuers": (lambda one: one.token(iss=[one.url]), f"iss {TEXT}"),
    "with a NUL in its issuer": (lambda one: one.token(iss=f"{one.url}\0"), f"iss {TEXT}"),
    "of an issuer that is no address": (claiming(iss="file:///etc/passwd"), "iss is not an https address"),
    # audience
    "for another audience": (claiming(aud="https://elsewhere.example"), AUDIENCES),
    "for the audience with a slash at its end": (claiming(aud=f"{AUDIENCE}/"), AUDIENCES),
    "for the audience in capitals": (claiming(aud=AUDIENCE.upper()), AUDIENCES),
    "for an audience that begins so": (claiming(aud=f"{AUDIENCE}.evil.example"), AUDIENCES),
    "for others alone": (claiming(aud=["https://a.example", "https://b.example"]), AUDIENCES),
    "without audience": (claiming(aud=None), "the token has no aud"),
    "with no audiences": (claiming(aud=[]), "the token has no aud"),
    "with an empty audience": (claiming(aud=""), "aud is not a text or a list of texts"),
    "with a nested list of audiences": (claiming(aud=[[AUDIENCE]]), "aud is not a text or a list of texts"),
    "with a mapping as audience": (claiming(aud={AUDIENCE: 1}), "the token has no aud"),
    "with too many audiences": (
        claiming(aud=[AUDIENCE, *map(str, range(60))]),
        "aud is not a text or a list of texts",
    ),
    # subject
    "of another branch": (claiming(sub="repo:acme/data:ref:refs/heads/other"), SUBJECTS),
    "of a pull request": (claiming(sub="repo:acme/data:pull_request"), SUBJECTS),
    "of another repository of the same owner": (claiming(sub=SUBJECT.replace("data", "other")), SUBJECTS),
    "of a repository that begins so": (claiming(sub=SUBJECT.replace("data", "data-evil")), SUBJECTS),
    "of a repository that ends so": (claiming(sub=SUBJECT.replace("acme", "evil-acme")), SUBJECTS),
    "of a branch that begins so": (claiming(sub=f"{SUBJECT}2"), SUBJECTS),
    "of a branch below": (claiming(sub=f"{SUBJECT}/../x"), SUBJECTS),
    "of a tag": (claiming(sub=SUBJECT.replace("heads", "tags")), SUBJECTS),
    "with more before its subject": (claiming(sub=f"x{SUBJECT}"), SUBJECTS),
    "with the subject within": (claiming(sub=f"repo:evil/x:{SUBJECT}"), SUBJECTS),
    "with the subject in capitals": (claiming(sub=SUBJECT.upper()), SUBJECTS),
    "with a Cyrillic letter": (claiming(sub=SUBJECT.replace("a", "\u0430")), SUBJECTS),
    "with full-width letters": (claiming(sub=SUBJECT.replace("acme", "\uff41\uff43\uff4d\uff45")), SUBJECTS),
    "with a wildcard of its own": (claiming(sub="*"), SUBJECTS),
    "with a line end behind its subject": (claiming(sub=f"{SUBJECT}\n"), f"sub {TEXT}"),
    "with a NUL behind its subject": (claiming(sub=f"{SUBJECT}\0"), f"sub {TEXT}"),
    "with a zero-width space": (claiming(sub=f"{SUBJECT}\u200b"), f"sub {TEXT}"),
    "without subject": (claiming(sub=None), "the token has no sub"),
    "with an empty subject": (claiming(sub=""), f"sub {TEXT}"),
    "with a list of subjects": (claiming(sub=[SUBJECT]), f"sub {TEXT}"),
    "with a long subject": (claiming(sub=f"{SUBJECT}{'x' * 1024}"), f"sub {TEXT}"),
    "that names its subject twice": (
        lambda one: one.token(
            payload=json.dumps(one.claims()).replace("{", '{"sub": "repo:evil/x:y", ', 1).encode()
        ),
        "names something twice",
    ),
    # time
    "that has ended": (timed(iat=-600, nbf=None, exp=-300), "the token ended"),
    "that begins later": (timed(nbf=600, exp=900), "the token begins in"),
    "that is issued in the future": (timed(iat=600, nbf=None, exp=900), "in the future"),
    "without end": (claiming(exp=None), "the token has no exp"),
    "without time of issue": (claiming(iat=None), "the token has no iat"),
    "that is two days old": (timed(iat=-2 * DAY, nbf=None), "older than 24 hours"),
    "that lives for a year": (timed(exp=365 * DAY), "within 31 days after iat"),
    "that ends before it begins": (timed(exp=-30, iat=0), "within 31 days after iat"),
    "whose end is a text": (claiming(exp="4000000000"), f"exp {TIME}"),
    "whose end is true": (claiming(exp=True), f"exp {TIME}"),
    "whose end is far away": (claiming(exp=10**400), f"exp {TIME}"),
    "whose end is infinite": (
        lambda one: one.token(
            payload=json.dumps(one.claims(exp=0)).replace('"exp": 0', '"exp": Infinity').encode()
        ),
        "the payload is not JSON",
    ),
    "whose end is no number": (
        lambda one: one.token(
            payload=json.dumps(one.claims(exp=0)).replace('"exp": 0', '"exp": NaN').encode()
        ),
        "the payload is not JSON",
    ),
    # algorithm and key
    "without signature": (unsigned, FORM),
    "of the algorithm none": (headed(alg="none"), ALGORITHM),
    "of the algorithm None": (headed(alg="None"), ALGORITHM),
    "of no algorithm": (headed(alg=None), ALGORITHM),
    "of a list of algorithms": (headed(alg=["RS256"]), ALGORITHM),
    "of an algorithm in small letters": (headed(alg="rs256"), ALGORITHM),
    "of RS512": (headed(alg="RS512"), ALGORITHM),
    "of HS256 with the public key in PEM": (signed_with(pem), ALGORITHM),
    "of HS256 with the public key as JWK": (signed_with(jwk), ALGORITHM),
    "of ES256 with an RSA key": (headed(alg="ES256"), "the issuer's key is not one for ES256"),
    "of PS256 with a key for RS256": (headed(alg="PS256"), "for another algorithm than PS256"),
    "of EdDSA with an RSA key": (headed(alg="EdDSA"), "the issuer's key is not one for EdDSA"),
    "of a key that the issuer has not": (headed(kid="unknown"), "the issuer has no key of the token's kid"),
    "of no key": (headed(kid=None), "the token has no kid"),
    "of a list of keys": (headed(kid=["first"]), f"kid {TEXT}"),
    "of a number as key": (headed(kid=1), f"kid {TEXT}"),
    "of a path as key": (headed(kid="../../dev/null"), "the issuer has no key of the token's kid"),
    "signed by another key": (by_another_key, "the signature is not by the issuer's key"),
    "signed by a key that it brings along": (with_a_key_of_its_own, "the header has jwk"),
    "that names other keys": (headed(jku=ELSEWHERE), "the header has jku"),
    "that names another certificate": (headed(x5u=ELSEWHERE), "the header has x5u"),
    "that brings a certificate along": (headed(x5c=["AAAA"]), "the header has x5c"),
    "whose claims were exchanged": (altered, "the signature is not by the issuer's key"),
    "whose signature is short": (cut, "the signature is not by the issuer's key"),
    # form
    "with a critical extension": (headed(crit=["b64"], b64=True), "the header has crit"),
    "with an unencoded payload": (headed(b64=False), "the header has b64"),
    "that is an access token": (headed(typ="at+jwt"), "typ is not JWT"),
    "that is a logout token": (headed(typ="logout+jwt"), "typ is not JWT"),
    "whose type is a number": (headed(typ=1), "typ is not JWT"),
    "that is compressed": (headed(zip="DEF"), "the header has zip"),
    "that is encrypted": (headed(alg="RSA-OAEP", enc="A256GCM"), ALGORITHM),
    "in five parts": (respelled(lambda token: f"{token}.AAAA.AAAA"), FORM),
    "in two parts": (respelled(lambda token: token.rpartition(".")[0]), FORM),
    "in four parts": (respelled(lambda token: f"{token}."), FORM),
    "with an empty part": (respelled(lambda token: token.replace(".", "..", 1)), FORM),
    "with padding": (respelled(lambda token: f"{token}=="), FORM),
    "with a blank before": (respelled(lambda token: f" {token}"), FORM),
    "with a line end behind": (respelled(lambda token: f"{token}\n"), FORM),
    "with a blank within": (respelled(lambda token: token.replace(".", ". ", 1)), FORM),
    "with a scheme before": (respelled(lambda token: f"Bearer {token}"), FORM),
    "in ordinary base64": (respelled(lambda token: f"{token[:-4]}+/+/"), FORM),
    "that is nothing": (lambda _: "x", FORM),
    "with bits that mean nothing": (
        respelled(lambda token: token[:-1] + _neighbour(token[-1])),
        SPELLED,
    ),
    "with a token within": (nested, "the payload is not JSON"),
    "with a list as payload": (written(b"[]"), "the payload is not a JSON object"),
    "whose payload is nested deeply": (written(b"[" * 3000), "the payload is not JSON"),
    "whose payload is no JSON": (written(b"{"), "the payload is not JSON"),
    "whose payload is not UTF-8": (written(b'{"iss": "\xff"}'), "the payload is not JSON"),
    "whose header is a list": (lambda one: f"{part([])}.{part(one.claims())}.AAAA", "not a JSON object"),
    "that is huge": (claiming(more="x" * 9000), "more than 8192 characters"),
}


def _neighbour(char: str) -> str:
    """The next character of base64url: of a 256-byte signature's last one, it differs in bits of no use."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(char) ^ 1]


@pytest.mark.parametrize(("wrong", "reason"), WRONG.values(), ids=WRONG)
def test_a_token_is_refused(
    api: Api,
    issuer: Issuer,
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    wrong: Wrong,
    reason: str,
) -> None:
    monkeypatch.setattr("pulumi_encord_integrations.server.federation.issuers.UNKNOWN_SECONDS", 0)
    assert exchange(api, issuer.token()).status == 200
    asked = len(issuer.asked)
    refused(api, wrong(issuer), reason, log)
    assert set(issuer.asked[asked:]) <= {DISCOVERY, JWKS}


@pytest.mark.parametrize(("wrong", "reason"), WRONG.values(), ids=WRONG)
def test_the_issuer_is_asked_only_for_a_token_that_claims_what_is_declared(
    api: Api, issuer: Issuer, log: pytest.LogCaptureFixture, wrong: Wrong, reason: str
) -> None:
    refused(api, wrong(issuer), reason, log)
    if "key" not in reason and "for another algorithm" not in reason:
        assert issuer.asked == []


def test_the_log_names_issuer_and_subject_in_one_line(
    api: Api, issuer: Issuer, log: pytest.LogCaptureFixture
) -> None:
    subject = f"repo:evil/x\r\nWARNING \x1b[31m{'y' * 500}"
    refused(api, issuer.token(sub=subject), f"issuer '{issuer.url}', subject 'repo:evil/x\\r\\n", log)
    assert "\r" not in log.text
    assert "\x1b" not in log.text
    assert "y" * 300 not in log.text
