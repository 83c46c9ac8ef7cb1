"""What is wrong is said in our words, and never quotes what was given."""

from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from pulumi_encord_integrations.model.base import SecretText, Sent
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.integration_types.aws import AwsSpec
from pulumi_encord_integrations.model.memberships import MembersSpec
from pulumi_encord_integrations.model.problems import Problem, message_of, nearest, problems_of
from tests.unit.model.examined import problems

CANARY = "canary-8c1f"


class Key(Sent):
    secret_access_key: Annotated[SecretText, Field(min_length=16)]
    bucket_count: int = 1


class Keys(Sent):
    all_keys: list[Key]
    one_key: Key | None = None


def found(model: type[Sent], value: Any) -> list[Problem]:
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(value)
    return problems_of(refusal.value, model)


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ((), ""),
        (("title",), "title"),
        (("buckets", 0), "buckets[0]"),
        (("buckets", 3, "prefixes", 12), "buckets[3].prefixes[12]"),
        (("a", "b", "c"), "a.b.c"),
    ],
)
def test_a_place_is_written_as_pulumi_writes_it(path: tuple[str | int, ...], where: str) -> None:
    assert Problem(path, "m").where == where


def test_a_problem_reads_as_one_line() -> None:
    assert str(Problem(("a", 0), "is wrong", "make it right")) == "a[0]: is wrong; make it right"
    assert str(Problem((), "is wrong")) == "is wrong"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("titel", 'did you mean "title"?'), ("bukets", 'did you mean "buckets"?'), ("zzz", ""), ("", "")],
)
def test_the_nearest_name_is_proposed(name: str, expected: str) -> None:
    assert nearest(name, AwsSpec.model_fields) == expected


def test_an_absent_field_has_its_name_in_programs() -> None:
    told = {str(problem) for problem in found(AwsSpec, {})}
    assert told == {"title: is required", "role_arn: is required", "buckets: is required"}


def test_a_field_deep_inside_has_its_name_in_programs() -> None:
    value = {"allKeys": [{}, {"secretAccessKey": 7, "bucketCount": "x"}], "oneKey": {}}
    assert [problem.where for problem in found(Keys, value)] == [
        "all_keys[0].secret_access_key",
        "all_keys[1].secret_access_key",
        "all_keys[1].bucket_count",
        "one_key.secret_access_key",
    ]


def test_an_unknown_key_deep_inside_is_named_with_the_nearest() -> None:
    problem = found(Keys, {"all_keys": [{"secret_access_key": "k" * 20, "bucket_cont": 1}]})[0]
    assert (problem.where, problem.help) == ("all_keys[0].bucket_cont", 'did you mean "bucket_count"?')


@pytest.mark.parametrize(
    ("wire", "told"),
    [
        (False, ["all_keys[0].secret_access_key: is required", 'did you mean "bucket_count"?']),
        (True, ["allKeys[0].secretAccessKey: is required", 'did you mean "bucketCount"?']),
    ],
)
def test_keys_are_spelled_as_they_are_where_they_stand(wire: bool, told: list[str]) -> None:
    made, problems = Keys.examine({"allKeys": [{"bucketCont": 1}]}, wire=wire)
    assert made is None
    assert [str(problems[0]), problems[1].help] == told


@pytest.mark.parametrize(("wire", "where"), [(False, "role_arn"), (True, "roleArn")])
def test_rules_over_several_fields_are_spelled_so_too(wire: bool, where: str) -> None:
    values = {"provider": "AWS", "title": "t", "role_arn": "x", "buckets": [{"name": "acme-train"}]}
    _, problems = AwsSpec.examine(values, wire=wire)
    assert [problem.where for problem in problems] == [where]


WRONG = [
    CANARY,
    [CANARY],
    {"k": CANARY},
    [[CANARY]],
    [{"name": f"{CANARY}*"}],
    [{"prefixes": [f"/{CANARY}"]}],
]


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("model", [AwsSpec, Placement, Key, Keys])
def test_no_wrong_value_is_quoted(model: type[Sent], value: Any) -> None:
    everywhere = dict.fromkeys(model.model_fields, value)
    told = " ".join(f"{problem} {problem!r}" for problem in found(model, everywhere))
    assert told
    assert CANARY not in told.replace(f'unknown key "{CANARY}"', "")


@pytest.mark.parametrize("value", WRONG)
def test_pydantic_s_own_words_do_not_quote_a_secret(value: Any) -> None:
    with pytest.raises(ValidationError) as refusal:
        Keys.model_validate({"all_keys": [{"secret_access_key": value}]})
    assert CANARY not in str(refusal.value) + repr(refusal.value)


def test_every_type_has_words_for_a_person() -> None:
    assert message_of({"type": "string_type", "msg": "Input should be a valid string"}) == "must be a string"
    assert message_of({"type": "value_error", "msg": "Value error, must be short"}) == "must be short"
    assert message_of({"type": "new_kind", "msg": "Said otherwise"}) == "Said otherwise"


@pytest.mark.parametrize(
    ("provider", "field", "value"),
    [
        ("AWS", "title", "Scans"),
        ("AWS", "role_arn", "arn:aws:iam::123456789012:role/encord"),
        ("AWS", "region", "eu-west-1"),
        ("AWS", "buckets", "acme"),
        ("AWS", "signed_url_expiry", "a week"),
        ("GCP", "buckets", "acme"),
        ("AZURE", "storage_account", "acmescans"),
        ("AZURE", "container", "wards"),
        ("OTC", "endpoint", "https://storage.example.com"),
        ("OTC", "region", "eu-de"),
        ("OTC", "access_key_id", "AKEXAMPLE"),
        ("S3_COMPATIBLE", "preset", "MINIO"),
        ("S3_COMPATIBLE", "buckets", "acme"),
        ("DIRECT_ACCESS", "source", "AWS"),
    ],
)
@pytest.mark.parametrize(
    ("around", "told"),
    [
        ("{}\r\n", "take out the carriage return and the line feed at its end"),
        ("\u200b{}", "take out the zero width space (U+200B) at its beginning"),
    ],
)
def test_what_nobody_sees_in_a_refused_field_is_named(
    provider: str, field: str, value: str, around: str, told: str
) -> None:
    text = around.format(value)
    [said] = problems(provider, **{field: [text] if field == "buckets" else text})
    assert said.endswith(f"; {told}")


@pytest.mark.parametrize("address", ["ada@example.com\u00a0", " ada@example.com"])
def test_what_nobody_sees_in_an_address_is_named(address: str) -> None:
    members = [{"user": "mia@example.com", "role": "user"}, {"user": address, "role": "user"}]
    integration = "0d2f7f0e-5a0f-4c8c-8a53-6f3a1c9b7e10"
    _, [found] = MembersSpec.examine({"integration": integration, "members": members})
    assert found.where == "members[1].user"
    assert found.help.startswith("take out the ")
