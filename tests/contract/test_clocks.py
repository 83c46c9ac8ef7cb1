"""Clocks that jump: nothing acts twice, nothing lives too long, and all is well once they are right."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from pulumi_encord_integrations.client.errors import NotAuthenticated
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.store import access_proofs
from pulumi_encord_integrations.server.store.access_proofs import AccessProof, proof_of, subject
from tests.support import control
from tests.support.api import AWS, INTEGRATIONS, PRINCIPALS, Api
from tests.support.clock import Clock
from tests.support.people import USERS, everything

JUMPS = [{"hours": 1}, {"hours": -1}, {"days": 40}, {"days": -40}, {"days": 4000}]
TOKEN = "/v2/public/user/bearer-token"


@pytest.fixture
def clock(local: Api, monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def _created(api: Api, title: str = "Data", **more: Any) -> Any:
    return api.send(method="POST", body={**AWS, "title": title, **more})


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_replay_acts_once_though_the_clock_was_wrong_meanwhile(
    local: Api, clock: Clock, jump: dict[str, float]
) -> None:
    request = local.request(method="POST", body=AWS)
    first = local.send(request)
    clock.set(**jump)
    for number in range(3):
        assert _created(local, f"meanwhile {number}").status == 200
    clock.set()
    assert _created(local, "afterwards").status == 200
    assert local.send(request).body == first.body
    assert len(local.rows("integrations")) == 5


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_replay_of_what_was_written_at_a_wrong_time_acts_once(
    local: Api, clock: Clock, jump: dict[str, float]
) -> None:
    clock.set(**jump)
    request = local.request(method="POST", body=AWS)
    first = local.send(request)
    clock.set()
    assert _created(local, "afterwards").status == 200
    assert local.send(request).refusal == (401, "clock_skew")
    clock.set(**jump)
    assert local.send(request).body == first.body
    assert len(local.rows("integrations")) == 2


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_create_is_known_by_its_nonce_though_the_clock_was_wrong_meanwhile(
    local: Api, clock: Clock, jump: dict[str, float]
) -> None:
    first = _created(local, nonce="n" * 20).body
    clock.set(**jump)
    assert _created(local, "meanwhile", nonce="m" * 20).status == 200
    again = _created(local, nonce="n" * 20).body
    clock.set()
    for answer in (again, _created(local, nonce="n" * 20).body):
        assert (answer["created"], answer["integration"]["integrationUuid"]) == (
            False,
            first["integration"]["integrationUuid"],
        )
    assert len(local.rows("integrations")) == 2


def _with_token(api: Api, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return api.send(api.http().build_request("GET", INTEGRATIONS, headers=headers)).status


def test_a_token_never_serves_longer_than_an_hour(local: Api, clock: Clock) -> None:
    token = local.send(path=TOKEN).body["token"]
    found = []
    for minutes in (0, 59, 61, 0, -30):
        clock.set(minutes=minutes)
        found.append(_with_token(local, token))
    # One from the future is not taken: nobody knows when it was made.
    assert found == [200, 200, 401, 200, 401]


def test_a_listing_goes_on_over_a_jump(local: Api, clock: Clock) -> None:
    for number in range(4):
        clock.set(hours=number % 2)
        _created(local, f"{number}")
    token, titles = None, []
    for hours in (0, 1, -1, 0):
        clock.set(hours=hours)
        query = {"pageSize": 1, "pageToken": token} if token else {"pageSize": 1}
        page = local.send(path=f"{INTEGRATIONS}/search", query=query).body
        titles += [row["title"] for row in page["results"]]
        token = page["nextPageToken"]
    assert sorted(titles) == ["0", "1", "2", "3"]
    assert token is None


def test_who_was_added_at_a_wrong_time_may_act_at_the_right_one(local: Api, clock: Clock) -> None:
    clock.set(hours=1)
    body = {"email": "new@example.com", "roleMnemonicName": "MEMBER", "memberType": "internal"}
    assert local.send(method="POST", path=USERS, body=body).status == 200
    clock.set()
    assert local.send(method="DELETE", path=f"{USERS}/new@example.com").status == 200


@pytest.mark.parametrize(("jump", "way"), [({"hours": 1}, "behind"), ({"hours": -1}, "ahead of")])
def test_a_wrong_clock_is_told_in_one_line_whosever_it_is(
    local: Api, clock: Clock, jump: dict[str, float], way: str
) -> None:
    client = local.client()
    before = everything(local)
    # Signed by a clock that is right, for an API whose clock is not.
    client._credentials._clock = lambda: clock.time() - clock.ahead  # type: ignore[attr-defined]
    clock.set(**jump)
    with pytest.raises(NotAuthenticated) as refused:
        client.call("POST", "cloud-integrations", body=AWS)
    assert refused.value.code == "clock_skew"
    assert "3600 s " + way in str(refused.value).replace("3599", "3600").replace("3601", "3600")
    assert "\n" not in str(refused.value)
    assert everything(local) == before


def test_what_was_refuted_stays_so_though_it_was_proven_by_a_clock_ahead(
    local: Api, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.app.state.deployment = Deployment(local.vault, PRINCIPALS)
    cloud = control.reached(monkeypatch)
    clock.set(hours=1)
    one = control.made(local)
    cloud.challenge(one, control.BUCKET)
    assert control.sign(local, one).status == 200
    clock.set()
    cloud.objects.clear()
    assert control.sign(local, one).refusal == (409, "control_unproven")
    clock.set(hours=2)
    assert not control.verified(local, one)
    assert control.sign(local, one).refusal == (409, "control_unproven")


@pytest.mark.parametrize("seconds", [None, 3_600])
def test_what_a_clock_ahead_proved_of_a_role_gives_way_to_what_is_seen_now(
    local: Api, clock: Clock, seconds: int | None
) -> None:
    local.create()
    row = _row(local)
    clock.set(hours=1)
    _keep(local, row, 43_200)
    clock.set()
    _keep(local, _row(local), seconds)
    clock.set(hours=2)
    kept = proof_of(_row(local))
    assert (kept and kept.session_seconds) == seconds


def _row(api: Api) -> Any:
    (row,) = api.rows("integrations")
    return row


def _keep(api: Api, row: Any, seconds: int | None) -> None:
    """Keeps what is seen of the role now: that its sessions last so long, or with None nothing."""
    asked_at = datetime.fromtimestamp(time.time(), UTC)
    proof = seconds and AccessProof(subject(row), asked_at.isoformat(), seconds, "role_session")
    with api.database.write() as connection:
        access_proofs.keep(connection, row, proof or None, asked_at)
