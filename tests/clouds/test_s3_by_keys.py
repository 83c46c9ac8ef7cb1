"""Storage that speaks S3's protocol, by a key pair, on a real server of it."""

import time
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import pytest

from tests.support.api import INTEGRATIONS, Answer, Api
from tests.support.clouds.ceph import KEYS as USERS
from tests.support.clouds.ceph import SAAS, Ceph
from tests.support.clouds.fetching import fetched
from tests.support.clouds.objects import OF_S3 as KEYS
from tests.support.clouds.objects import OUTSIDE


class Deployed:
    """A customer's bucket, and a user who may read some of it."""

    def __init__(self, api: Api, cloud: Ceph, prefix: str = "acme-") -> None:
        self.api, self.cloud = api, cloud
        self.bucket = cloud.bucket({key: key.encode() for key in [*KEYS, OUTSIDE]}, prefix)
        cloud.bucket_policy(
            self.bucket,
            {
                "Effect": "Allow",
                "Principal": {"AWS": [SAAS]},
                "Action": ["s3:GetObject"],
                "Resource": [f"arn:aws:s3:::{self.bucket}/videos/*"],
            },
        )

    def integrate(self, prefixes: list[str], **more: object) -> str:
        key, secret, *_ = USERS[SAAS]
        body = {
            "title": "t",
            "endpoint": self.cloud.endpoint,
            "buckets": [{"name": self.bucket, "prefixes": prefixes}],
            "accessKeyId": key,
            "secretAccessKey": secret,
        }
        made = self.api.send(method="POST", body={**body, **more})
        assert made.status == 200, made.body
        return str(made.body["integration"]["integrationUuid"])

    def sign(self, uuid: str, *urls: str) -> Answer:
        path = f"{INTEGRATIONS}/{uuid}/signed-urls"
        return self.api.send(method="POST", path=path, body={"objectUrls": list(urls)})


OTC = {"provider": "OTC", "region": "eu-de"}
MINIO = {"provider": "S3_COMPATIBLE", "preset": "MINIO"}


@pytest.fixture
def deployed(local: Api, ceph: Ceph) -> Deployed:
    return Deployed(local, ceph)


@pytest.mark.parametrize("kind", [OTC, MINIO], ids=["OTC", "MINIO"])
def test_every_key_is_read_by_its_url_and_nothing_else_is(deployed: Deployed, kind: dict[str, str]) -> None:
    uuid = deployed.integrate(["videos/"], **kind)
    host = urlsplit(deployed.cloud.endpoint).netloc
    answer = deployed.sign(uuid, *KEYS[:-1], f"s3://{deployed.bucket}/{KEYS[-1]}")
    assert answer.status == 200, answer.body
    urls = {key: row["url"] for key, row in zip(KEYS, answer.body["results"], strict=True)}
    assert {urlsplit(url).netloc for url in urls.values()} == {host}
    assert {key: fetched(url) for key, url in urls.items()} == {key: (200, key.encode()) for key in KEYS}
    one = urls[KEYS[0]]
    refused = {
        "another method": fetched(one, "DELETE")[0],
        "another key": fetched(one.replace("plain.mp4", "plus%2Bsign.mp4"))[0],
        "another signature": fetched(one.replace("X-Amz-Signature=", "X-Amz-Signature=0"))[0],
        "a longer life": fetched(one.replace("X-Amz-Expires=", "X-Amz-Expires=9"))[0],
    }
    assert set(refused.values()) == {403}, refused


@pytest.mark.parametrize("prefix", ["Acme", "acme_raw_", "ABCD_Central.1-"])
def test_a_bucket_of_a_name_that_no_new_one_gets_is_read(local: Api, ceph: Ceph, prefix: str) -> None:
    legacy = Deployed(local, ceph, prefix)
    uuid = legacy.integrate(["videos/"], **MINIO)
    answer = legacy.sign(uuid, *KEYS[:-1], f"{ceph.endpoint}/{legacy.bucket}/{quote(KEYS[-1])}")
    assert answer.status == 200, answer.body
    found = [fetched(row["url"]) for row in answer.body["results"]]
    assert found == [(200, key.encode()) for key in KEYS]


def test_what_lies_outside_the_prefix_is_signed_for_by_nobody_and_read_by_nobody(deployed: Deployed) -> None:
    narrow = deployed.integrate(["videos/"], **MINIO)
    assert deployed.sign(narrow, OUTSIDE).status == 400
    wide = deployed.integrate([], **MINIO)
    url = deployed.sign(wide, OUTSIDE).body["results"][0]["url"]
    assert fetched(url)[0] == 403
    assert fetched(deployed.sign(wide, KEYS[0]).body["results"][0]["url"])[0] == 200


def test_a_url_ends_when_it_says(deployed: Deployed) -> None:
    uuid = deployed.integrate(["videos/"], **OTC, signedUrlExpiry=10)
    row = deployed.sign(uuid, KEYS[0]).body["results"][0]
    left = (datetime.fromisoformat(row["expiresAt"]) - datetime.now(UTC)).total_seconds()
    assert 0 < left <= 10
    assert fetched(row["url"])[0] == 200
    time.sleep(left + 1.5)
    assert fetched(row["url"])[0] == 403
