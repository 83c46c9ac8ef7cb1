"""Which signatures are accepted, and that nothing near one is."""

import base64
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from pulumi_encord_integrations.client.auth import Bearer
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.server import auth
from tests.support.api import AWS, CREATOR, FOREIGNER, INTEGRATIONS, NOBODY, Api, served
from tests.support.signing import OWN, SDK, Signing

Mutate = Callable[[httpx2.Request], None]
NONCE = ';nonce="0123456789abcdef"'
BODY = b'{"provider": "AWS"}'


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One served API for all mutants, which change nothing."""
    api = Api(tmp_path_factory.mktemp("signatures"))
    with served(api.app) as api.endpoint:
        api.transport = None
        yield api
    api.database.close()


@pytest.fixture(params=["sdk", "own"])
def good(request: pytest.FixtureRequest, one: Api) -> Signing:
    """A signature that is accepted, in each profile."""
    if request.param == "sdk":
        return Signing(one)
    return Signing(one, components=OWN, extra=NONCE)


def _refused(api: Api, request: httpx2.Request) -> str:
    answer = api.send(request)
    assert answer.status == 401, answer.body
    return answer.code


def test_both_profiles_are_accepted(api: Api) -> None:
    assert api.send(Signing(api).request()).status == 200
    assert api.send(Signing(api, components=OWN, extra=NONCE).request()).status == 200
    assert (
        api.send(
            Signing(api, target=f"{INTEGRATIONS}?x=%C3%BC&y=a+b", components=OWN, extra=NONCE).request()
        ).status
        == 200
    )


def _field(name: str, change: Callable[[str], str]) -> Mutate:
    def mutate(request: httpx2.Request) -> None:
        changed = change(request.headers.pop(name)).encode("latin-1")
        request.headers = httpx2.Headers([*request.headers.raw, (name.encode(), changed)])

    return mutate


def _without(name: str) -> Mutate:
    return lambda request: request.headers.__delitem__(name)


def _twice(name: str) -> Mutate:
    def mutate(request: httpx2.Request) -> None:
        value = request.headers[name]
        request.headers = httpx2.Headers([*request.headers.multi_items(), (name, value)])

    return mutate


def _flip(text: str, at: int = 30) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def _target(raw: str) -> Mutate:
    def mutate(request: httpx2.Request) -> None:
        request.url = request.url.copy_with(raw_path=raw.encode())

    return mutate


def _method(name: str) -> Mutate:
    return lambda request: setattr(request, "method", name)


def _relabelled(request: httpx2.Request) -> None:
    for name in ("Signature", "Signature-Input"):
        request.headers[name] = request.headers[name].replace("encord-sig", "sig1")


def _bytes(count: int) -> Callable[[str], str]:
    return lambda _: f"encord-sig=:{base64.b64encode(bytes(count)).decode()}:"


def _upper_key(text: str) -> str:
    before, key = text.split('keyid="')
    return f'{before}keyid="{key[:64].upper()}{key[64:]}'


def _reordered(text: str) -> str:
    return text.replace('"@method" "@request-target"', '"@request-target" "@method"')


IN_FLIGHT: dict[str, Mutate] = {
    "signature flipped": _field("Signature", _flip),
    "signature cut": _field("Signature", lambda s: s[:-5] + ":"),
    "signature of 63 bytes": _field("Signature", _bytes(63)),
    "signature empty": _field("Signature", lambda s: "encord-sig=::"),
    "signature of zeros": _field("Signature", _bytes(64)),
    "signature unpadded": _field("Signature", lambda s: s.replace("=:", "=:", 1).rstrip(":=") + ":"),
    "signature with a parameter": _field("Signature", lambda s: s + ";a=1"),
    "signature with a blank": _field("Signature", lambda s: s.replace("=:", "=: ", 1)),
    "signature twice in its field": _field("Signature", lambda s: f"{s}, {s}"),
    "signature after a wrong one": _field("Signature", lambda s: f"encord-sig=:AAAA:, {s}"),
    "signature after another label": _field("Signature", lambda s: f"other=:AAAA:, {s}"),
    "signature a string": _field("Signature", lambda s: 'encord-sig="x"'),
    "signature a list": _field("Signature", lambda s: s.replace("=:", "=(:", 1) + ")"),
    "signature field twice": _twice("Signature"),
    "signature absent": _without("Signature"),
    "signature not ASCII": _field("Signature", lambda s: s + "\xe9"),
    "input absent": _without("Signature-Input"),
    "input field twice": _twice("Signature-Input"),
    "input with a second label": _field("Signature-Input", lambda s: f'{s}, b=("@method")'),
    "input twice in its field": _field("Signature-Input", lambda s: f"{s}, {s}"),
    "input reordered": _field("Signature-Input", _reordered),
    "input in upper case": _field("Signature-Input", lambda s: s.replace("@method", "@METHOD")),
    "input with a blank": _field("Signature-Input", lambda s: s.replace(";created", "; created")),
    "input with two blanks": _field("Signature-Input", lambda s: s.replace('" "', '"  "', 1)),
    "input empty list": _field("Signature-Input", lambda s: s[: s.index("(")] + "()" + s[s.index(")") + 1 :]),
    "input no list": _field("Signature-Input", lambda s: 'encord-sig="@method"'),
    "input a flag": _field("Signature-Input", lambda s: "encord-sig"),
    "input cut": _field("Signature-Input", lambda s: s[:-4]),
    "input huge": _field("Signature-Input", lambda s: s + ";a" * 3000),
    "component dropped": _field("Signature-Input", lambda s: s.replace(' "content-digest"', "")),
    "component twice": _field("Signature-Input", lambda s: s.replace('("@method"', '("@method" "@method"')),
    "component with a flag": _field("Signature-Input", lambda s: s.replace('"@method"', '"@method";req')),
    "label in both": _relabelled,
    "created later": _field("Signature-Input", lambda s: s.replace("created=1", "created=2")),
    "created absent": _field("Signature-Input", lambda s: s.replace(";created=", ";made=")),
    "parameter added": _field("Signature-Input", lambda s: s + ';tag="x"'),
    "expires added": _field("Signature-Input", lambda s: s + ";expires=9999999999"),
    "alg dropped": _field("Signature-Input", lambda s: s.replace(';alg="ed25519"', "")),
    "alg other": _field("Signature-Input", lambda s: s.replace("ed25519", "hmac-sha256")),
    "key other": _field("Signature-Input", lambda s: s.replace('keyid="', 'keyid="0')),
    "key in upper case": _field("Signature-Input", _upper_key),
    "digest absent": _without("Content-Digest"),
    "digest flipped": _field("Content-Digest", _flip),
    "digest twice": _twice("Content-Digest"),
    "digest of another algorithm": _field("Content-Digest", lambda s: s.replace("sha-256", "sha-512")),
    "digest with a second": _field("Content-Digest", lambda s: f"{s}, sha-512=:AAAA:"),
    "digest with a blank": _field("Content-Digest", lambda s: s.replace("=:", "= :", 1)),
    "method": _method("POST"),
    "path": _target(f"{INTEGRATIONS}/search"),
    "query added": _target(f"{INTEGRATIONS}?includeOrgAccess=true"),
    "path encoded otherwise": _target(INTEGRATIONS.replace("cloud", "%63loud")),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_FLIGHT)
def test_what_changed_in_flight_is_refused(one: Api, good: Signing, name: str) -> None:
    request = good.request()
    assert one.send(good.request()).status == 200
    IN_FLIGHT[name](request)
    assert _refused(one, request) == "not_authenticated"


SIGNED: dict[str, dict[str, Any]] = {
    "nothing covered": {"components": ()},
    "digest not covered": {"components": SDK[:2]},
    "target not covered": {"components": ("@method", "content-digest")},
    "method not covered": {"components": SDK[1:]},
    "another order": {"components": SDK[::-1]},
    "something more": {"components": (*SDK, "host")},
    "authority without a nonce": {"components": OWN, "extra": ""},
    "a nonce without authority": {"components": SDK, "extra": NONCE},
    "an empty nonce": {"components": OWN, "extra": ';nonce=""'},
    "a nonce that is a number": {"components": OWN, "extra": ";nonce=1"},
    "a long way back": {"created": 0},
    "a negative time": {"created": -1},
    "a fraction of a second": {"created": f"{int(time.time())}.5"},
    "a time as text": {"created": f'"{int(time.time())}"'},
    "a time as a flag": {"created": "?1"},
    "another algorithm": {"alg": '"rsa-pss-sha512"'},
    "an algorithm as a token": {"alg": "ed25519"},
    "an algorithm in upper case": {"alg": '"ED25519"'},
    "a key that is no hexadecimal": {"keyid": "z" * 64},
    "a short key": {"keyid": "00"},
    "a key with blanks": {"keyid": " " * 64},
    "a key of low order": {"keyid": "00" * 32},
    "another's key": {"who": NOBODY},
    "another label": {"label": "sig1"},
    "a tag": {"extra": ';tag="x"'},
}


@pytest.mark.parametrize("name", SIGNED)
def test_what_is_signed_in_another_form_is_refused(one: Api, name: str) -> None:
    code = _refused(one, Signing(one).but(**SIGNED[name]).request())
    assert code == ("clock_skew" if SIGNED[name].get("created") in {0, -1} else "not_authenticated")


def test_another_body_under_its_own_digest_is_refused(one: Api, good: Signing) -> None:
    signed, other = good.but(method="POST", body=BODY), good.but(method="POST", body=BODY + b" ")
    request = other.request()
    for name in ("Signature", "Signature-Input"):
        request.headers[name] = signed.request().headers[name]
    assert _refused(one, request) == "not_authenticated"


def test_one_users_signature_under_anothers_key_is_refused(one: Api) -> None:
    request, other = Signing(one).request(), Signing(one, who=FOREIGNER).request()
    request.headers["Signature-Input"] = other.headers["Signature-Input"]
    assert _refused(one, request) == "not_authenticated"


def test_a_request_for_another_host_is_refused_in_our_profile(one: Api) -> None:
    request = Signing(one, components=OWN, extra=NONCE, headers={"Host": "elsewhere"}).request()
    assert _refused(one, request) == "not_authenticated"


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_off_by_an_hour_is_named(one: Api, good: Signing, hours: int) -> None:
    answer = one.send(good.but(created=int(time.time()) + hours * 3600).request())
    assert answer.refusal == (401, "clock_skew")
    assert ("ahead of" if hours > 0 else "behind") + " the API's clock" in answer.body["message"]
    assert answer.body["hint"] == "Set the clocks of both machines"


@pytest.mark.parametrize(("off", "status"), [(-301, 401), (-295, 200), (295, 200), (305, 401)])
def test_the_window_is_five_minutes_both_ways(one: Api, good: Signing, off: int, status: int) -> None:
    assert one.send(good.but(created=int(time.time()) + off).request()).status == status


def test_a_bearer_token_stands_for_a_signature(api: Api) -> None:
    token = api.send(path="/v2/public/user/bearer-token").body["token"]
    client = Client(api.endpoint, Bearer(token), api.transport)
    assert client.call("POST", "cloud-integrations", body=AWS)["created"]


def _with_token(api: Api, value: str, path: str = INTEGRATIONS) -> Any:
    http = api.http()
    return api.send(http.build_request("GET", path, headers={"Authorization": value}))


def _token(api: Api, who: str = CREATOR) -> str:
    return str(auth.issue_token(api.public_key(who), api.vault))


def test_a_bearer_token_ends_after_an_hour(one: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    token, issued = _token(one), time.time()
    for after, status in ((3590, 200), (3610, 401)):
        monkeypatch.setattr(time, "time", lambda later=issued + after: later)
        assert _with_token(one, f"Bearer {token}").status == status


def test_a_token_cannot_get_the_next_one(one: Api) -> None:
    answer = _with_token(one, f"Bearer {_token(one)}", "/v2/public/user/bearer-token")
    assert answer.refusal == (403, "signature_required")


@pytest.mark.parametrize("shape", ["Basic {}", "Bearer", "{}", "Bearer {}x", "Bearer x{}", "Bearer {}, {}"])
def test_a_malformed_token_is_refused(one: Api, shape: str) -> None:
    assert _with_token(one, shape.format(*[_token(one)] * 2)).refusal == (401, "not_authenticated")


def test_a_token_altered_anywhere_is_refused(one: Api) -> None:
    token = _token(one)
    for at in range(0, len(token) - 4, 7):
        assert _with_token(one, f"Bearer {_flip(token, at)}").status == 401


def test_a_token_of_another_deployment_or_of_nobody_is_refused(one: Api, local: Api) -> None:
    assert _with_token(one, f"Bearer {_token(local)}").status == 401
    assert _with_token(one, f"Bearer {_token(one, NOBODY)}").status == 401


def test_no_credentials_at_all_are_refused(api: Api) -> None:
    http = api.http()
    answer = api.send(http.build_request("GET", INTEGRATIONS))
    assert answer.refusal == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
