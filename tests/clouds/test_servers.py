"""Each server refuses what the cloud it stands for refuses, so that the tests which rely on it can fail."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from azure.storage.blob import AccountSasPermissions
from botocore.exceptions import ClientError

from tests.support.clouds.aws import Keys, assume, document, reading, trusting
from tests.support.clouds.azurite import Azurite, account_sas, delegation_sas
from tests.support.clouds.ceph import KEYS, SAAS, STRANGER, Ceph
from tests.support.clouds.fetching import fetched
from tests.support.clouds.localemu import LocalEmu

OBJECTS = {"videos/a b+c.mp4": b"in", "videos/other.mp4": b"beside", "secret/a.mp4": b"out"}
INSIDE, BESIDE, OUTSIDE = OBJECTS
EXTERNAL_ID = "3f0c1c53-8d0b-4d9c-9d1a-6a5f6f3d2b11"


def allowed(ask: Callable[[], Any]) -> bool:
    """Whether it is allowed; what is neither allowed nor refused is an error."""
    try:
        ask()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:
            return False
        raise
    return True


@pytest.fixture(params=["localemu", "ceph"])
def s3(request: pytest.FixtureRequest) -> Any:
    """S3 by an owner's keys, on one server after the other."""
    return request.getfixturevalue(request.param).client("s3")


@pytest.fixture
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    server: LocalEmu | Ceph = request.getfixturevalue(request.node.callspec.params["s3"])
    return server.bucket(OBJECTS)


@pytest.fixture
def container(azurite: Azurite) -> str:
    return azurite.container(OBJECTS)


def presigned(s3: Any, bucket: str, seconds: int = 600) -> str:
    given = {"Bucket": bucket, "Key": INSIDE}
    return str(s3.generate_presigned_url("get_object", Params=given, ExpiresIn=seconds))


def test_a_presigned_url_reads_one_object_in_one_way(s3: Any, bucket: str) -> None:
    url = presigned(s3, bucket)
    assert fetched(url) == (200, OBJECTS[INSIDE])
    assert fetched(url, "DELETE")[0] == 403
    wrong = {
        "no signature": url.partition("?")[0],
        "another signature": re.sub(r"(X-Amz-Signature=)(.)", _turned, url),
        "another object": url.replace("a%20b%2Bc.mp4", "other.mp4"),
        "a longer life": url.replace("X-Amz-Expires=600", "X-Amz-Expires=6000"),
    }
    assert url not in wrong.values()
    assert {how: fetched(other)[0] for how, other in wrong.items()} == dict.fromkeys(wrong, 403)


def test_a_presigned_url_ends(s3: Any, bucket: str) -> None:
    short, long = presigned(s3, bucket, 1), presigned(s3, bucket)
    time.sleep(2.5)
    assert (fetched(short)[0], fetched(long)[0]) == (403, 200)


def test_only_the_trusted_with_their_external_id_assume_a_role(localemu: LocalEmu) -> None:
    ours, theirs = localemu.user("sts:AssumeRole"), localemu.user("sts:AssumeRole")
    condition = {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
    role = localemu.role(trusting(ours[0], **condition), "*")

    def tries(keys: Keys, **more: str) -> bool:
        return allowed(lambda: assume(localemu.client("sts", keys), role, **more))

    assert tries(ours[1], ExternalId=EXTERNAL_ID)
    assert not tries(ours[1], ExternalId=EXTERNAL_ID.upper())
    assert not tries(ours[1])
    assert not tries(theirs[1], ExternalId=EXTERNAL_ID)
    localemu.trust(role, trusting(theirs[0], **condition))
    assert not tries(ours[1], ExternalId=EXTERNAL_ID)


def test_a_session_reads_what_its_role_may_and_writes_nothing(localemu: LocalEmu) -> None:
    bucket, other = localemu.bucket(OBJECTS), localemu.bucket(OBJECTS)
    principal, keys = localemu.user("sts:AssumeRole")
    role = localemu.role(trusting(principal), f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*")
    s3 = localemu.client("s3", assume(localemu.client("sts", keys), role))
    assert s3.get_object(Bucket=bucket, Key=INSIDE)["Body"].read() == OBJECTS[INSIDE]
    assert not allowed(lambda: s3.get_object(Bucket=other, Key=INSIDE))
    assert not allowed(lambda: s3.put_object(Bucket=bucket, Key=INSIDE, Body=b""))
    assert not allowed(lambda: localemu.client("s3", keys).get_object(Bucket=bucket, Key=INSIDE))


@pytest.mark.parametrize("by", ["role", "session"])
def test_a_policy_with_a_prefix_opens_that_prefix_alone(ceph: Ceph, by: str) -> None:
    bucket = ceph.bucket(OBJECTS)
    narrow = reading(bucket, "videos/")
    wide = {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}
    role = ceph.role(*(narrow if by == "role" else [wide]))
    more = {"Policy": document(*narrow)} if by == "session" else {}
    s3 = ceph.client("s3", assume(ceph.client("sts", KEYS[SAAS]), role, **more))

    listed = s3.list_objects_v2(Bucket=bucket, Prefix="videos/")["Contents"]
    assert {row["Key"] for row in listed} == {INSIDE, BESIDE}
    assert s3.get_object(Bucket=bucket, Key=INSIDE)["Body"].read() == OBJECTS[INSIDE]
    assert fetched(presigned(s3, bucket)) == (200, OBJECTS[INSIDE])

    outside = {"Bucket": bucket, "Key": OUTSIDE}
    assert fetched(s3.generate_presigned_url("get_object", Params=outside))[0] == 403
    assert not allowed(lambda: s3.get_object(**outside))
    assert not allowed(lambda: s3.list_objects_v2(Bucket=bucket))
    assert not allowed(lambda: s3.list_objects_v2(Bucket=bucket, Prefix="secret/"))
    assert not allowed(lambda: s3.put_object(Bucket=bucket, Key=INSIDE, Body=b""))


def test_a_bucket_is_its_owners_until_a_policy_opens_it(ceph: Ceph) -> None:
    bucket, stranger = ceph.bucket(OBJECTS), ceph.client("s3", KEYS[STRANGER])
    inside = {"Bucket": bucket, "Key": INSIDE}
    assert not allowed(lambda: stranger.get_object(**inside))
    ceph.bucket_policy(bucket, *({**row, "Principal": {"AWS": [STRANGER]}} for row in reading(bucket)))
    assert allowed(lambda: stranger.get_object(**inside))
    forged = ceph.client("s3", (KEYS[STRANGER][0], "a-secret-of-nobody"))
    assert not allowed(lambda: forged.get_object(**inside))


def test_a_role_is_assumed_by_the_one_it_trusts(ceph: Ceph) -> None:
    role = ceph.role(*reading(ceph.bucket(OBJECTS)))
    assert allowed(lambda: assume(ceph.client("sts", KEYS[SAAS]), role))
    assert not allowed(lambda: assume(ceph.client("sts", KEYS[STRANGER]), role))


def test_an_account_sas_ends_and_cannot_be_widened(azurite: Azurite, container: str) -> None:
    def read(sas: str, blob: str = "videos/other.mp4", method: str = "GET") -> int:
        url = f"{azurite.endpoint}/{container}/{blob}?{sas}"
        return fetched(url, method, azurite.certificate)[0]

    sas = account_sas()
    assert (read(sas), read(sas, "secret/a.mp4")) == (200, 200)
    assert read(account_sas(-60)) == 403
    assert read(sas, method="DELETE") == 403
    wrong = {
        "another signature": re.sub(r"(sig=)(.)", _turned, sas),
        "a longer life": re.sub(r"se=20\d\d", "se=2090", sas),
        "more permissions": sas.replace("sp=rl", "sp=rwdl"),
    }
    assert sas not in wrong.values()
    assert {how: read(other) for how, other in wrong.items()} == dict.fromkeys(wrong, 403)


@pytest.mark.parametrize("may_list", [True, False])
def test_an_account_sas_lists_if_it_says_so(azurite: Azurite, container: str, may_list: bool) -> None:
    sas = account_sas(permission=AccountSasPermissions(read=True, list=may_list))
    url = f"{azurite.endpoint}/{container}?restype=container&comp=list&{sas}"
    status, body = fetched(url, certificate=azurite.certificate)
    assert (status, BESIDE.encode() in body) == ((200, True) if may_list else (403, False))


def test_a_user_delegation_sas_reads_its_one_blob(azurite: Azurite, container: str) -> None:
    def ask(sas: str, blob: str = BESIDE, method: str = "GET") -> tuple[int, bytes]:
        return fetched(f"{azurite.endpoint}/{container}/{blob}?{sas}", method, azurite.certificate)

    sas = delegation_sas(azurite, container, BESIDE)
    assert ask(sas) == (200, OBJECTS[BESIDE])
    assert ask(sas, OUTSIDE)[0] == 403
    assert ask(sas, method="DELETE")[0] == 403
    assert ask(re.sub(r"(sig=)(.)", _turned, sas))[0] == 403
    assert ask(delegation_sas(azurite, container, BESIDE, -60))[0] == 403


CLIPS = {"my+clip": b"plus", "my clip": b"space"}
"""What a plus in a path could name."""


def test_a_plus_in_a_path_is_a_plus_to_ceph(ceph: Ceph) -> None:
    bucket = ceph.bucket(CLIPS)
    ceph.bucket_policy(bucket, *({**row, "Principal": {"AWS": ["*"]}} for row in reading(bucket)))
    front = f"{ceph.endpoint}/{bucket}"
    assert fetched(f"{front}/my%20clip") == (200, b"space")
    assert fetched(f"{front}/my%2Bclip") == (200, b"plus")
    assert fetched(f"{front}/my+clip") == (200, b"plus")


def test_a_plus_in_a_path_is_a_plus_to_azure(azurite: Azurite) -> None:
    front, sas = f"{azurite.endpoint}/{azurite.container(CLIPS)}", account_sas()
    found = {
        name: fetched(f"{front}/{name}?{sas}", certificate=azurite.certificate)
        for name in ("my%20clip", "my%2Bclip", "my+clip")
    }
    assert found == {"my%20clip": (200, b"space"), "my%2Bclip": (200, b"plus"), "my+clip": (200, b"plus")}


def test_nothing_is_read_without_a_token(azurite: Azurite, container: str) -> None:
    url = f"{azurite.endpoint}/{container}/{BESIDE}"
    assert fetched(url, certificate=azurite.certificate)[0] == 403


def _turned(found: "re.Match[str]") -> str:
    return found[1] + ("1" if found[2] != "1" else "2")
