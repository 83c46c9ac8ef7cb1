"""What a captured request is good for once it was answered."""

import httpx2
import pytest

from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.server.auth import Acceptance
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.services import access_checks
from tests.support import signing
from tests.support.api import CREATOR, INTEGRATIONS, Api
from tests.support.signing import Signing
from tests.support.types import CASES

TOKEN = "/v2/public/user/bearer-token"


def otc(api: Api) -> str:
    answer = api.send(method="POST", body=CASES["OTC"].body())
    return f"{INTEGRATIONS}/{answer.body['integration']['integrationUuid']}"


def test_a_captured_request_for_a_token_gives_no_second_one(local: Api) -> None:
    captured = local.request(path=TOKEN)
    assert local.send(captured).status == 200
    assert local.send(captured).refusal == (409, "replayed")
    assert local.restarted().send(captured).refusal == (409, "replayed")


def test_a_captured_request_for_urls_mints_no_second_ones(local: Api) -> None:
    body = {"objectUrls": ["videos/x"]}
    captured = local.request(method="POST", path=f"{otc(local)}/signed-urls", body=body)
    assert local.send(captured).status == 200
    assert local.send(captured).refusal == (409, "replayed")


def test_a_refused_request_uses_up_nothing(local: Api) -> None:
    path = f"{otc(local)}/signed-urls"
    request = local.request(method="POST", path=path, body={"objectUrls": ["elsewhere/x"]})
    assert local.send(request).status == 400
    assert local.send(request).status == 400


def test_a_repeat_of_encords_sdk_is_answered_again(local: Api) -> None:
    request = Signing(local, target=TOKEN).request()
    assert [local.send(request).status for _ in range(2)] == [200, 200]


def test_strict_signatures_leave_no_request_that_can_be_repeated(local: Api) -> None:
    old: Deployment = local.app.state.deployment
    token = local.send(path=TOKEN).body["token"]
    local.app.state.deployment = Deployment(old.vault, accepted=Acceptance(300, strict=True))
    assert local.send(Signing(local, target=TOKEN).request()).refusal == (401, "nonce_required")
    bearer = local.http().build_request("GET", INTEGRATIONS, headers={"Authorization": f"Bearer {token}"})
    assert local.send(bearer).refusal == (401, "nonce_required")
    assert local.send(path=TOKEN).status == 200


@pytest.mark.parametrize("attempts", [1, 3])
def test_our_client_signs_each_attempt_anew_where_a_nonce_counts_once(local: Api, attempts: int) -> None:
    seen: list[str] = []

    def busy_at_first(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["Signature-Input"])
        if len(seen) < attempts:
            return httpx2.Response(503, headers={"Retry-After": "0"})
        assert local.transport
        return local.transport.handle_request(request)

    client = Client(local.endpoint, Signer(local.keys[CREATOR]), httpx2.MockTransport(busy_at_first))
    assert client.call("GET", "user/bearer-token")["token"]
    assert len(set(seen)) == attempts


def test_a_write_that_is_retried_keeps_its_signature(local: Api) -> None:
    seen: list[str] = []

    def busy_at_first(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["Signature-Input"])
        status = 503 if len(seen) == 1 else 200
        return httpx2.Response(status, json={}, headers={"Retry-After": "0"})

    client = Client(local.endpoint, Signer(local.keys[CREATOR]), httpx2.MockTransport(busy_at_first))
    client.call("POST", "cloud-integrations", body={})
    assert len(seen) == 2
    assert len(set(seen)) == 1


def test_a_repeated_check_asks_no_cloud_again(local: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{otc(local)}/access-check"
    request = local.request(method="POST", path=path)
    first = local.send(request)
    monkeypatch.setattr(access_checks, "_adapter", lambda *_: pytest.fail("the cloud was asked again"))
    assert local.send(request).body == first.body


@pytest.mark.parametrize("profile", [signing.OWN, (*signing.OWN, "if-match")])
def test_a_condition_cannot_be_stripped_or_added(local: Api, profile: tuple[str, ...]) -> None:
    uuid = local.create()["integrationUuid"]
    path = f"{INTEGRATIONS}/{uuid}/members"
    request = local.request(method="PUT", path=path, body={"members": []})
    covered = "if-match" in profile
    if covered:
        client = local.client()
        request = client._request(
            "PUT", path.removeprefix("/v2/public/"), None, {"members": []}, {"If-Match": "stale"}
        )
        assert local.send(request).status == 412
        del request.headers["If-Match"]
    else:
        request.headers["If-Match"] = "stale"
    assert local.send(request).refusal == (401, "not_authenticated")
