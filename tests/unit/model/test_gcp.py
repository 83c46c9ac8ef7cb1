"""Cloud Storage's own naming rules: https://cloud.google.com/storage/docs/buckets#naming."""

import pytest

from tests.unit.model.examined import canonical, places, problems

LABEL = "a" * 63


@pytest.mark.parametrize(
    "name",
    [
        "abc",
        "123",
        "my-travel-maps",
        "0f75d593-8e7b-4418-a5ba-cb2970f0b91e",
        "a_b",
        "a__b",
        "a--b",
        "a-_b",
        LABEL,
        "a.b",
        "acme.training.eu",
        f"{LABEL}.{LABEL}.{LABEL}.{'b' * 30}",
        "1.2.3",
        "192.168.5.4a",
        "a-.b",
        "goo-gle",
        "agoog",
        "gogle",
        "my_google_bucket",
        "googacme",
        "acme-g00gle",
        "acme_training",
        "amzn-s3-demo-x",
        "acme-s3alias",
    ],
)
def test_a_cloud_storage_bucket_name_is_accepted(name: str) -> None:
    assert canonical("GCP", buckets=[name])["buckets"] == [{"name": name, "prefixes": []}]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "ab",
        "a" * 64,
        f"{'a' * 64}.b",
        f"{LABEL}.{LABEL}.{LABEL}.{'b' * 31}",
        "My-Travel-Maps",
        "test bucket",
        "a/b",
        "gs://acme",
        "a..b",
        ".abc",
        "abc.",
        "-abc",
        "abc-",
        "_abc",
        "abc_",
        "acm\u00e9",
        "\u0661\u0662\u0663",
        "abc\n",
        "192.168.5.4",
        "0.0.0.0",
    ],
)
def test_what_cloud_storage_does_not_allow_is_refused(name: str) -> None:
    assert places("GCP", buckets=[name]) == {"buckets[0].name"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Acme", "3 to 63 lower-case letters, digits, hyphens and underscores"),
        ("10.0.0.1", "must not look like an IP address"),
    ],
)
def test_a_refusal_says_what_is_expected(name: str, words: str) -> None:
    [said] = problems("GCP", buckets=["acme", name])
    assert said.startswith("buckets[1].name: ")
    assert words in said


def test_nothing_but_a_title_and_buckets_is_needed() -> None:
    assert places("GCP", title=None, buckets=None) == {"title", "buckets"}


@pytest.mark.parametrize("name", ["role_arn", "region", "endpoint", "service_account_email", "project"])
def test_inputs_of_other_clouds_are_unknown(name: str) -> None:
    assert problems("GCP", **{name: "x"})[0].startswith(f'{name}: unknown key "{name}"')
