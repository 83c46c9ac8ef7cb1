"""Policies: what they open, to whom, and what they refuse to be made of."""

import json
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_encord_integrations.model.integration_types.aws import AwsBucket
from pulumi_encord_integrations.model.policies.aws import MAX_INLINE_CHARACTERS, read_policy, trust_policy
from pulumi_encord_integrations.model.policies.grants import GrantedBucket, compact
from pulumi_encord_integrations.model.policies.otc import otc_read_policy

ACCOUNT = "arn:aws:iam::999988887777"
USER = f"{ACCOUNT}:user/encord-reader"
EXTERNAL_ID = "3f0c1c53-8d0b-4d9c-9d1a-6a5f6f3d2b11"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
MULTI_REGION = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
LISTING: list[GrantedBucket] = [{"name": "acme-raw", "prefixes": ["videos/2026/", "audio"]}, "acme-train"]
PREFIXES = ["videos/", "\u52d5\u753b/", "\U0001f3a5 $", "a+b&c=(d)/", '"quoted"\\', "{x}"]


def refusal(make: Callable[[], Any]) -> str:
    with pytest.raises(ValueError, match=": ") as refused:
        make()
    return str(refused.value)


def statement(document: dict[str, Any], sid: str) -> dict[str, Any]:
    [found] = [one for one in document["Statement"] if one.get("Sid") == sid]
    return dict(found)


def sids(document: dict[str, Any]) -> list[str]:
    return [one["Sid"] for one in document["Statement"]]


def actions(document: dict[str, Any]) -> set[str]:
    return {action for one in document["Statement"] for action in one["Action"]}


def test_a_role_trusts_one_principal_that_gives_one_external_id() -> None:
    assert trust_policy(USER, EXTERNAL_ID) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AssumedForOneIntegration",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::999988887777:user/encord-reader"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "3f0c1c53-8d0b-4d9c-9d1a-6a5f6f3d2b11"}},
            }
        ],
    }


@pytest.mark.parametrize(
    "principal",
    [
        f"{ACCOUNT}:root",
        f"{ACCOUNT}:role/encord",
        f"{ACCOUNT}:role/service/path/encord",
        "arn:aws:sts::999988887777:assumed-role/encord/session",
        "arn:aws-cn:iam::999988887777:user/encord-reader",
        "arn:aws-us-gov:iam::999988887777:role/encord",
    ],
)
def test_users_roles_sessions_and_accounts_may_be_trusted(principal: str) -> None:
    [only] = trust_policy(principal, EXTERNAL_ID)["Statement"]
    assert only["Principal"] == {"AWS": principal}


@pytest.mark.parametrize(
    "principal",
    [
        "",
        "*",
        "999988887777",
        "arn:aws:iam::*:root",
        f"{ACCOUNT}:*",
        f"{ACCOUNT}:user/*",
        f"{ACCOUNT}:user/encord-?",
        f"{ACCOUNT}:role/enc*",
        f"{ACCOUNT}:group/readers",
        f"{ACCOUNT}:user/encord reader",
        f"{USER}\n",
        "arn:aws:iam::99998888777:root",
        "arn:aws:iam::9999888877777:root",
        "arn:aws:iam::99998888777\u0663:root",
        "arn:aws:s3:::acme",
        None,
        ["*"],
    ],
)
def test_nobody_but_one_named_principal_may_be_trusted(principal: Any) -> None:
    assert refusal(lambda: trust_policy(principal, EXTERNAL_ID)).startswith("principal_arn: must be ")


@pytest.mark.parametrize("external_id", ["ab", "a" * 1224, "a+b=c,d.e@f:g/h-i_j"])
def test_every_external_id_that_sts_takes_may_be_demanded(external_id: str) -> None:
    [only] = trust_policy(USER, external_id)["Statement"]
    assert only["Condition"] == {"StringEquals": {"sts:ExternalId": external_id}}


@pytest.mark.parametrize(
    "external_id",
    ["", "a", "a" * 1225, "*", "abc*", "${aws:userid}", "a b", "abc\n", "\u00e4bc", None, 77, ["abc"]],
)
def test_what_is_no_external_id_is_refused(external_id: Any) -> None:
    assert refusal(lambda: trust_policy(USER, external_id)).startswith("external_id: must be ")


def test_all_that_is_wrong_is_told_at_once() -> None:
    told = refusal(lambda: trust_policy("*", "*"))
    assert "principal_arn: " in told
    assert "; external_id: " in told


def test_a_whole_bucket_is_listed_and_read() -> None:
    assert read_policy(["acme-train"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ListBuckets",
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": ["arn:aws:s3:::acme-train"],
            },
            {
                "Sid": "ReadObjects",
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": ["arn:aws:s3:::acme-train/*"],
            },
        ],
    }


def test_prefixes_are_listed_and_read_alone() -> None:
    assert read_policy(LISTING)["Statement"] == [
        {
            "Sid": "ListBuckets",
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": ["arn:aws:s3:::acme-train"],
        },
        {
            "Sid": "ListPrefixes1",
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": ["arn:aws:s3:::acme-raw"],
            "Condition": {"StringLike": {"s3:prefix": ["audio*", "videos/2026/*"]}},
        },
        {
            "Sid": "ReadObjects",
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [
                "arn:aws:s3:::acme-raw/audio*",
                "arn:aws:s3:::acme-raw/videos/2026/*",
                "arn:aws:s3:::acme-train/*",
            ],
        },
    ]


def test_two_buckets_with_prefixes_are_two_statements() -> None:
    document = read_policy([{"name": name, "prefixes": [f"{name}/"]} for name in ("beta", "alpha")])
    assert sids(document) == ["ListPrefixes1", "ListPrefixes2", "ReadObjects"]
    assert statement(document, "ListPrefixes1")["Resource"] == ["arn:aws:s3:::alpha"]
    assert statement(document, "ListPrefixes2")["Condition"] == {"StringLike": {"s3:prefix": ["beta/*"]}}


def test_writing_is_a_statement_of_its_own() -> None:
    document = read_policy(LISTING, writable=True)
    assert statement(document, "WriteObjects") == {
        "Sid": "WriteObjects",
        "Effect": "Allow",
        "Action": ["s3:PutObject", "s3:AbortMultipartUpload"],
        "Resource": statement(document, "ReadObjects")["Resource"],
    }
    assert document["Statement"][:-1] == read_policy(LISTING)["Statement"]


@pytest.mark.parametrize(
    ("write", "expected"), [(False, ["kms:Decrypt"]), (True, ["kms:Decrypt", "kms:GenerateDataKey"])]
)
def test_keys_are_used_by_s3_alone(write: bool, expected: list[str]) -> None:
    document = read_policy(["acme"], writable=write, kms_key_arns=[MULTI_REGION, KEY, KEY])
    assert statement(document, "DecryptObjects") == {
        "Sid": "DecryptObjects",
        "Effect": "Allow",
        "Action": expected,
        "Resource": [KEY, MULTI_REGION],
        "Condition": {"StringLike": {"kms:ViaService": "s3.*"}},
    }


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_a_policy_lies_in_one_partition(partition: str) -> None:
    key = KEY.replace("aws", partition, 1)
    document = read_policy(LISTING, kms_key_arns=[key], partition=partition)
    named = [resource for one in document["Statement"] for resource in one["Resource"]]
    assert {resource.split(":")[1] for resource in named} == {partition}


BUCKETS_REFUSED: dict[str, tuple[Any, str]] = {
    "no buckets": ([], "buckets: must name 1 to 100 buckets, not 0"),
    "a lone name": ("acme", "buckets: must be a list"),
    "a lone bucket": ({"name": "acme"}, "buckets: must be a list"),
    "a bucket twice": (["acme", {"name": "acme", "prefixes": ["a/"]}], "buckets: names acme more than once"),
    "every bucket": (["*"], "buckets[0].name: must be "),
    "buckets that begin alike": (["acme*"], "buckets[0].name: must be "),
    "a path": (["acme/videos"], "buckets[0].name: must be "),
    "an ARN": (["arn:aws:s3:::acme"], "buckets[0].name: must be "),
    "every object": ([{"name": "acme", "prefixes": ["*"]}], "buckets[0].prefixes[0]: must not hold"),
    "a wildcard": ([{"name": "acme", "prefixes": ["a?"]}], "buckets[0].prefixes[0]: must not hold"),
    "a variable": ([{"name": "acme", "prefixes": ["${x}"]}], "buckets[0].prefixes[0]: must not hold"),
    "an empty prefix": ([{"name": "acme", "prefixes": [""]}], "buckets[0].prefixes[0]: must not be empty"),
    "a misspelt key": ([{"name": "acme", "prefix": ["a/"]}], 'buckets[0].prefix: unknown key "prefix"'),
}


@pytest.mark.parametrize("case", BUCKETS_REFUSED)
@pytest.mark.parametrize("policy", [read_policy, otc_read_policy])
def test_what_would_open_more_or_less_than_is_written_is_refused(case: str, policy: Any) -> None:
    buckets, words = BUCKETS_REFUSED[case]
    assert refusal(lambda: policy(buckets)).startswith(words)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (KEY, "kms_key_arns: must be a list"),
        ([KEY, "*"], "kms_key_arns[1]: must be the ARN of a KMS key"),
        (["arn:aws:kms:eu-west-1:111122223333:alias/acme"], "kms_key_arns[0]: must be the ARN of a KMS key"),
        (["arn:aws:kms:eu-west-1:111122223333:key/*"], "kms_key_arns[0]: must be the ARN of a KMS key"),
        (["arn:aws:kms:*:111122223333:key/1234"], "kms_key_arns[0]: must be the ARN of a KMS key"),
        (["1234abcd-12ab-34cd-56ef-1234567890ab"], "kms_key_arns[0]: must be the ARN of a KMS key"),
        ([KEY.replace("aws", "aws-cn", 1)], "kms_key_arns[0]: must be a key in partition aws"),
    ],
)
def test_what_is_no_key_of_the_partition_is_refused(keys: Any, words: str) -> None:
    assert refusal(lambda: read_policy(["acme"], kms_key_arns=keys)).startswith(words)


@pytest.mark.parametrize("partition", ["", "*", "aws-*", "AWS", "azure", "aws:s3", None])
def test_what_is_no_partition_is_refused(partition: Any) -> None:
    assert refusal(lambda: read_policy(["acme"], partition=partition)).startswith("partition: must be ")


def with_prefixes(count: int, *more: str, letter: str = "x") -> list[Any]:
    return [{"name": "acme", "prefixes": [*(f"{number:03}{letter * 97}" for number in range(count)), *more]}]


def test_a_policy_fits_in_a_role_to_the_letter_or_is_refused() -> None:
    assert len(compact(read_policy(with_prefixes(43, "y" * 118)))) == MAX_INLINE_CHARACTERS == 10_240
    told = refusal(lambda: read_policy(with_prefixes(43, "y" * 119)))
    assert told.startswith("buckets: the policy takes 10,242 characters")
    assert "10,240" in told


def test_letters_that_iam_takes_only_escaped_are_counted_as_escaped() -> None:
    read_policy(with_prefixes(40))
    assert "takes 48," in refusal(lambda: read_policy(with_prefixes(40, letter="\u52d5")))


@pytest.mark.parametrize("prefix", PREFIXES)
def test_prefixes_reach_iam_as_they_are_written(prefix: str) -> None:
    document = read_policy([{"name": "acme", "prefixes": [prefix]}])
    assert compact(document).isascii()
    assert json.loads(compact(document)) == document
    assert statement(document, "ReadObjects")["Resource"] == [f"arn:aws:s3:::acme/{prefix}*"]


def test_a_document_is_counted_without_blanks() -> None:
    assert compact({"a": [1, {"b": "c d"}]}) == '{"a":[1,{"b":"c d"}]}'


@pytest.mark.parametrize("policy", [read_policy, otc_read_policy])
def test_the_order_and_the_form_of_buckets_do_not_matter(policy: Any) -> None:
    first: dict[str, Any] = {"name": "acme-raw", "prefixes": ["audio", "videos/2026/", "audio"]}
    expected = policy(LISTING)
    assert policy(LISTING[::-1]) == expected
    assert policy(("acme-train", first)) == expected
    assert policy([AwsBucket(**first), AwsBucket(name="acme-train")]) == expected
    assert policy([MappingProxyType(first), MappingProxyType({"name": "acme-train"})]) == expected


NAMES = st.sampled_from(["acme", "acme-2", "acme.raw", "acm", "zoo"])
SOME_PREFIXES = st.lists(st.sampled_from(PREFIXES), max_size=4)
SOME_BUCKETS = st.dictionaries(NAMES, SOME_PREFIXES, min_size=1)


def opened(bucket: str, prefixes: list[str], start: str) -> Iterator[str]:
    """The objects of a bucket as one pattern for each prefix, written without the code under test."""
    yield from (start + bucket + "/" + prefix + "*" for prefix in prefixes or [""])


@given(SOME_BUCKETS, st.booleans(), st.booleans())
def test_no_statement_opens_anything_that_was_not_given(
    buckets: dict[str, list[str]], write: bool, encrypted: bool
) -> None:
    given_ = [{"name": name, "prefixes": prefixes} for name, prefixes in buckets.items()]
    document = read_policy(given_, writable=write, kms_key_arns=[KEY] if encrypted else [])
    start = "arn:aws:s3:::"
    objects = {one for name, prefixes in buckets.items() for one in opened(name, prefixes, start)}
    resources = {one for row in document["Statement"] for one in row["Resource"]}
    assert resources == objects | {start + name for name in buckets} | ({KEY} if encrypted else set())
    assert not any("*" in action for action in actions(document))
    assert len(sids(document)) == len(set(sids(document)))
    for row in document["Statement"]:
        listed = {one.removeprefix(start) for one in row["Resource"]} & buckets.keys()
        if any(buckets[name] for name in listed):
            [name] = listed
            patterns = {f"{prefix}*" for prefix in buckets[name]}
            assert set(row["Condition"]["StringLike"]["s3:prefix"]) == patterns


@given(SOME_BUCKETS, st.booleans())
def test_no_statement_of_otc_opens_anything_that_was_not_given(
    buckets: dict[str, list[str]], write: bool
) -> None:
    given_ = [{"name": name, "prefixes": prefixes} for name, prefixes in buckets.items()]
    document = otc_read_policy(given_, writable=write)
    start = "OBS:*:*:object:"
    objects = {one for name, prefixes in buckets.items() for one in opened(name, prefixes, start)}
    resources = {one for row in document["Statement"] for one in row["Resource"]}
    assert resources == objects | {f"OBS:*:*:bucket:{name}" for name in buckets}
    assert not any("*" in action for action in actions(document))


def test_otc_lists_and_reads_in_its_own_grammar() -> None:
    assert otc_read_policy(LISTING) == {
        "Version": "1.1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["obs:bucket:ListBucket"],
                "Resource": ["OBS:*:*:bucket:acme-raw"],
                "Condition": {"StringStartWith": {"obs:prefix": ["audio", "videos/2026/"]}},
            },
            {
                "Effect": "Allow",
                "Action": ["obs:bucket:ListBucket", "obs:bucket:HeadBucket"],
                "Resource": ["OBS:*:*:bucket:acme-train"],
            },
            {
                "Effect": "Allow",
                "Action": ["obs:object:GetObject"],
                "Resource": [
                    "OBS:*:*:object:acme-raw/audio*",
                    "OBS:*:*:object:acme-raw/videos/2026/*",
                    "OBS:*:*:object:acme-train/*",
                ],
            },
        ],
    }
    assert otc_read_policy(LISTING, writable=True)["Statement"][-1]["Action"] == [
        "obs:object:GetObject",
        "obs:object:PutObject",
    ]
