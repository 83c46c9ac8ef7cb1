"""Our policies on a real server: a role with them reads its prefixes and nothing else."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from pulumi_encord_integrations.model.policies.aws import read_policy, trust_policy
from pulumi_encord_integrations.model.policies.grants import Document, compact
from tests.support.clouds.aws import assume
from tests.support.clouds.ceph import KEYS, SAAS, STRANGER, Ceph

OBJECTS = {
    "videos/a b+c.mp4": b"in",
    "\u52d5\u753b/\u00e4.mp4": b"in, too",
    "videos2/a.mp4": b"beside",
    "secret/a.mp4": b"out",
}
INSIDE, ABROAD, BESIDE, OUTSIDE = OBJECTS
PREFIXES = ["videos/", "\u52d5\u753b/"]


def allowed(ask: Callable[..., Any], **given: Any) -> bool:
    """Whether it is allowed; what is neither allowed nor refused is an error."""
    try:
        ask(**given)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:
            return False
        raise
    return True


class Judged:
    """A bucket with prefixes, a whole one, one whose name begins alike, and a role with our documents."""

    def __init__(self, ceph: Ceph, *, write: bool = False, sabotage: str = "") -> None:
        self.bucket, self.whole = ceph.bucket(OBJECTS), ceph.bucket(OBJECTS)
        self.alike = ceph.bucket(OBJECTS, f"{self.bucket}-")
        policy = read_policy([self.whole, {"name": self.bucket, "prefixes": PREFIXES}], writable=write)
        for statement in policy["Statement"]:
            statement.pop(sabotage, None)
        self.role = role(ceph, policy)
        self.s3 = ceph.client("s3", assume(ceph.client("sts", KEYS[SAAS]), self.role))

    def verdicts(self) -> dict[str, bool]:
        """What is allowed."""
        s3, here = self.s3, {"Bucket": self.bucket}
        inside = {**here, "Key": INSIDE}
        new = {"Key": "videos/new.mp4", "Body": b"new"}
        return {
            "read": allowed(s3.get_object, **inside),
            "read by another alphabet": allowed(s3.get_object, **here, Key=ABROAD),
            "read what begins alike": allowed(s3.get_object, **here, Key=BESIDE),
            "read outside": allowed(s3.get_object, **here, Key=OUTSIDE),
            "list": allowed(s3.list_objects_v2, **here, Prefix="videos/"),
            "list by another alphabet": allowed(s3.list_objects_v2, **here, Prefix=PREFIXES[1]),
            "list deeper": allowed(s3.list_objects_v2, **here, Prefix="videos/a"),
            "list what begins alike": allowed(s3.list_objects_v2, **here, Prefix="videos2/"),
            "list more": allowed(s3.list_objects_v2, **here, Prefix="videos"),
            "list outside": allowed(s3.list_objects_v2, **here, Prefix="secret/"),
            "list the bucket": allowed(s3.list_objects_v2, **here),
            "list the whole one": allowed(s3.list_objects_v2, Bucket=self.whole),
            "read the whole one": allowed(s3.get_object, Bucket=self.whole, Key=OUTSIDE),
            "read the bucket alike": allowed(s3.get_object, Bucket=self.alike, Key=INSIDE),
            "list the bucket alike": allowed(s3.list_objects_v2, Bucket=self.alike, Prefix="videos/"),
            "write": allowed(s3.put_object, **here, **new),
            "copy": allowed(s3.copy_object, **here, Key="videos/copy.mp4", CopySource=inside),
            "upload in parts": allowed(s3.create_multipart_upload, **here, Key=new["Key"]),
            "write outside": allowed(s3.put_object, **here, Key="secret/new.mp4", Body=b"new"),
            "write beside": allowed(s3.put_object, **here, Key="videos2/new.mp4", Body=b"new"),
            "write to the bucket alike": allowed(s3.put_object, Bucket=self.alike, **new),
            "delete": allowed(s3.delete_object, **inside),
            "tag": allowed(s3.put_object_tagging, **inside, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}),
            "set CORS": allowed(s3.put_bucket_cors, **here, CORSConfiguration={"CORSRules": [RULE]}),
            "set a policy": allowed(
                s3.put_bucket_policy, **here, Policy=compact(policy_for_all(self.bucket))
            ),
            "delete the bucket": allowed(s3.delete_bucket, Bucket=self.alike),
            "make a bucket": allowed(s3.create_bucket, Bucket=f"new-{uuid4().hex[:12]}"),
        }


RULE = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://app.example.com"]}
READS = {
    "read",
    "read by another alphabet",
    "list",
    "list by another alphabet",
    "list deeper",
    "list the whole one",
    "read the whole one",
}
WRITES = READS | {"write", "copy", "upload in parts"}


def policy_for_all(bucket: str) -> Document:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def role(ceph: Ceph, policy: Document) -> str:
    """A role with our documents; answers its ARN.

    Ceph does not know external ids: the condition is left out, and the trusted is a user of the server,
    whose ARN names no account.
    """
    trust = trust_policy("arn:aws:iam::999988887777:user/saas", "3f0c1c53-8d0b")
    [statement] = trust["Statement"]
    del statement["Condition"]
    statement["Principal"] = {"AWS": SAAS}
    iam, name = ceph.client("iam"), f"role-{uuid4().hex[:8]}"
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=compact(trust))
    iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=compact(policy))
    return str(made["Role"]["Arn"])


@pytest.mark.parametrize(("write", "expected"), [(False, READS), (True, WRITES)])
def test_a_role_reaches_its_prefixes_and_buckets_alone(ceph: Ceph, write: bool, expected: set[str]) -> None:
    verdicts = Judged(ceph, write=write).verdicts()
    assert {what for what, may in verdicts.items() if may} == expected
    assert len(verdicts) == 27


def test_a_policy_without_its_conditions_is_seen(ceph: Ceph) -> None:
    verdicts = Judged(ceph, sabotage="Condition").verdicts()
    more = {"list the bucket", "list outside", "list more", "list what begins alike"}
    assert {what for what, may in verdicts.items() if may} == READS | more


def test_a_role_is_assumed_by_the_one_it_trusts_but_for_the_external_id(ceph: Ceph) -> None:
    arn = role(ceph, read_policy(["acme-train"]))
    assert allowed(lambda: assume(ceph.client("sts", KEYS[SAAS]), arn))
    assert not allowed(lambda: assume(ceph.client("sts", KEYS[STRANGER]), arn))
