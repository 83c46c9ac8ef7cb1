"""Amazon S3 through a role, on a server that enforces trust policies and signatures."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.api import CREATOR, INTEGRATIONS, MEMBER, Answer, Api
from tests.support.clouds.aws import trusting
from tests.support.clouds.fetching import fetched
from tests.support.clouds.localemu import LocalEmu
from tests.support.clouds.objects import OF_S3 as KEYS
from tests.support.clouds.objects import OUTSIDE


class Deployed:
    """An API that signs as a user of its own, and a customer's bucket and role."""

    def __init__(self, api: Api, cloud: LocalEmu) -> None:
        self.api, self.cloud = api, cloud
        self.principal, self.keys = cloud.user("sts:AssumeRole")
        content = {key: key.encode() for key in [*KEYS, OUTSIDE]}
        self.bucket = cloud.bucket(content)
        self.role = cloud.role(
            trusting(self.principal), *(f"arn:aws:s3:::{self.bucket}{x}" for x in ("", "/*"))
        )

    def integrate(self, trust: str = "right", **more: Any) -> str:
        """An integration whose role trusts us so; answers its uuid."""
        buckets = [{"name": self.bucket, "prefixes": ["videos/"]}]
        made = self.api.create(roleArn=self.role, buckets=buckets, **more)
        self.trust(made["externalId"], trust)
        return str(made["integrationUuid"])

    def trust(self, external_id: str, how: str) -> None:
        conditions = {
            "right": {"StringEquals": {"sts:ExternalId": external_id}},
            "wrong": {"StringEquals": {"sts:ExternalId": "another"}},
            "open": {},
        }
        self.cloud.trust(self.role, trusting(self.principal, **conditions[how]))

    def sign(self, uuid: str, *urls: str, who: str = CREATOR) -> Answer:
        body = {"objectUrls": list(urls)}
        return self.api.send(who=who, method="POST", path=f"{INTEGRATIONS}/{uuid}/signed-urls", body=body)

    def check(self, uuid: str) -> Answer:
        return self.api.send(method="POST", path=f"{INTEGRATIONS}/{uuid}/access-check")

    def view(self, uuid: str) -> Any:
        return self.api.send(path=f"{INTEGRATIONS}/{uuid}").body


@pytest.fixture
def deployed(local: Api, localemu: LocalEmu, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    made = Deployed(local, localemu)
    monkeypatch.setenv("AWS_ENDPOINT_URL", localemu.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", made.keys[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", made.keys[1])
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return made


def test_every_key_is_read_by_its_url_and_nothing_else_is(deployed: Deployed) -> None:
    uuid = deployed.integrate()
    answer = deployed.sign(uuid, *(f"s3://{deployed.bucket}/{key}" for key in KEYS))
    assert answer.status == 200, answer.body
    urls = {key: row["url"] for key, row in zip(KEYS, answer.body["results"], strict=True)}
    assert {key: fetched(url) for key, url in urls.items()} == {key: (200, key.encode()) for key in KEYS}
    one = urls[KEYS[0]]
    refused = {
        "another method": fetched(one, "DELETE")[0],
        "another key": fetched(one.replace("plain.mp4", "plus%2Bsign.mp4"))[0],
        "outside the prefix": fetched(one.replace("videos/plain.mp4", OUTSIDE))[0],
        "another signature": fetched(one.replace("X-Amz-Signature=", "X-Amz-Signature=0"))[0],
        "a longer life": fetched(one.replace("X-Amz-Expires=", "X-Amz-Expires=9"))[0],
    }
    assert set(refused.values()) == {403}, refused


def test_a_url_ends_when_it_says(deployed: Deployed) -> None:
    uuid = deployed.integrate(signedUrlExpiry=10)
    row = deployed.sign(uuid, KEYS[0]).body["results"][0]
    left = (datetime.fromisoformat(row["expiresAt"]) - datetime.now(UTC)).total_seconds()
    assert 0 < left <= 10
    assert fetched(row["url"])[0] == 200
    time.sleep(left + 1.5)
    assert fetched(row["url"])[0] == 403


def test_only_what_is_the_integrations_own_is_signed(deployed: Deployed) -> None:
    uuid = deployed.integrate()
    wrong = [f"s3://{deployed.bucket}/{OUTSIDE}", "s3://elsewhere/videos/x", "videos/../secret/other.mp4"]
    answer = deployed.sign(uuid, KEYS[0], *wrong)
    assert answer.status == 400
    assert [row["member"] for row in answer.body["errors"]] == [f"objectUrls[{n}]" for n in (1, 2, 3)]


@pytest.mark.parametrize("trust", ["wrong", "open"])
def test_nothing_is_signed_for_a_role_that_is_not_proven(deployed: Deployed, trust: str) -> None:
    uuid = deployed.integrate(trust)
    answer = deployed.sign(uuid, KEYS[0])
    assert answer.refusal == (409, "role_unverified")
    assert deployed.check(uuid).body["valid"] is False
    assert deployed.view(uuid)["verified"] is False


def test_refused_is_told_apart_from_cannot_tell(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    uuid = deployed.integrate()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    answer = deployed.check(uuid)
    assert answer.body["valid"] is None
    assert {check["success"] for check in answer.body["checks"]} == {None}
    assert deployed.sign(uuid, KEYS[0]).code == "role_unverified"


def test_a_proof_falls_with_what_it_was_of(deployed: Deployed) -> None:
    uuid = deployed.integrate()
    # The trust is proven; the data lies at an address that this deployment does not list.
    assert deployed.check(uuid).body["valid"] is None
    found = deployed.view(uuid)
    assert (found["verified"], found["sessionSeconds"]) == (True, 43_200)
    path = f"{INTEGRATIONS}/{uuid}"
    assert deployed.api.send(method="PATCH", path=path, body={"title": "x"}).body["verified"] is True
    other = {"buckets": [{"name": deployed.bucket}]}
    assert deployed.api.send(method="PATCH", path=path, body=other).body["verified"] is False


def test_a_stale_proof_is_renewed_before_anything_is_signed(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = deployed.integrate()
    assert deployed.sign(uuid, KEYS[0]).status == 200
    deployed.trust("", "open")
    assert deployed.sign(uuid, KEYS[0]).status == 200
    monkeypatch.setattr("pulumi_encord_integrations.server.store.access_proofs.FRESH_SECONDS", 0)
    assert deployed.sign(uuid, KEYS[0]).refusal == (409, "role_unverified")
    assert deployed.view(uuid)["verified"] is False


def test_a_user_of_the_integration_may_read_but_not_check(deployed: Deployed) -> None:
    uuid = deployed.integrate()
    deployed.api.add_member(uuid, MEMBER)
    assert deployed.sign(uuid, KEYS[0], who=MEMBER).status == 200
    path = f"{INTEGRATIONS}/{uuid}/access-check"
    assert deployed.api.send(who=MEMBER, method="POST", path=path).refusal == (403, "not_an_admin")


def test_nothing_minted_is_stored(deployed: Deployed) -> None:
    uuid = deployed.integrate()
    url = deployed.sign(uuid, KEYS[0]).body["results"][0]["url"]
    signature = url.partition("X-Amz-Signature=")[2]
    assert signature
    deployed.api.close()
    files = list(deployed.api.path.parent.glob("api.sqlite*"))
    assert files
    assert not any(signature.encode() in file.read_bytes() for file in files)
