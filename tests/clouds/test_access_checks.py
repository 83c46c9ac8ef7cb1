"""Checks of access against servers that enforce: what is right passes, and each sabotage is named.

LocalEmu judges roles, external ids, CORS and whether a KMS key is enabled; Ceph judges prefixes, key pairs
and users. Neither denies kms:Decrypt: AWS's own words for that are in tests/unit/server/test_s3_refusals.py.
"""

import json
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any

import pytest

from pulumi_encord_integrations.model.policies.aws import read_policy, trust_policy
from pulumi_encord_integrations.model.policies.cors import cors_rules
from pulumi_encord_integrations.model.principals import CloudAccess
from pulumi_encord_integrations.server.deployment import Deployment
from tests.support.api import INTEGRATIONS, PRINCIPALS, Api
from tests.support.clouds.aws import filled
from tests.support.clouds.ceph import Ceph
from tests.support.clouds.localemu import LocalEmu
from tests.support.clouds.objects import CONTENT, OUTSIDE
from tools.clouds.process import free_ports

LOOPBACK = CloudAccess(private_networks=(ip_network("127.0.0.0/8"),))
ORIGINS = PRINCIPALS.origins
STRICT = {"strictClientOnly": True}
TRUST = ["assume_with_id", "assume_without_id", "assume_with_wrong_id"]
DATA = ["list", "read", "sign", "write"]
BROWSER = ["preflight", "preflight_elsewhere"]


def calling(api: Api, access: CloudAccess = LOOPBACK) -> None:
    """Lets the API call this machine."""
    api.app.state.deployment = Deployment(api.vault, PRINCIPALS, access)


class Checked:
    """An integration of a test, and what its checks say."""

    def __init__(self, api: Api, body: Mapping[str, Any]) -> None:
        made = api.send(method="POST", body=dict(body))
        assert made.status == 200, made.body
        self.api, self.view = api, made.body["integration"]

    def check(self, **request: Any) -> dict[str, dict[str, Any]]:
        """Name -> what was found."""
        path = f"{INTEGRATIONS}/{self.view['integrationUuid']}/access-check"
        answer = self.api.send(method="POST", path=path, body=request or None)
        assert answer.status == 200, answer.body
        self.valid = answer.body["valid"]
        return {one["name"]: one for one in answer.body["checks"]}


def answers(found: Mapping[str, Mapping[str, Any]]) -> dict[str, bool | None]:
    return {name: one["success"] for name, one in found.items()}


class Customer:
    """A bucket, and a role that reads it as our documents say, in an AWS account on LocalEmu."""

    def __init__(self, api: Api, cloud: LocalEmu, **more: Any) -> None:
        self.cloud, self.iam, self.s3 = cloud, cloud.client("iam"), cloud.client("s3")
        self.principal, self.keys = cloud.user("sts:AssumeRole")
        self.bucket = cloud.bucket(CONTENT)
        self.arn = cloud.role(
            trust_policy(self.principal, "none")["Statement"][0], f"arn:aws:s3:::{self.bucket}"
        )
        self.name = self.arn.rpartition("/")[2]
        body = {"provider": "AWS", "title": "t", "roleArn": self.arn, "buckets": [{"name": self.bucket}]}
        self.checked = Checked(api, {**body, **more})
        self.external_id = str(self.checked.view["externalId"])
        self.trust(trust_policy(self.principal, self.external_id))
        self.permit(read_policy([self.bucket]))
        self.cors(cors_rules(ORIGINS))

    def trust(self, document: Mapping[str, Any]) -> None:
        self.iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=json.dumps(document))

    def permit(self, document: Mapping[str, Any]) -> None:
        self.iam.put_role_policy(RoleName=self.name, PolicyName="read", PolicyDocument=json.dumps(document))

    def cors(self, rules: Any) -> None:
        self.s3.put_bucket_cors(Bucket=self.bucket, CORSConfiguration={"CORSRules": rules})

    def encrypt_with_a_disabled_key(self, name: str) -> None:
        kms = self.cloud.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
        self.s3.put_object(Bucket=self.bucket, Key=name, Body=b"x", **encrypted)
        kms.disable_key(KeyId=key)


@pytest.fixture
def customer(local: Api, localemu: LocalEmu, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Customer]:
    """Makes one, whose bucket the API reaches as a user of its own."""
    calling(local)

    def make(**more: Any) -> Customer:
        made = Customer(local, localemu, **more)
        monkeypatch.setenv("AWS_ENDPOINT_URL", localemu.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", made.keys[0])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", made.keys[1])
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        return made

    return make


def test_a_role_as_our_documents_make_it_passes_every_check(customer: Callable[..., Customer]) -> None:
    made = customer()
    assert answers(made.checked.check()) == dict.fromkeys([*TRUST, *DATA, *BROWSER], True)
    assert made.checked.valid is True


def test_of_strict_client_only_data_nothing_is_read(customer: Callable[..., Customer]) -> None:
    made = customer(**STRICT, region="us-east-1")
    made.permit(read_policy(["another-bucket"]))
    assert answers(made.checked.check()) == dict.fromkeys([*TRUST, "sign", *BROWSER], True)


def test_over_vpn_the_network_is_not_asked_and_nothing_fails(customer: Callable[..., Customer]) -> None:
    made = customer(**STRICT, overVpn=True)
    made.s3.delete_bucket_cors(Bucket=made.bucket)
    found = made.checked.check()
    assert answers(found) == {**dict.fromkeys([*TRUST, "sign"], True), **dict.fromkeys(BROWSER)}
    assert made.checked.valid is True
    assert "VPN" in found["preflight"]["message"]


def test_a_probe_of_writing_leaves_nothing_behind(customer: Callable[..., Customer]) -> None:
    made = customer()
    made.permit(read_policy([made.bucket], writable=True))
    found = made.checked.check()
    assert (found["write"]["success"], made.checked.valid) == (False, False)
    assert "writable" in found["write"]["remedy"]
    assert made.checked.check(writable=True)["write"]["success"] is True
    listed = made.s3.list_objects_v2(Bucket=made.bucket)["Contents"]
    assert {one["Key"] for one in listed} == set(CONTENT)


def test_write_access_that_was_granted_is_missed_if_it_is_gone(customer: Callable[..., Customer]) -> None:
    found = customer().checked.check(writable=True)
    assert found["write"]["success"] is False
    assert "s3:PutObject" in found["write"]["remedy"]


def _without(sid: str, bucket: str) -> dict[str, Any]:
    document = read_policy([bucket])
    return {**document, "Statement": [one for one in document["Statement"] if one["Sid"] != sid]}


def _open(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**rule, "AllowedOrigins": ["*"]} for rule in rules]


Sabotage = tuple[Callable[[Customer], object], dict[str, bool | None], str, str]
ON_LOCALEMU: dict[str, Sabotage] = {
    "another external id": (
        lambda made: made.trust(trust_policy(made.principal, "another")),
        {"assume_with_id": False},
        "the role cannot be assumed",
        'must demand this id: {"StringEquals": {"sts:ExternalId": "',
    ),
    "trust without an external id": (
        lambda made: made.trust(_without_condition(made.principal)),
        {"assume_without_id": False, "assume_with_wrong_id": False},
        "without an external id",
        "must demand this id",
    ),
    "trust in somebody else": (
        lambda made: made.trust(trust_policy("arn:aws:iam::000000000000:user/somebody", made.external_id)),
        {"assume_with_id": False},
        "the role cannot be assumed",
        "sts:ExternalId",
    ),
    "no permission to list": (
        lambda made: made.permit(_without("ListBuckets", made.bucket)),
        {"list": False},
        "cannot be listed: access is denied",
        "permissions boundary, an SCP or a bucket policy",
    ),
    "permission for another bucket": (
        lambda made: made.permit(read_policy(["another-bucket"])),
        {"list": False},
        "cannot be listed",
        "Allow s3:ListBucket on arn:aws:s3:::",
    ),
    "permission to list alone": (
        lambda made: made.permit(_without("ReadObjects", made.bucket)),
        {"read": False, "sign": False},
        "cannot be read: access is denied",
        "Allow s3:GetObject on arn:aws:s3:::",
    ),
    "no CORS": (
        lambda made: made.s3.delete_bucket_cors(Bucket=made.bucket),
        {"preflight": False},
        "browsers may not read from https://app.test",
        "Add a CORS rule that allows GET and HEAD from https://app.test",
    ),
    "CORS for another origin": (
        lambda made: made.cors(cors_rules(["https://another.test"])),
        {"preflight": False},
        "browsers may not read from https://app.test",
        "cloud-policy",
    ),
    "CORS for every origin": (
        lambda made: made.cors(_open(cors_rules(ORIGINS))),
        {"preflight_elsewhere": False},
        "any origin",
        'in place of "*"',
    ),
    "a disabled KMS key": (
        lambda made: made.encrypt_with_a_disabled_key("a-first.mp4"),
        {"read": False, "sign": False},
        "cannot be read: its KMS key may not be used",
        "check that the key is enabled",
    ),
    "CORS for uploads alone": (
        lambda made: made.cors([{**cors_rules(ORIGINS)[0], "AllowedMethods": ["PUT"]}]),
        {"preflight": False},
        "browsers may not read",
        "GET and HEAD",
    ),
}  # fmt: skip


def _without_condition(principal: str) -> dict[str, Any]:
    document = trust_policy(principal, "none")
    del document["Statement"][0]["Condition"]
    return document


@pytest.mark.parametrize("name", ON_LOCALEMU)
def test_a_sabotage_on_localemu_is_named_with_its_remedy(
    customer: Callable[..., Customer], name: str
) -> None:
    sabotage, failing, message, remedy = ON_LOCALEMU[name]
    made = customer(region="us-east-1")
    sabotage(made)
    found = made.checked.check()
    assert {one: answer for one, answer in answers(found).items() if answer is not True} == failing
    assert made.checked.valid is False
    first = found[next(iter(failing))]
    assert message in first["message"]
    assert remedy in first["remedy"]


def test_a_bucket_that_is_gone_is_named(customer: Callable[..., Customer]) -> None:
    made = customer(region="us-east-1")
    for key in CONTENT:
        made.s3.delete_object(Bucket=made.bucket, Key=key)
    made.s3.delete_bucket(Bucket=made.bucket)
    found = made.checked.check()
    assert found["list"]["success"] is False
    assert f"s3://{made.bucket}/ does not exist" in found["list"]["message"]


@pytest.mark.parametrize("region", [{}, {"region": "us-east-1"}], ids=["found out", "declared"])
def test_a_bucket_that_never_was_is_named(customer: Callable[..., Customer], region: dict[str, str]) -> None:
    made = customer(buckets=[{"name": "nobodys-bucket-at-all"}], **region)
    made.permit(read_policy(["nobodys-bucket-at-all"]))
    found = made.checked.check()
    assert found["list"]["success"] is False
    assert "s3://nobodys-bucket-at-all/ does not exist" in found["list"]["message"]


def test_an_empty_bucket_passes_and_says_what_was_not_tried(customer: Callable[..., Customer]) -> None:
    made = customer()
    for key in CONTENT:
        made.s3.delete_object(Bucket=made.bucket, Key=key)
    found = made.checked.check()
    assert (found["read"]["success"], found["sign"]["success"], made.checked.valid) == (None, None, True)
    assert "holds no object" in found["read"]["message"]


class KeyPair:
    """A customer's bucket on Ceph, read by a user of its own by a key pair."""

    def __init__(self, api: Api, cloud: Ceph, *, prefix: str = "videos/", **more: Any) -> None:
        self.cloud, self.user = cloud, cloud.user()
        self.bucket = filled(cloud.client("s3"), CONTENT)
        self.permit(read_policy([{"name": self.bucket, "prefixes": ["videos/"]}]))
        cloud.client("s3").put_bucket_cors(
            Bucket=self.bucket, CORSConfiguration={"CORSRules": cors_rules(ORIGINS)}
        )
        body = {
            "provider": "S3_COMPATIBLE",
            "preset": "MINIO",
            "title": "t",
            "endpoint": cloud.endpoint,
            "buckets": [{"name": self.bucket, "prefixes": [prefix]}],
            "accessKeyId": self.user.keys[0],
            "secretAccessKey": self.user.keys[1],
        }
        self.checked = Checked(api, {**body, **more})

    def permit(self, document: Mapping[str, Any]) -> None:
        """Gives the user what a policy of ours says, as a policy of the bucket."""
        principal = {"Principal": {"AWS": [self.user.arn]}}
        self.cloud.bucket_policy(self.bucket, *({**one, **principal} for one in document["Statement"]))


@pytest.fixture
def key_pair(local: Api, ceph: Ceph) -> Callable[..., KeyPair]:
    calling(local)
    return lambda **more: KeyPair(local, ceph, **more)


def test_a_key_pair_that_reads_a_prefix_passes_every_check(key_pair: Callable[..., KeyPair]) -> None:
    made = key_pair()
    assert answers(made.checked.check()) == dict.fromkeys([*DATA, *BROWSER], True)
    assert made.checked.valid is True


KeyPairSabotage = tuple[Callable[[KeyPair], object], dict[str, Any], dict[str, bool | None], str, str]
ON_CEPH: dict[str, KeyPairSabotage] = {
    "the wrong prefix": (
        lambda made: None,
        {"prefix": OUTSIDE[:3]},
        {"list": False},
        "cannot be listed: access is denied",
        'for the prefix "sec"',
    ),
    "a disabled key": (
        lambda made: made.user.suspend(),
        {},
        {"list": False, "write": False},
        "cannot be listed",
        "Activate the key",
    ),
    "an unknown key": (
        lambda made: None,
        {"accessKeyId": "NOBODYSKEY"},
        {"list": False},
        "cannot be listed",
        "Check that the key pair is right and active",
    ),
    "the secret of another pair": (
        lambda made: None,
        {"secretAccessKey": "another"},
        {"list": False},
        "cannot be listed",
        "Check that the key pair is right and active",
    ),
    "write access that nobody granted": (
        lambda made: made.permit(
            read_policy([{"name": made.bucket, "prefixes": ["videos/"]}], writable=True)
        ),
        {},
        {"write": False},
        "can be written, and only reading was granted",
        "Take s3:PutObject out of the policy of the key pair's user",
    ),
    "a bucket that is not there": (
        lambda made: None,
        {"buckets": [{"name": "nobodys-bucket-at-all"}]},
        {"list": False},
        "s3://nobodys-bucket-at-all/ does not exist",
        "Check the bucket's name",
    ),
}


@pytest.mark.parametrize("name", ON_CEPH)
def test_a_sabotage_on_ceph_is_named_with_its_remedy(key_pair: Callable[..., KeyPair], name: str) -> None:
    sabotage, given, failing, message, remedy = ON_CEPH[name]
    made = key_pair(**given)
    sabotage(made)
    found = made.checked.check()
    assert failing.items() <= answers(found).items()
    assert made.checked.valid is False
    first = found[next(iter(failing))]
    assert message in first["message"]
    assert remedy in first["remedy"]


def test_an_endpoint_that_does_not_answer_cannot_be_told(key_pair: Callable[..., KeyPair]) -> None:
    (port,) = free_ports(1)
    made = key_pair(endpoint=f"http://127.0.0.1:{port}")
    found = made.checked.check()
    assert (found["list"]["success"], made.checked.valid) == (None, None)
    assert "Check the endpoint" in found["list"]["remedy"]


def test_a_private_endpoint_is_not_called_unless_it_is_listed(local: Api, ceph: Ceph) -> None:
    made = KeyPair(local, ceph)
    calling(local, CloudAccess())
    found = made.checked.check()
    assert (found["list"]["success"], made.checked.valid) == (None, None)
    assert "encord:privateNetworks" in found["list"]["remedy"]
