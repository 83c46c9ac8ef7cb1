"""Limits per identity: who is refused, until when, and that clients get through by waiting."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from encord.http.constants import RequestsSettings

from pulumi_encord_integrations.client import organizations as api_organizations
from pulumi_encord_integrations.client.auth import Signer, read_key
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.errors import Unavailable
from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.server import rates
from pulumi_encord_integrations.server.concurrency import inline
from pulumi_encord_integrations.server.errors import RateLimited
from pulumi_encord_integrations.server.store import organizations
from tests.support.api import CREATOR, MEMBER, Api, public, served
from tests.support.command import found, run, serving
from tests.support.people import organization_of
from tests.support.sdk import sdk

LIMIT = 240
OWN = "/v2/public/user/current-organisation"


@pytest.fixture
def limited(on_sqlite: Api) -> Iterator[Api]:
    """A served API that takes `LIMIT` requests a minute of one identity."""
    app = on_sqlite.app
    app.state.deployment = replace(app.state.deployment, requests_per_minute=LIMIT)
    with served(app) as on_sqlite.endpoint:
        on_sqlite.transport = None
        yield on_sqlite


def spend(api: Api, who: str = CREATOR, limit: int = LIMIT) -> None:
    """Takes all tokens of somebody; a first request makes the server know whose key it is."""
    assert api.send(who=who, path=OWN).status == 200
    identity = f"{organization_of(api, who)}/{who}"
    rates = api.app.state.traffic.rates
    with suppress(RateLimited):
        while True:
            rates.take(identity, limit)


def test_whoever_sends_too_much_is_told_when_to_come_back(limited: Api) -> None:
    spend(limited)
    answer = limited.send(path=OWN)
    assert answer.refusal == (429, "rate_limited")
    assert answer.body["message"] == "you send more than 240 requests a minute"
    seconds = answer.headers["Retry-After"]
    assert seconds.isdecimal()
    assert answer.body["hint"] == f"Ask again in {seconds} s"
    rates = limited.app.state.traffic.rates
    clock = rates.clock
    rates.clock = lambda: clock() + int(seconds)
    assert limited.send(path=OWN).status == 200


def test_a_smaller_limit_tells_a_longer_time(limited: Api) -> None:
    state = limited.app.state
    state.deployment = replace(state.deployment, requests_per_minute=3)
    state.traffic.rates.clock = lambda: 0.0
    answers = [limited.send(path=OWN) for _ in range(6)]
    assert [answer.headers.get("Retry-After") for answer in answers[-2:]] == ["20", "20"]


def test_a_write_that_is_refused_for_it_has_not_acted(limited: Api) -> None:
    spend(limited)
    request = limited.request(method="POST", body={"provider": "AWS"})
    assert limited.send(request).code == "rate_limited"
    assert limited.rows("integrations") == []


def test_others_are_not_refused(limited: Api) -> None:
    spend(limited)
    assert limited.send(who=MEMBER, path=OWN).status == 200


def test_all_keys_of_one_identity_share_one_limit(limited: Api) -> None:
    second = "the same person"
    _second_key(limited, second)
    assert limited.send(who=second, path=OWN).status == 200
    spend(limited)
    assert limited.send(who=second, path=OWN).code == "rate_limited"


def _second_key(api: Api, who: str) -> str:
    """The uuid of another key of the creator's, under that name."""
    api.keys[who] = Ed25519PrivateKey.generate()
    key = public(api.keys[who])
    with api.database.write() as connection:
        acme = organizations.first(connection)
        assert acme
        organizations.add_key(connection, acme.uuid, CREATOR, key)
    (uuid,) = [row.uuid for row in api.rows("user_keys") if row.public_key == key]
    return str(uuid)


def test_a_key_that_ended_spends_nothing_of_its_former_owners_limit(limited: Api) -> None:
    limited.app.state.traffic.rates.clock = lambda: 1000.0
    ended = "the lost laptop"
    uuid = _second_key(limited, ended)
    assert limited.send(who=ended, path=OWN).status == 200
    assert limited.send(method="DELETE", path=f"/v2/public/user/keys/{uuid}").status == 200
    assert limited.send(path=OWN).status == 200
    bucket = limited.app.state.traffic.rates._buckets[f"{organization_of(limited, CREATOR)}/{CREATOR}"]
    before = bucket.full_at
    assert before > 1000.0
    answers = [limited.send(who=ended, path=OWN).status for _ in range(LIMIT + 5)]
    assert bucket.full_at == pytest.approx(before)
    assert answers == [401] * (LIMIT - 1) + [429] * 6
    assert limited.send(path=OWN).status == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_health_has_no_limit(limited: Api, path: str) -> None:
    spend(limited)
    assert {limited.http().get(path).status_code for _ in range(LIMIT + 10)} == {200}


def test_an_embedded_api_has_no_limit(on_sqlite: Api) -> None:
    app = on_sqlite.app
    app.state.deployment = replace(app.state.deployment, requests_per_minute=1)
    on_sqlite.transport = in_process(inline(app))
    assert {on_sqlite.send(path=OWN).status for _ in range(5)} == {200}
    assert not app.state.traffic.rates._buckets


def test_threads_of_one_client_all_get_through_a_small_limit(limited: Api) -> None:
    spend(limited)
    client = Client(limited.endpoint, Signer(limited.keys[CREATOR]))
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(api_organizations.current, client) for _ in range(12)]
        assert {one.result().user_email for one in asked} == {CREATOR}
    client.close()


def test_a_preview_that_is_told_to_wait_again_and_again_gets_through(
    limited: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All are told the same moment, at which there is room for some.
    monkeypatch.setattr(rates, "LATEST", 1.0)
    spend(limited)
    client = Client(limited.endpoint, Signer(limited.keys[CREATOR]), hasty=True)
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(api_organizations.current, client) for _ in range(12)]
        assert {one.result().user_email for one in asked} == {CREATOR}
    client.close()


def test_encords_sdk_waits_as_told(limited: Api) -> None:
    client = sdk(limited, requests_settings=RequestsSettings(backoff_factor=0))
    assert list(client.get_cloud_integrations()) == []
    spend(limited)
    assert list(client.get_cloud_integrations()) == []


def test_serve_takes_the_limit_from_its_variable(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    found(tmp_path)
    how = {"ENCORD_MAX_REQUESTS_PER_MINUTE": "2"}
    with serving(tmp_path, **how) as server:
        signer = Signer(read_key(tmp_path / "ada.key"))
        with closing(Client(server.address, signer, attempts=1)) as client:
            answers = [_told(client) for _ in range(4)]
    assert "you send more than 2 requests a minute" in answers[-1]


def _told(client: Client) -> str:
    try:
        return api_organizations.current(client).user_email
    except Unavailable as refusal:
        return str(refusal)


def test_a_limit_that_is_no_number_is_refused_by_its_name(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    ran = run(tmp_path, "serve", "--database", "x.sqlite", ENCORD_MAX_REQUESTS_PER_MINUTE="0")
    assert "ENCORD_MAX_REQUESTS_PER_MINUTE must be a whole number from 1 on" in ran.err
