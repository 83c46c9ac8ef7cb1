"""Which signatures and tokens are accepted, for how long, and how a refusal is told."""

import secrets
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from pulumi_encord_integrations.client.auth import Bearer
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.vault import KEY_BYTES, Vault
from tests.support.api import AWS, CREATOR, INTEGRATIONS, NOBODY, Api, served
from tests.support.signing import OWN, Signing

NONCE = ';nonce="0123456789abcdef"'


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One served API for all mutants, which change nothing."""
    api = Api(tmp_path_factory.mktemp("signatures"))
    with served(api.app) as api.endpoint:
        api.transport = None
        yield api
    api.close()


@pytest.fixture(params=["sdk", "own"])
def good(request: pytest.FixtureRequest, one: Api) -> Signing:
    """A signature that is accepted, in each profile."""
    if request.param == "sdk":
        return Signing(one)
    return Signing(one, components=OWN, extra=NONCE)


def test_both_profiles_are_accepted(api: Api) -> None:
    assert api.send(Signing(api).request()).status == 200
    assert api.send(Signing(api, components=OWN, extra=NONCE).request()).status == 200
    assert (
        api.send(
            Signing(api, target=f"{INTEGRATIONS}?x=%C3%BC&y=a+b", components=OWN, extra=NONCE).request()
        ).status
        == 200
    )


def _flip(text: str, at: int = 30) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


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
    with closing(Client(api.endpoint, Bearer(token), api.transport)) as client:
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
    # The same organizations and people under another key.
    local.vault = Vault(secrets.token_bytes(KEY_BYTES))
    assert _with_token(one, f"Bearer {_token(local)}").status == 401
    assert _with_token(one, f"Bearer {_token(one, NOBODY)}").status == 401


def test_no_credentials_at_all_are_refused(api: Api) -> None:
    http = api.http()
    answer = api.send(http.build_request("GET", INTEGRATIONS))
    assert answer.refusal == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
