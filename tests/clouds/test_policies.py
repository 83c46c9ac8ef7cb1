"""Our policies open what they should and nothing else, as AWS documents its evaluation."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from pulumi_encord_integrations.model.policies.aws import read_policy, trust_policy
from pulumi_encord_integrations.model.policies.grants import Document, GrantedBucket
from tests.support.clouds.iam_simulate import Question, Simulator

YES, NO, NEVER = "Allowed", "ImplicitlyDenied", "ExplicitlyDenied"
CUSTOMER, READERS, STRANGERS = "111122223333", "999988887777", "555566667777"
"""Accounts: whose buckets they are, who reads them, and somebody else."""
USER = f"arn:aws:iam::{READERS}:user/encord-reader"
ROLE = f"arn:aws:iam::{CUSTOMER}:role/encord-prod"
SESSION = f"arn:aws:sts::{CUSTOMER}:assumed-role/encord-prod/encord"
EXTERNAL_ID = "3f0c1c53-8d0b-4d9c-9d1a-6a5f6f3d2b11"
KEY = f"arn:aws:kms:eu-west-1:{CUSTOMER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = KEY.replace("1234abcd", "9999abcd")
S3, ELSEWHERE = "s3.eu-west-1.amazonaws.com", "ec2.eu-west-1.amazonaws.com"
BUCKETS: list[GrantedBucket] = [
    "acme-train",
    {"name": "acme-raw", "prefixes": ["videos/", "\u52d5\u753b/", "clip"]},
]


def allowing(action: str) -> Document:
    everywhere = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [everywhere]}


def denying(action: str) -> Document:
    nowhere = {"Effect": "Deny", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [nowhere]}


MAY_ASSUME, MAY_NOTHING = [allowing("sts:AssumeRole")], [allowing("ec2:*")]
KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{CUSTOMER}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}
"""A key's own policy as AWS makes it: the account's IAM policies decide."""

Table = Sequence[tuple[Any, ...]]
Ask = Callable[..., Question]


def judged(simulator: Simulator, table: Table, ask: Ask) -> Table:
    """The table with the simulator's verdicts in its last column."""
    verdicts = simulator.verdicts([ask(*row[:-1]) for row in table])
    return [(*row[:-1], verdict) for row, verdict in zip(table, verdicts, strict=True)]


ASSUMED_BY_A_USER: Table = [
    (USER, EXTERNAL_ID, MAY_ASSUME, YES),
    (USER, None, MAY_ASSUME, NO),
    (USER, "another", MAY_ASSUME, NO),
    (USER, EXTERNAL_ID.upper(), MAY_ASSUME, NO),
    (USER, f"{EXTERNAL_ID}1", MAY_ASSUME, NO),
    (USER, EXTERNAL_ID[:-1], MAY_ASSUME, NO),
    (USER, "*", MAY_ASSUME, NO),
    (USER, EXTERNAL_ID, MAY_NOTHING, NO),
    (USER, EXTERNAL_ID, [*MAY_ASSUME, denying("sts:*")], NEVER),
    (f"{USER}-2", EXTERNAL_ID, MAY_ASSUME, NO),
    (f"arn:aws:iam::{READERS}:root", EXTERNAL_ID, MAY_ASSUME, NO),
    (f"arn:aws:iam::{READERS}:role/encord-reader", EXTERNAL_ID, MAY_ASSUME, NO),
    (f"arn:aws:iam::{STRANGERS}:user/encord-reader", EXTERNAL_ID, MAY_ASSUME, NO),
    (f"arn:aws:iam::{CUSTOMER}:user/admin", EXTERNAL_ID, MAY_ASSUME, NO),
    (f"arn:aws:iam::{CUSTOMER}:root", EXTERNAL_ID, MAY_ASSUME, NO),
    (SESSION, EXTERNAL_ID, MAY_ASSUME, NO),
]
ASSUMED_BY_AN_ACCOUNT: Table = [
    (USER, EXTERNAL_ID, MAY_ASSUME, YES),
    (f"arn:aws:sts::{READERS}:assumed-role/any/s", EXTERNAL_ID, MAY_ASSUME, YES),
    (USER, None, MAY_ASSUME, NO),
    (USER, "another", MAY_ASSUME, NO),
    (USER, EXTERNAL_ID, MAY_NOTHING, NO),
    (f"arn:aws:iam::{STRANGERS}:user/encord-reader", EXTERNAL_ID, MAY_ASSUME, NO),
    (f"arn:aws:iam::{CUSTOMER}:user/admin", EXTERNAL_ID, MAY_ASSUME, NO),
]
ASSUMED_BY_A_ROLE: Table = [
    (f"arn:aws:sts::{READERS}:assumed-role/reader/s", EXTERNAL_ID, MAY_ASSUME, YES),
    (f"arn:aws:sts::{READERS}:assumed-role/reader/s", None, MAY_ASSUME, NO),
    (f"arn:aws:sts::{READERS}:assumed-role/reader/s", EXTERNAL_ID, MAY_NOTHING, NO),
    (f"arn:aws:sts::{READERS}:assumed-role/reader-2/s", EXTERNAL_ID, MAY_ASSUME, NO),
    (f"arn:aws:sts::{STRANGERS}:assumed-role/reader/s", EXTERNAL_ID, MAY_ASSUME, NO),
    (f"arn:aws:iam::{READERS}:user/reader", EXTERNAL_ID, MAY_ASSUME, NO),
]
TRUSTED = {
    USER: ASSUMED_BY_A_USER,
    f"arn:aws:iam::{READERS}:root": ASSUMED_BY_AN_ACCOUNT,
    f"arn:aws:iam::{READERS}:role/reader": ASSUMED_BY_A_ROLE,
}


def assuming(trust: Document, who: str, external_id: str | None, own: Sequence[Document]) -> Question:
    context = {"sts:ExternalId": external_id} if external_id else {}
    return Question(who, "sts:AssumeRole", ROLE, own, trust, CUSTOMER, context)


@pytest.mark.parametrize("trusted", TRUSTED)
def test_a_role_is_assumed_by_the_trusted_with_the_external_id_alone(
    simulator: Simulator, trusted: str
) -> None:
    trust, table = trust_policy(trusted, EXTERNAL_ID), TRUSTED[trusted]
    assert judged(simulator, table, partial(assuming, trust)) == table


def test_the_trusted_may_assume_the_role_and_nothing_else(simulator: Simulator) -> None:
    trust, actions = trust_policy(USER, EXTERNAL_ID), ["sts:TagSession", "sts:SetSourceIdentity"]
    questions = [Question(USER, action, ROLE, [allowing("*")], trust, CUSTOMER) for action in actions]
    assert simulator.verdicts(questions) == [NO, NO]


# Action, bucket or object, the prefix that is asked for; with a policy that reads, with one that writes too.
ON_S3: Table = [
    ("s3:GetObject", "acme-train/a.mp4", None, YES, YES),
    ("s3:GetObject", "acme-train/deep/er/\u00e4 b.mp4", None, YES, YES),
    ("s3:GetObject", "acme-train-2/a.mp4", None, NO, NO),
    ("s3:GetObject", "acme-trai/n/a.mp4", None, NO, NO),
    ("s3:GetObject", "other/a.mp4", None, NO, NO),
    ("s3:GetObject", "other/acme-train/a.mp4", None, NO, NO),
    ("s3:GetObject", "acme-raw/videos/a.mp4", None, YES, YES),
    ("s3:GetObject", "acme-raw/\u52d5\u753b/a.mp4", None, YES, YES),
    ("s3:GetObject", "acme-raw/clip1.mp4", None, YES, YES),
    ("s3:GetObject", "acme-raw/clips/1.mp4", None, YES, YES),
    ("s3:GetObject", "acme-raw/videos2/a.mp4", None, NO, NO),
    ("s3:GetObject", "acme-raw/Videos/a.mp4", None, NO, NO),
    ("s3:GetObject", "acme-raw/videos", None, NO, NO),
    ("s3:GetObject", "acme-raw/\u52d5/a.mp4", None, NO, NO),
    ("s3:GetObject", "acme-raw/secret/a.mp4", None, NO, NO),
    ("s3:GetObject", "acme-raw/secret/videos/a.mp4", None, NO, NO),
    ("s3:ListBucket", "acme-train", None, YES, YES),
    ("s3:ListBucket", "acme-train", "", YES, YES),
    ("s3:ListBucket", "acme-train", "any/", YES, YES),
    ("s3:ListBucket", "acme-train-2", None, NO, NO),
    ("s3:ListBucket", "acme-train-2", "videos/", NO, NO),
    ("s3:ListBucket", "other", None, NO, NO),
    ("s3:ListBucket", "acme-raw", "videos/", YES, YES),
    ("s3:ListBucket", "acme-raw", "videos/2026/", YES, YES),
    ("s3:ListBucket", "acme-raw", "\u52d5\u753b/", YES, YES),
    ("s3:ListBucket", "acme-raw", "clip", YES, YES),
    ("s3:ListBucket", "acme-raw", "videos2/", NO, NO),
    ("s3:ListBucket", "acme-raw", "videos", NO, NO),
    ("s3:ListBucket", "acme-raw", "v", NO, NO),
    ("s3:ListBucket", "acme-raw", "cli", NO, NO),
    ("s3:ListBucket", "acme-raw", "secret/", NO, NO),
    ("s3:ListBucket", "acme-raw", "", NO, NO),
    ("s3:ListBucket", "acme-raw", None, NO, NO),
    ("s3:PutObject", "acme-train/new.mp4", None, NO, YES),
    ("s3:PutObject", "acme-raw/videos/new.mp4", None, NO, YES),
    ("s3:PutObject", "acme-raw/videos2/new.mp4", None, NO, NO),
    ("s3:PutObject", "acme-raw/secret/new.mp4", None, NO, NO),
    ("s3:PutObject", "acme-train-2/new.mp4", None, NO, NO),
    ("s3:AbortMultipartUpload", "acme-train/new.mp4", None, NO, YES),
    ("s3:AbortMultipartUpload", "acme-train-2/new.mp4", None, NO, NO),
    ("s3:DeleteObject", "acme-train/a.mp4", None, NO, NO),
    ("s3:DeleteObject", "acme-raw/videos/a.mp4", None, NO, NO),
    ("s3:DeleteObjectVersion", "acme-train/a.mp4", None, NO, NO),
    ("s3:GetObjectVersion", "acme-train/a.mp4", None, NO, NO),
    ("s3:GetObjectAcl", "acme-train/a.mp4", None, NO, NO),
    ("s3:GetObjectTagging", "acme-train/a.mp4", None, NO, NO),
    ("s3:PutObjectAcl", "acme-train/a.mp4", None, NO, NO),
    ("s3:PutObjectTagging", "acme-train/a.mp4", None, NO, NO),
    ("s3:RestoreObject", "acme-train/a.mp4", None, NO, NO),
    ("s3:BypassGovernanceRetention", "acme-train/a.mp4", None, NO, NO),
    ("s3:ListBucketVersions", "acme-train", None, NO, NO),
    ("s3:ListBucketMultipartUploads", "acme-train", None, NO, NO),
    ("s3:GetBucketPolicy", "acme-train", None, NO, NO),
    ("s3:PutBucketPolicy", "acme-train", None, NO, NO),
    ("s3:DeleteBucketPolicy", "acme-train", None, NO, NO),
    ("s3:PutBucketCORS", "acme-train", None, NO, NO),
    ("s3:PutBucketAcl", "acme-train", None, NO, NO),
    ("s3:PutLifecycleConfiguration", "acme-train", None, NO, NO),
    ("s3:PutReplicationConfiguration", "acme-train", None, NO, NO),
    ("s3:DeleteBucket", "acme-train", None, NO, NO),
    ("s3:CreateBucket", "acme-new", None, NO, NO),
]
READS, WRITES = [(*row[:3], row[3]) for row in ON_S3], [(*row[:3], row[4]) for row in ON_S3]
POLICIES = {False: (read_policy(BUCKETS), READS), True: (read_policy(BUCKETS, writable=True), WRITES)}


def reaching(policy: Document, action: str, place: str, prefix: str | None) -> Question:
    context = {} if prefix is None else {"s3:prefix": prefix}
    resource = f"arn:aws:s3:::{place}"
    return Question(SESSION, action, resource, [policy], account=CUSTOMER, context=context)


@pytest.mark.parametrize("write", POLICIES)
def test_a_session_reaches_the_given_buckets_and_prefixes_alone(simulator: Simulator, write: bool) -> None:
    policy, table = POLICIES[write]
    assert judged(simulator, table, partial(reaching, policy)) == table


@pytest.mark.parametrize("write", [False, True])
def test_nothing_of_the_account_is_listed(simulator: Simulator, write: bool) -> None:
    policy = read_policy(BUCKETS, writable=write, kms_key_arns=[KEY])
    actions = ["s3:ListAllMyBuckets", "kms:ListKeys", "iam:ListRoles", "ec2:DescribeInstances"]
    questions = [Question(SESSION, action, "*", [policy], account=CUSTOMER) for action in actions]
    assert simulator.verdicts(questions) == [NO] * len(actions)


# To copy an object is to read the one and to write the other.
@pytest.mark.parametrize(
    ("source", "target", "write", "may"),
    [
        ("acme-train/a.mp4", "acme-raw/videos/a.mp4", False, False),
        ("acme-train/a.mp4", "acme-raw/videos/a.mp4", True, True),
        ("acme-train/a.mp4", "acme-raw/secret/a.mp4", True, False),
        ("acme-train/a.mp4", "other/a.mp4", True, False),
        ("acme-raw/secret/a.mp4", "acme-train/a.mp4", True, False),
    ],
)
def test_objects_are_copied_within_what_may_be_written(
    simulator: Simulator, source: str, target: str, write: bool, may: bool
) -> None:
    policy, _ = POLICIES[write]
    steps = (("s3:GetObject", source), ("s3:PutObject", target))
    verdicts = simulator.verdicts([reaching(policy, *step, None) for step in steps])
    assert (set(verdicts) == {YES}) is may


# Action, key, through which service; with a policy that reads, with one that writes too.
ON_KMS: Table = [
    ("kms:Decrypt", KEY, S3, YES, YES),
    ("kms:Decrypt", KEY, "s3.us-east-1.amazonaws.com", YES, YES),
    ("kms:Decrypt", KEY, ELSEWHERE, NO, NO),
    ("kms:Decrypt", KEY, "s3express.eu-west-1.amazonaws.com", NO, NO),
    ("kms:Decrypt", KEY, None, NO, NO),
    ("kms:Decrypt", OTHER_KEY, S3, NO, NO),
    ("kms:GenerateDataKey", KEY, S3, NO, YES),
    ("kms:GenerateDataKey", KEY, ELSEWHERE, NO, NO),
    ("kms:GenerateDataKey", KEY, None, NO, NO),
    ("kms:GenerateDataKey", OTHER_KEY, S3, NO, NO),
    ("kms:Encrypt", KEY, S3, NO, NO),
    ("kms:ReEncryptFrom", KEY, S3, NO, NO),
    ("kms:CreateGrant", KEY, S3, NO, NO),
    ("kms:PutKeyPolicy", KEY, None, NO, NO),
    ("kms:ScheduleKeyDeletion", KEY, None, NO, NO),
]


def decrypting(policy: Document, action: str, key: str, via: str | None) -> Question:
    context = {"kms:ViaService": via} if via else {}
    return Question(SESSION, action, key, [policy], KEY_POLICY, CUSTOMER, context)


@pytest.mark.parametrize("write", [False, True])
def test_the_given_keys_are_used_through_s3_alone(simulator: Simulator, write: bool) -> None:
    policy = read_policy(BUCKETS, writable=write, kms_key_arns=[KEY])
    table = [(*row[:3], row[4 if write else 3]) for row in ON_KMS]
    assert judged(simulator, table, partial(decrypting, policy)) == table


def test_without_keys_nothing_is_decrypted(simulator: Simulator) -> None:
    assert simulator.verdicts([decrypting(read_policy(BUCKETS), "kms:Decrypt", KEY, S3)]) == [NO]


def test_a_bucket_of_another_account_is_opened_by_its_own_policy_too(simulator: Simulator) -> None:
    read: dict[str, Any] = {"identity": [read_policy(BUCKETS)], "account": STRANGERS}
    theirs = allowing("s3:GetObject")
    theirs["Statement"][0] |= {"Principal": {"AWS": ROLE}, "Resource": "arn:aws:s3:::acme-train/*"}
    question = partial(Question, SESSION, "s3:GetObject", "arn:aws:s3:::acme-train/a.mp4", **read)
    assert simulator.verdicts([question(), question(resource_policy=theirs)]) == [NO, YES]


def test_what_stands_above_a_role_still_denies(simulator: Simulator) -> None:
    policy = read_policy(BUCKETS)
    read: dict[str, Any] = {"identity": [policy], "account": CUSTOMER}
    question = partial(Question, SESSION, "s3:GetObject", "arn:aws:s3:::acme-train/a.mp4", **read)
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, YES),
        ({"boundaries": [allowing("s3:*")]}, YES),
        ({"boundaries": [policy]}, YES),
        ({"boundaries": [allowing("ec2:*")]}, NO),
        ({"boundaries": [read_policy(["acme-raw"])]}, NO),
        ({"boundaries": [allowing("*"), denying("s3:GetObject")]}, NEVER),
        ({"scps": [allowing("*")]}, YES),
        ({"scps": [allowing("ec2:*")]}, NO),
        ({"scps": [allowing("*"), denying("s3:*")]}, NEVER),
    ]
    verdicts = simulator.verdicts([question(**more) for more, _ in cases])
    assert verdicts == [expected for _, expected in cases]


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_a_policy_of_one_partition_opens_nothing_in_another(simulator: Simulator, partition: str) -> None:
    policy = read_policy(["acme"], partition=partition)
    session = SESSION.replace("aws", partition, 1)
    there, here = f"arn:{partition}:s3:::acme/a.mp4", "arn:aws:s3:::acme/a.mp4"
    questions = [
        Question(session, "s3:GetObject", there, [policy], account=CUSTOMER),
        Question(SESSION, "s3:GetObject", here, [policy], account=CUSTOMER),
    ]
    assert simulator.verdicts(questions) == [YES, NO]


def sabotaged(document: Document, sid: str, **changed: Any) -> Document:
    """The document with one statement changed; None takes a part out."""

    def made_anew(statement: Document) -> Document:
        merged = {**statement, **changed} if statement["Sid"] == sid else statement
        return {name: value for name, value in merged.items() if value is not None}

    made = {**document, "Statement": [made_anew(one) for one in document["Statement"]]}
    assert made != document
    return made


def unseen(simulator: Simulator, table: Table, asks: Sequence[Ask]) -> list[int]:
    """Which of the sabotages, each with the questions about it, leave all verdicts as they were."""
    verdicts = iter(simulator.verdicts([ask(*row[:-1]) for ask in asks for row in table]))
    expected = [row[-1] for row in table]
    return [number for number, _ in enumerate(asks) if [next(verdicts) for _ in table] == expected]


def test_a_sabotaged_trust_is_seen(simulator: Simulator) -> None:
    sabotages: list[dict[str, Any]] = [
        {"Condition": None},
        {"Condition": {"StringEqualsIfExists": {"sts:ExternalId": EXTERNAL_ID}}},
        {"Condition": {"StringLike": {"sts:ExternalId": f"{EXTERNAL_ID}*"}}},
        {"Condition": {"StringEqualsIgnoreCase": {"sts:ExternalId": EXTERNAL_ID}}},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": f"arn:aws:iam::{READERS}:root"}},
        {"Effect": "Deny"},
    ]
    trust = trust_policy(USER, EXTERNAL_ID)
    made = [sabotaged(trust, "AssumedForOneIntegration", **changed) for changed in sabotages]
    assert unseen(simulator, ASSUMED_BY_A_USER, [partial(assuming, one) for one in made]) == []
    assert unseen(simulator, ASSUMED_BY_A_USER, [partial(assuming, trust)]) == [0]


def test_a_sabotaged_policy_is_seen(simulator: Simulator) -> None:
    train, raw = "arn:aws:s3:::acme-train", "arn:aws:s3:::acme-raw"
    sabotages: list[tuple[str, dict[str, Any]]] = [
        ("ListPrefixes1", {"Condition": None}),
        ("ListPrefixes1", {"Condition": {"StringLikeIfExists": {"s3:prefix": "videos/*"}}}),
        ("ListPrefixes1", {"Condition": {"StringLike": {"s3:prefix": "videos*"}}}),
        ("ListPrefixes1", {"Condition": {"StringEquals": {"s3:prefix": "videos/"}}}),
        ("ListPrefixes1", {"Resource": "arn:aws:s3:::acme-*"}),
        ("ListBuckets", {"Resource": "*"}),
        ("ListBuckets", {"Resource": f"{train}*"}),
        ("ReadObjects", {"Action": "s3:*"}),
        ("ReadObjects", {"Action": "s3:GetObject*"}),
        ("ReadObjects", {"Resource": f"{train}*"}),
        ("ReadObjects", {"Resource": [f"{train}/*", f"{raw}/*"]}),
        ("ReadObjects", {"Resource": [f"{train}/*", f"{raw}/videos*"]}),
    ]
    policy, _ = POLICIES[False]
    made = [sabotaged(policy, sid, **changed) for sid, changed in sabotages]
    assert unseen(simulator, READS, [partial(reaching, one) for one in made]) == []
    assert unseen(simulator, READS, [partial(reaching, policy)]) == [0]


def test_a_sabotaged_use_of_keys_is_seen(simulator: Simulator) -> None:
    sabotages: list[dict[str, Any]] = [
        {"Condition": None},
        {"Condition": {"StringLike": {"kms:ViaService": "s3*"}}},
        {"Resource": "*"},
        {"Action": "kms:*"},
        {"Action": "kms:Encrypt"},
    ]
    policy, table = read_policy(BUCKETS, kms_key_arns=[KEY]), [row[:4] for row in ON_KMS]
    made = [sabotaged(policy, "DecryptObjects", **changed) for changed in sabotages]
    assert unseen(simulator, table, [partial(decrypting, one) for one in made]) == []
    assert unseen(simulator, table, [partial(decrypting, policy)]) == [0]
