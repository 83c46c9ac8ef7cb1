"""The clouds' own rules, for what an AWS integration declares."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from pulumi_encord_integrations.model.integration_types.aws import AwsBucket, AwsSpec, Region, RoleArn, advice
from pulumi_encord_integrations.model.problems import problems_of

ROLE = "arn:aws:iam::123456789012:role/encord-prod"


def refused(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return True
    return False


def bucket_refused(name: str) -> bool:
    return refused(AwsBucket, {"name": name})


def conflicts(**fields: Any) -> list[str]:
    spec = AwsSpec.model_validate({"title": "t", "role_arn": ROLE, "buckets": ["acme"], **fields})
    return [str(problem) for problem in spec.conflicts()]


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso-b"])
def test_a_role_may_lie_in_any_partition(partition: str) -> None:
    assert not refused(RoleArn, ROLE.replace("arn:aws:", f"arn:{partition}:"))


@pytest.mark.parametrize(
    "tail", ["a", "a" * 64, "a+=,.@-_9", "team/a", "a/b/c/d", f"{'p' * 510}/name", "team!$&'()*/a", "123"]
)
def test_a_role_may_have_any_name_and_path_that_iam_allows(tail: str) -> None:
    assert not refused(RoleArn, f"arn:aws:iam::123456789012:role/{tail}")


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "encord-prod",
        ROLE + "\n",
        "\n" + ROLE,
        ROLE + " ",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role//name",
        "arn:aws:iam::123456789012:role/team/",
        "arn:aws:iam::123456789012:role",
        "arn:aws:iam::123456789012:roles/name",
        "arn:aws:iam::123456789012:user/name",
        "arn:aws:iam::12345678901:role/name",
        "arn:aws:iam::1234567890123:role/name",
        "arn:aws:iam::\u0661\u0662\u0663456789012:role/name",
        "arn:aws:iam:eu-west-1:123456789012:role/name",
        "arn:aws:sts::123456789012:assumed-role/name/session",
        "arn:aws:s3:::acme",
        "arn:gcp:iam::123456789012:role/name",
        "arn:aws-:iam::123456789012:role/name",
        "ARN:AWS:IAM::123456789012:ROLE/NAME",
        f"arn:aws:iam::123456789012:role/{'a' * 65}",
        f"arn:aws:iam::123456789012:role/{'p' * 511}/name",
        "arn:aws:iam::123456789012:role/na me",
        "arn:aws:iam::123456789012:role/te am/name",
        "arn:aws:iam::123456789012:role/n\u00e4me",
        "arn:aws:iam::123456789012:role/na:me",
        123456789012,
        None,
    ],
)
def test_what_is_no_role_arn_is_refused(arn: Any) -> None:
    assert refused(RoleArn, arn)


@pytest.mark.parametrize(
    "name",
    [
        "abc",
        "a1b",
        "123",
        "a" * 63,
        "acme.training.eu",
        "a.b",
        "a-.b",
        "a.-b",
        "a--b",
        "1.2.3",
        "1.2.3.4.5",
        "192.168.5.4a",
        "xn-a",
        "sthre-a",
        "acme-s3aliases",
        "mrap",
        "a.mrapx",
        "acme-x-s3",
        "acme-table-s3",
        "xn--acme",
        "sthree-acme",
        "amzn-s3-demo-bucket",
        "acme-s3alias",
        "acme--ol-s3",
        "acme.mrap",
    ],
)
def test_an_s3_bucket_name_is_accepted(name: str) -> None:
    assert not bucket_refused(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "ab",
        "a" * 256,
        "a b",
        "-abc",
        ".abc",
        "_abc",
        "a/b",
        "s3://abc",
        "acm\u00e9",
        "abc\n",
        " abc",
        "1\u0662\u0663",
        "192.168.5.4",
        "0.0.0.0",
        "999.999.999.999",
        "acme--use1-az4--x-s3",
        "acme--table-s3",
    ],
)
def test_what_s3_never_gave_to_a_bucket_is_refused(name: str) -> None:
    assert bucket_refused(name)


LEGACY = [
    "ABCD_Central_1",
    "acme_raw",
    "AcmeRaw",
    "a..b",
    "abc-",
    "abc.",
    "www.acme.example_",
    "a" * 64,
    "a" * 255,
]


@pytest.mark.parametrize("name", LEGACY)
def test_a_name_from_before_2018_is_accepted_where_it_can_exist(name: str) -> None:
    assert not bucket_refused(name)
    assert conflicts(buckets=["acme", name]) == []
    assert conflicts(buckets=["acme", name], region="us-east-1") == []
    place = 0 if name < "acme" else 1
    [said] = conflicts(buckets=["acme", name], region="eu-west-1")
    assert said.startswith(f"buckets[{place}].name: eu-west-1 has no bucket of that name")


@pytest.mark.parametrize(
    ("names", "region", "told"),
    [
        (["acme", "www.acme.example", "acme.raw-2012"], None, None),
        (["acme_raw"], "us-east-1", None),
        (["acme", "acme_raw", "AcmeRaw"], None, "acme_raw, AcmeRaw. If these are buckets of us-east-1"),
    ],
)
def test_a_name_that_s3_gives_no_more_is_worth_a_word(
    names: list[str], region: str | None, told: str | None
) -> None:
    said = advice(names, region)
    assert told in said if told and said else said == told


@pytest.mark.parametrize(
    "region",
    [
        "eu-west-1",
        "us-gov-west-1",
        "ap-southeast-7",
        "mx-central-1",
        "il-central-1",
        "cn-northwest-1",
        "eusc-de-east-1",
        "us-isob-east-1",
        "us-isof-south-1",
        "eu-isoe-west-1",
    ],
)
def test_a_region_is_accepted(region: str) -> None:
    assert not refused(Region, region)


@pytest.mark.parametrize(
    "region",
    [
        "",
        "eu",
        "eu-west",
        "EU-WEST-1",
        "eu_west_1",
        "eu-west-1a",
        "eu-west-1\n",
        "eu-west-\u0661",
        "eu-west-100",
    ],
)
def test_what_is_no_region_is_refused(region: str) -> None:
    assert refused(Region, region)


PARTITIONS = [
    ("us-east-1", "aws"),
    ("eu-west-1", "aws"),
    ("us-iso-east-1", "aws-iso"),
    ("us-isob-east-1", "aws-iso-b"),
    ("eu-isoe-west-1", "aws-iso-e"),
    ("us-isof-south-1", "aws-iso-f"),
    ("us-gov-west-1", "aws-us-gov"),
    ("cn-north-1", "aws-cn"),
    ("eusc-de-east-1", "aws-eusc"),
]


@pytest.mark.parametrize(("region", "partition"), PARTITIONS)
def test_role_and_region_must_lie_in_one_partition(region: str, partition: str) -> None:
    for other in {known for _, known in PARTITIONS}:
        found = conflicts(region=region, role_arn=ROLE.replace("arn:aws:", f"arn:{other}:"))
        expected = f"region: {region} is in partition {partition}, the role is in {other}"
        assert found == ([] if other == partition else [expected])


def test_a_partition_newer_than_the_table_is_left_to_the_cloud() -> None:
    assert conflicts(region="mars-red-north-1", role_arn=ROLE.replace("aws", "aws-mars", 1)) == []


@pytest.mark.parametrize(("strict", "vpn"), [(False, False), (True, False), (True, True)])
def test_a_scenario_of_the_page_has_no_conflict(strict: bool, vpn: bool) -> None:
    assert conflicts(strict_client_only=strict, over_vpn=vpn) == []


def test_a_standard_integration_over_vpn_must_be_strict() -> None:
    assert conflicts(over_vpn=True) == [
        "over_vpn: a standard integration over VPN must be strict client-only; set strict_client_only to true"
    ]


def test_every_wrong_field_is_told_at_once() -> None:
    wrong = {
        "title": "",
        "role_arn": "r",
        "buckets": ["A", "b"],
        "region": "x",
        "over_vpn": "yes",
        "titel": 1,
    }
    with pytest.raises(ValidationError) as refusal:
        AwsSpec.model_validate(wrong)
    found = {problem.where for problem in problems_of(refusal.value, AwsSpec)}
    assert found == {"title", "role_arn", "buckets[0].name", "buckets[1].name", "region", "over_vpn", "titel"}
