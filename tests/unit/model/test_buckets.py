"""Bucket lists and prefixes."""

from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from pulumi_encord_integrations.model.buckets import DISTINCT, FEW, NAMED, BucketSpec, Prefixes
from pulumi_encord_integrations.model.integration_types.aws import AwsSpec
from pulumi_encord_integrations.model.problems import problems_of

ROLE = "arn:aws:iam::123456789012:role/encord-prod"


def prefixes(*values: Any) -> list[str]:
    return TypeAdapter[list[str]](Prefixes).validate_python(list(values))


def buckets(values: Any) -> list[dict[str, Any]]:
    spec = AwsSpec.model_validate({"title": "t", "role_arn": ROLE, "buckets": values})
    return [bucket.model_dump() for bucket in spec.buckets]


def problems(values: Any) -> list[str]:
    with pytest.raises(ValidationError) as refusal:
        buckets(values)
    return [str(problem) for problem in problems_of(refusal.value, AwsSpec)]


@pytest.mark.parametrize(
    "value",
    [
        "a",
        "videos/",
        "videos/2026",
        "a" * 1024,
        "\u00e4" * 512,
        "a b/",
        "\u52d5\u753b/\u3000/",
        "$",
        "{x}",
        "a$b{",
        "Screenshot\u202f1.png",
        "\U0001f600/",
    ],
)
def test_a_prefix_is_kept_as_it_is(value: str) -> None:
    assert prefixes(value) == [value]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "/",
        "/videos",
        "*",
        "videos/*",
        "a?b",
        "${aws:username}/",
        "a\nb",
        "a\x00",
        "a\x7f",
        "\u202eevil",
        "a\u200b",
        "\ud800",
        "a" * 1025,
        "\u00e4" * 512 + "a",
        "\U0001f600" * 257,
        7,
        None,
        ["a"],
    ],
)
def test_what_would_open_more_or_less_than_is_written_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        prefixes("good/", value)


def test_prefixes_are_a_sorted_set() -> None:
    assert prefixes("b/", "a/", "b/", "A/") == ["A/", "a/", "b/"]


def test_a_thousand_prefixes_are_enough_for_one_bucket() -> None:
    thousand = [f"{number:04}/" for number in range(1000)]
    assert prefixes(*reversed(thousand)) == thousand
    with pytest.raises(ValidationError, match="has 1001 prefixes; at most 1000 are allowed"):
        prefixes(*thousand, "more/")


def test_a_bare_name_is_a_whole_bucket() -> None:
    assert buckets(["acme"]) == buckets([{"name": "acme"}]) == [{"name": "acme", "prefixes": []}]


def test_buckets_are_ordered_by_name_in_whatever_form_they_come() -> None:
    mixed = [{"name": "zoo", "prefixes": ["b", "a"]}, "acme", {"name": "mid"}]
    assert [bucket["name"] for bucket in buckets(mixed)] == ["acme", "mid", "zoo"]
    assert buckets(mixed) == buckets(mixed[::-1])


@pytest.mark.parametrize("twice", [["acme", "acme"], ["acme", {"name": "acme", "prefixes": ["a/"]}]])
def test_a_bucket_is_listed_once(twice: list[Any]) -> None:
    assert problems(twice) == ["buckets: names acme more than once; list all its prefixes in one entry"]


@pytest.mark.parametrize("count", [1, 100])
def test_up_to_a_hundred_buckets_are_accepted(count: int) -> None:
    assert len(buckets([f"acme-{number}" for number in range(count)])) == count


@pytest.mark.parametrize("count", [0, 101, 200_000])
@pytest.mark.parametrize("entry", ["acme", "NOT A BUCKET", None])
def test_a_list_of_another_length_is_one_problem(count: int, entry: Any) -> None:
    assert problems([entry] * count) == [f"buckets: must name 1 to 100 buckets, not {count}"]


@pytest.mark.parametrize("value", ["acme", {"acme": {}}, 7, None])
def test_what_is_no_list_is_refused(value: Any) -> None:
    assert problems(value) == ["buckets: must be a list"]


@pytest.mark.parametrize("entry", [7, None, ["acme"], True])
def test_what_is_no_bucket_is_refused(entry: Any) -> None:
    [problem] = problems([entry])
    assert problem.startswith("buckets[0]: must be a bucket name or a mapping such as")


def test_an_unknown_key_of_a_bucket_is_named_with_the_nearest() -> None:
    assert problems([{"name": "acme", "prefix": ["a"]}]) == [
        'buckets[0].prefix: unknown key "prefix"; did you mean "prefixes"?'
    ]


def test_each_cloud_may_narrow_the_names() -> None:
    free = TypeAdapter(Annotated[list[Annotated[BucketSpec, NAMED]], FEW, DISTINCT])
    assert [bucket.name for bucket in free.validate_python(["Upper_Case"])] == ["Upper_Case"]


def test_more_prefixes_than_a_request_holds_are_refused_before_it_is_sent() -> None:
    long = [f"{'x' * 100}/{n}" for n in range(1000)]
    [problem] = problems([{"name": f"bucket-{n}", "prefixes": long} for n in range(10)])
    assert "at most 900,000 are allowed" in problem
