"""Azure Blob Storage on Microsoft's emulator: a SAS of each blob by a tenant, or the account's own SAS."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from pulumi_encord_integrations.model.principals import CloudAccess
from pulumi_encord_integrations.server.clouds.azure import Azure, Delegation
from pulumi_encord_integrations.server.deployment import Deployment
from tests.support.api import INTEGRATIONS, PRINCIPALS, Answer, Api
from tests.support.clouds.azurite import ACCOUNT, TENANT, Azurite, Credential, account_sas
from tests.support.clouds.fetching import fetched
from tests.support.clouds.objects import KEYS, OUTSIDE


class Deployed:
    """An API that reaches the emulator, and a customer's container."""

    def __init__(self, api: Api, cloud: Azurite) -> None:
        self.api, self.cloud = api, cloud
        self.container = cloud.container({key: key.encode() for key in [*KEYS, OUTSIDE]})
        clouds = CloudAccess(azure_blob_endpoint=cloud.endpoint.replace(ACCOUNT, "{account}"))
        deployment = Deployment(api.vault, PRINCIPALS, clouds)
        # Azurite asks no Entra: the credential is the one thing that stands in here.
        azure = deployment.adapters["AZURE"]
        assert isinstance(azure, Azure)
        azure.delegation = Delegation(lambda _tenant: Credential())
        api.app.state.deployment = deployment

    def integrate(self, **more: object) -> str:
        body = {"provider": "AZURE", "title": "t", "storageAccount": ACCOUNT, "container": self.container}
        made = self.api.send(method="POST", body={**body, **more})
        assert made.status == 200, made.body
        return str(made.body["integration"]["integrationUuid"])

    def sign(self, uuid: str, *urls: str) -> Answer:
        path = f"{INTEGRATIONS}/{uuid}/signed-urls"
        return self.api.send(method="POST", path=path, body={"objectUrls": list(urls)})


@pytest.fixture
def deployed(local: Api, azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(azurite.certificate))
    return Deployed(local, azurite)


def test_by_a_tenant_each_url_reads_one_blob_alone(deployed: Deployed) -> None:
    uuid = deployed.integrate(tenantId=TENANT)
    answer = deployed.sign(uuid, *KEYS)
    assert answer.status == 200, answer.body
    urls = {key: row["url"] for key, row in zip(KEYS, answer.body["results"], strict=True)}
    trusted = deployed.cloud.certificate
    assert {key: fetched(url, certificate=trusted) for key, url in urls.items()} == {
        key: (200, key.encode()) for key in KEYS
    }
    one = urls[KEYS[0]]
    refused = {
        "another method": fetched(one, "DELETE", certificate=trusted)[0],
        "another blob": fetched(one.replace("plain.mp4", "plus%2Bsign.mp4"), certificate=trusted)[0],
        "outside": fetched(one.replace("videos/plain.mp4", OUTSIDE), certificate=trusted)[0],
        "more rights": fetched(one.replace("sp=r", "sp=rw"), certificate=trusted)[0],
        "a longer life": fetched(one.replace("se=20", "se=21"), certificate=trusted)[0],
    }
    assert set(refused.values()) == {403}, refused


def test_a_tenants_url_says_its_end_within_azures_week(deployed: Deployed) -> None:
    row = deployed.sign(deployed.integrate(tenantId=TENANT), KEYS[0]).body["results"][0]
    left = datetime.fromisoformat(row["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=22) < left < timedelta(days=7)


def test_by_an_account_sas_the_token_is_appended_and_ends_with_it(deployed: Deployed) -> None:
    uuid = deployed.integrate(sasToken=account_sas(12))
    answer = deployed.sign(uuid, *KEYS)
    assert answer.status == 200, answer.body
    trusted = deployed.cloud.certificate
    found = {
        key: fetched(row["url"], certificate=trusted)
        for key, row in zip(KEYS, answer.body["results"], strict=True)
    }
    assert found == {key: (200, key.encode()) for key in KEYS}
    one = answer.body["results"][0]
    assert fetched(one["url"].replace("sig=", "sig=A"), certificate=trusted)[0] == 403
    assert fetched(one["url"], "DELETE", certificate=trusted)[0] == 403
    left = (datetime.fromisoformat(one["expiresAt"]) - datetime.now(UTC)).total_seconds()
    time.sleep(max(0, left) + 1.2)
    assert fetched(one["url"], certificate=trusted)[0] == 403
    assert deployed.sign(uuid, KEYS[0]).refusal == (409, "credential_ended")


def test_an_account_sas_signs_no_path(deployed: Deployed) -> None:
    """What the documentation warns about: the URL of one blob opens the others."""
    url = deployed.sign(deployed.integrate(sasToken=account_sas()), KEYS[0]).body["results"][0]["url"]
    other = url.replace("videos/plain.mp4", OUTSIDE)
    assert fetched(other, certificate=deployed.cloud.certificate) == (200, OUTSIDE.encode())


def test_only_the_container_is_signed_for(deployed: Deployed) -> None:
    uuid = deployed.integrate(tenantId=TENANT)
    elsewhere = f"https://{ACCOUNT}.blob.core.windows.net/other/x"
    refused = deployed.sign(uuid, elsewhere, "a/../../other/x")
    assert refused.status == 400
    assert len(refused.body["errors"]) == 2


def test_a_token_that_has_ended_is_refused_when_it_is_new_alone(deployed: Deployed) -> None:
    body = {"provider": "AZURE", "title": "t", "storageAccount": ACCOUNT, "container": "abc"}
    made = deployed.api.send(method="POST", body={**body, "sasToken": account_sas(-60)})
    assert made.status == 400
    assert "sasToken: ended on" in made.body["message"]
    uuid = deployed.integrate(sasToken=account_sas(2))
    time.sleep(2.5)
    path = f"{INTEGRATIONS}/{uuid}"
    assert deployed.api.send(method="PATCH", path=path, body={"title": "renamed"}).status == 200
    again = deployed.api.send(method="PATCH", path=path, body={"sasToken": account_sas(-60)})
    assert "sasToken: ended on" in again.body["message"]
    assert deployed.api.send(method="DELETE", path=path).status == 200
