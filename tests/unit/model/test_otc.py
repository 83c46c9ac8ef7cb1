"""The Open Telekom Cloud's own rules: regions, endpoints, and OBS's bucket names."""

import pytest

from tests.unit.model.examined import canonical, places, problems


@pytest.mark.parametrize(
    ("endpoint", "region"),
    [
        ("https://obs.eu-de.otc.t-systems.com", "eu-de"),
        ("https://obs.eu-nl.otc.t-systems.com", "eu-nl"),
        ("https://obs.eu-ch2.sc.otc.t-systems.com", "eu-ch2"),
        ("https://storage.example.com", "eu-de"),
        ("https://obs.otc.t-systems.com", "eu-de"),
    ],
)
def test_an_endpoint_and_its_region_are_accepted(endpoint: str, region: str) -> None:
    assert problems("OTC", endpoint=endpoint, region=region) == []


@pytest.mark.parametrize(
    ("endpoint", "named"),
    [
        ("https://obs.eu-nl.otc.t-systems.com", "eu-nl"),
        ("https://OBS.EU-NL.otc.t-systems.com/", "eu-nl"),
        ("https://obs.eu-ch2.sc.otc.t-systems.com", "eu-ch2"),
    ],
)
def test_an_endpoint_of_another_region_is_refused(endpoint: str, named: str) -> None:
    assert problems("OTC", endpoint=endpoint) == [f"region: eu-de is not the region of the endpoint, {named}"]


@pytest.mark.parametrize("unknown", ["endpoint", "region"])
def test_the_region_is_not_compared_before_both_are_known(unknown: str) -> None:
    other = {"endpoint": "https://obs.eu-nl.otc.t-systems.com", "region": "eu-de"}
    assert problems("OTC", unknown, **other) == []


@pytest.mark.parametrize(
    "region", ["", "eu", "EU-DE", "eu_de", "eu-de\n", "eu-west-1", "obs.eu-de", "eu-\u0434e"]
)
def test_what_is_no_region_is_refused(region: str) -> None:
    [said] = problems("OTC", region=region)
    assert said.startswith("region: must be a region of the Open Telekom Cloud, such as eu-de")


@pytest.mark.parametrize("name", ["abc", "123", "a.b", "a-b", "a--b", "acme.training.eu", "a" * 63])
def test_an_obs_bucket_name_is_accepted(name: str) -> None:
    assert canonical("OTC", buckets=[name])["buckets"][0]["name"] == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab",
        "a" * 64,
        "Abc",
        "a_b",
        "-abc",
        "abc-",
        ".abc",
        "abc.",
        "a..b",
        "my-.bucket",
        "my.-bucket",
        "10.0.0.1",
    ],
)
def test_what_obs_does_not_allow_is_refused(name: str) -> None:
    assert places("OTC", buckets=[name]) == {"buckets[0].name"}


def test_every_field_is_required() -> None:
    needed = ("title", "endpoint", "region", "buckets", "access_key_id", "secret_access_key")
    assert problems("OTC", **dict.fromkeys(needed)) == [f"{name}: is required" for name in needed]
