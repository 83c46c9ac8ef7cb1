"""Azure Blob Storage on Microsoft's emulator: a SAS of each blob by a tenant, or the account's own SAS.

A gateway of ours enforces the role assignments, which Azurite does not.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import FOREIGNER, INTEGRATIONS, OUTSIDER, Api
from tests.support.clouds.azure_customer import Customer, calling, sas_of, undeployed
from tests.support.clouds.azure_subscription import Subscription
from tests.support.clouds.azure_traffic import Stranger, asked
from tests.support.clouds.azurite import Azurite
from tests.support.clouds.fetching import fetched
from tests.support.clouds.objects import KEYS, OUTSIDE


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, azurite: Azurite) -> Iterator[Subscription]:
    with undeployed(tmp_path_factory.mktemp("subscription"), azurite) as made:
        yield made


@pytest.fixture
def subscription(shared: Subscription, local: Api) -> Iterator[Subscription]:
    with calling(local, shared):
        yield shared


@pytest.fixture
def by_tenant(local: Api, subscription: Subscription) -> Customer:
    """A customer whose tenant lets the application in, and who has proven control."""
    made = Customer(local, subscription)
    made.fill()
    made.subscription.put(OUTSIDE, OUTSIDE.encode(), made.container)
    made.grant()
    made.prove()
    return made


def by_sas(api: Api, subscription: Subscription, seconds: float = 3600) -> Customer:
    made = Customer(api, subscription, sasToken=sas_of(subscription.account, seconds))
    made.fill()
    made.subscription.put(OUTSIDE, OUTSIDE.encode(), made.container)
    return made


def urls(made: Customer, *keys: str) -> dict[str, str]:
    answer = made.sign(*keys)
    assert answer.status == 200, answer.body
    return {key: row["url"] for key, row in zip(keys or KEYS, answer.body["results"], strict=True)}


def status(made: Customer, url: str, method: str = "GET") -> int:
    return fetched(url, method, made.subscription.certificate)[0]


def content(made: Customer, signed: dict[str, str]) -> dict[str, tuple[int, bytes]]:
    return {key: fetched(url, certificate=made.subscription.certificate) for key, url in signed.items()}


def test_by_a_tenant_each_url_reads_one_blob_alone(by_tenant: Customer) -> None:
    signed = urls(by_tenant)
    assert content(by_tenant, signed) == {key: (200, key.encode()) for key in KEYS}
    one = signed[KEYS[0]]
    refused = {
        "another method": status(by_tenant, one, "DELETE"),
        "another blob": status(by_tenant, one.replace("plain.mp4", "plus%2Bsign.mp4")),
        "outside": status(by_tenant, one.replace("videos/plain.mp4", OUTSIDE)),
        "more rights": status(by_tenant, one.replace("sp=r", "sp=rw")),
        "a longer life": status(by_tenant, one.replace("se=20", "se=21")),
    }
    assert set(refused.values()) == {403}, refused


def test_a_url_reads_no_longer_than_the_role_that_our_gateway_enforces(by_tenant: Customer) -> None:
    (url,) = urls(by_tenant, KEYS[0]).values()
    assert status(by_tenant, url) == 200
    by_tenant.subscription.remove_role_assignments()
    assert status(by_tenant, url) == 403


def test_a_tenants_url_says_its_end_within_azures_week(by_tenant: Customer) -> None:
    row = by_tenant.sign(KEYS[0]).body["results"][0]
    left = datetime.fromisoformat(row["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=22) < left < timedelta(days=7)


def gives_nothing(thief: Customer) -> str:
    """The reason why somebody with an integration of their own gets no URL, and sees no list."""
    with asked(thief.subscription) as log:
        answer = thief.sign(KEYS[0])
        found = thief.check()
    assert answer.refusal == (409, "control_unproven")
    assert "results" not in answer.body
    assert {name: one["success"] for name, one in found.items()} == {"credential": True, "control": False}
    assert log.listings == []
    # The account's own path is where the key is asked for that would sign.
    assert log.paths <= {"", f"{thief.container}/{thief.challenge_key}"}
    assert found["control"]["message"] in answer.body["message"]
    assert f"--name {thief.challenge_key}" in answer.body["hint"]
    return str(answer.body["message"])


@pytest.mark.parametrize("who", [OUTSIDER, FOREIGNER])
def test_whoever_declares_another_s_container_gets_no_url_and_no_listing(
    by_tenant: Customer, who: str
) -> None:
    thief = Customer(by_tenant.api, by_tenant.subscription, container=by_tenant.container, who=who)
    assert f"{by_tenant.container}/{thief.challenge_key} does not exist" in gives_nothing(thief)
    assert by_tenant.sign().status == 200


def test_another_deployment_with_the_same_application_gets_none_either(
    by_tenant: Customer, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = Api(tmp_path / "other")
    with calling(other, by_tenant.subscription):
        by_tenant.grant()
        thief = Customer(other, by_tenant.subscription, container=by_tenant.container)
        assert "does not exist" in gives_nothing(thief)
        assert by_tenant.sign().status == 200
    other.close()


def test_the_challenge_of_one_integration_does_not_serve_another(by_tenant: Customer) -> None:
    thief = Customer(by_tenant.api, by_tenant.subscription, container=by_tenant.container, who=OUTSIDER)
    value = by_tenant.subscription.blobs(by_tenant.container)[by_tenant.challenge_key]
    by_tenant.subscription.put(thief.challenge_key, value, by_tenant.container)
    assert "holds another value" in gives_nothing(thief)


def test_a_proof_ends_with_the_challenge_object(by_tenant: Customer) -> None:
    assert by_tenant.sign().status == 200
    by_tenant.subscription.remove(by_tenant.challenge_key, container=by_tenant.container)
    assert "does not exist" in by_tenant.check()["control"]["message"]
    assert "does not exist" in gives_nothing(by_tenant)
    by_tenant.prove()
    assert by_tenant.sign().status == 200


def test_a_stranger_would_see_a_container_that_is_public(subscription: Subscription) -> None:
    subscription.put("data.mp4")
    with Stranger(subscription) as stranger:
        assert stranger.refused("data.mp4")
    with subscription.service() as service:
        service.get_container_client(subscription.container).set_container_access_policy({}, "blob")
    with Stranger(subscription) as stranger:
        assert not stranger.refused("data.mp4")


def test_by_an_account_sas_the_token_is_appended_and_ends_with_it(
    local: Api, subscription: Subscription
) -> None:
    made = by_sas(local, subscription, 4)
    signed = urls(made)
    assert content(made, signed) == {key: (200, key.encode()) for key in KEYS}
    one, url = made.sign(KEYS[0]).body["results"][0], signed[KEYS[0]]
    assert status(made, url.replace("sig=", "sig=A")) == 403
    assert status(made, url, "DELETE") == 403
    left = (datetime.fromisoformat(one["expiresAt"]) - datetime.now(UTC)).total_seconds()
    time.sleep(max(0, left) + 1.2)
    assert status(made, url) == 403
    assert made.sign(KEYS[0]).refusal == (409, "credential_ended")


def test_an_account_sas_signs_no_path(local: Api, subscription: Subscription) -> None:
    """What the documentation warns about: the URL of one blob opens the others."""
    made = by_sas(local, subscription)
    other = urls(made)["videos/plain.mp4"].replace("videos/plain.mp4", OUTSIDE)
    assert fetched(other, certificate=subscription.certificate) == (200, OUTSIDE.encode())


def test_only_the_container_is_signed_for(by_tenant: Customer) -> None:
    elsewhere = f"https://{by_tenant.subscription.account.name}.blob.core.windows.net/other/x"
    refused = by_tenant.sign(elsewhere, "a/../../other/x")
    assert refused.status == 400
    assert len(refused.body["errors"]) == 2


def test_a_token_that_has_ended_is_refused_when_it_is_new_alone(
    local: Api, subscription: Subscription
) -> None:
    account = subscription.account
    body: dict[str, Any] = {"provider": "AZURE", "title": "t", "container": "abc"}
    body |= {"storageAccount": account.name, "sasToken": sas_of(account, -60)}
    made = local.send(method="POST", body=body)
    assert made.status == 400
    assert "sasToken: ended on" in made.body["message"]
    kept = Customer(local, subscription, sasToken=sas_of(account, 1))
    time.sleep(1.5)
    path = f"{INTEGRATIONS}/{kept.view['integrationUuid']}"
    assert local.send(method="PATCH", path=path, body={"title": "renamed"}).status == 200
    again = local.send(method="PATCH", path=path, body={"sasToken": sas_of(account, -60)})
    assert "sasToken: ended on" in again.body["message"]
    assert local.send(method="DELETE", path=path).status == 200
