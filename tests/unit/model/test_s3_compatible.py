"""Each service's own rules for endpoints and bucket names."""

from typing import Any

import pytest

from tests.unit.model.examined import canonical, places, problems

R2 = "0123456789abcdef0123456789abcdef"
ENDPOINTS = [
    ("MINIO", "https://minio.example.com:9000"),
    ("MINIO", "https://10.0.0.7:9000"),
    ("MINIO", "http://localhost:9000"),
    ("OTHER", "https://fsn1.your-objectstorage.com"),
    ("OTHER", "https://s3.eu-central-1.wasabisys.com"),
    ("WASABI", "https://s3.wasabisys.com"),
    ("WASABI", "https://s3.eu-central-1.wasabisys.com"),
    ("WASABI", "https://s3.ap-northeast-2.wasabisys.com"),
    ("ORACLE", "https://axaxnpcrorw5.compat.objectstorage.us-phoenix-1.oraclecloud.com"),
    ("ORACLE", "https://axaxnpcrorw5.compat.objectstorage.eu-frankfurt-1.oci.customer-oci.com"),
    ("ORACLE", "https://acme.compat.objectstorage.eu-frankfurt-2.oraclecloud.eu"),
    ("ORACLE", "https://acme.compat.objectstorage.us-langley-1.oraclegovcloud.com"),
    ("ORACLE", "https://acme.compat.objectstorage.uk-gov-london-1.oraclegovcloud.uk"),
    ("ORACLE", "https://acme.compat.objectstorage.ap-chiyoda-1.oraclecloud8.com"),
    ("CLOUDFLARE_R2", f"https://{R2}.r2.cloudflarestorage.com"),
    ("CLOUDFLARE_R2", f"https://{R2}.eu.r2.cloudflarestorage.com"),
    ("CLOUDFLARE_R2", f"https://{R2}.fedramp.r2.cloudflarestorage.com"),
    ("COREWEAVE", "https://cwobject.com"),
    ("COREWEAVE", "https://object.ord1.coreweave.com"),
]
FOREIGN = [
    ("WASABI", "https://wasabisys.com"),
    ("WASABI", "https://s3.wasabisys.com.example.com"),
    ("WASABI", "https://s3-wasabisys.com"),
    ("ORACLE", "https://objectstorage.eu-frankfurt-1.oraclecloud.com"),
    ("ORACLE", "https://acme.compat.objectstorage.eu-frankfurt-1.example.com"),
    ("ORACLE", "https://acme.compat.objectstorage.eu-frankfurt-1.oraclecloud.com.example.com"),
    ("CLOUDFLARE_R2", "https://r2.cloudflarestorage.com"),
    ("CLOUDFLARE_R2", f"https://{R2[1:]}.r2.cloudflarestorage.com"),
    ("CLOUDFLARE_R2", f"https://{R2}.r2.dev"),
    ("COREWEAVE", "https://cwobject.com.example.com"),
    ("COREWEAVE", "https://coreweave.com"),
]


def endpoint_of(preset: str) -> str:
    return next(endpoint for name, endpoint in ENDPOINTS if name == preset)


def named(preset: str, name: str) -> set[str]:
    return places("S3_COMPATIBLE", preset=preset, endpoint=endpoint_of(preset), buckets=[name])


@pytest.mark.parametrize(("preset", "endpoint"), ENDPOINTS)
def test_a_service_is_reached_at_its_own_hosts(preset: str, endpoint: str) -> None:
    assert canonical("S3_COMPATIBLE", preset=preset, endpoint=endpoint)["endpoint"] == endpoint


@pytest.mark.parametrize(("preset", "endpoint"), FOREIGN)
def test_a_service_is_not_reached_elsewhere(preset: str, endpoint: str) -> None:
    [said] = problems("S3_COMPATIBLE", preset=preset, endpoint=endpoint)
    assert said.startswith(f"endpoint: is no endpoint of {preset}, such as https://")
    assert said.endswith("; use preset OTHER for other storage")


@pytest.mark.parametrize("unknown", ["preset", "endpoint"])
def test_the_hosts_are_not_compared_before_both_are_known(unknown: str) -> None:
    foreign = {"preset": "WASABI", "endpoint": "https://storage.example.com"}
    assert problems("S3_COMPATIBLE", unknown, **foreign) == []


@pytest.mark.parametrize("preset", ["MINIO", "WASABI", "ORACLE", "CLOUDFLARE_R2", "COREWEAVE", "OTHER"])
@pytest.mark.parametrize("name", ["abc", "123", "a-b", "acme--training", "a" * 63])
def test_a_plain_bucket_name_is_accepted_anywhere(preset: str, name: str) -> None:
    assert named(preset, name) == set()


@pytest.mark.parametrize("preset", ["MINIO", "WASABI", "ORACLE", "CLOUDFLARE_R2", "COREWEAVE", "OTHER"])
@pytest.mark.parametrize(
    "name", ["", "a/b", "a b", "a..b", ".abc", "abc.", "192.168.5.4", "acm\u00e9", "abc\n"]
)
def test_what_no_service_allows_is_refused(preset: str, name: str) -> None:
    assert named(preset, name) == {"buckets[0].name"}


@pytest.mark.parametrize(
    ("preset", "name", "allowed"),
    [
        ("MINIO", "a.b", True),
        ("WASABI", "a.b", True),
        ("MINIO", "a-.b", False),
        ("WASABI", "my-.bucket", False),
        ("MINIO", "Acme", True),
        ("MINIO", "acme_data", True),
        ("MINIO", "_acme", False),
        ("MINIO", "acme_", False),
        ("MINIO", "ab", False),
        ("WASABI", "acme_data", False),
        ("MINIO", "a" * 64, False),
        ("ORACLE", "Acme_Data.2026", True),
        ("ORACLE", "a" * 256, True),
        ("ORACLE", "a" * 257, False),
        ("OTHER", "Acme_Data", True),
        ("CLOUDFLARE_R2", "a.b", False),
        ("CLOUDFLARE_R2", "a_b", False),
        ("COREWEAVE", "a.b", False),
        ("COREWEAVE", "cw-data", False),
        ("COREWEAVE", "vip-data", False),
        ("COREWEAVE", "xn--data", False),
        ("COREWEAVE", "acme-cw-data", True),
        ("MINIO", "cw-data", True),
    ],
)
def test_bucket_names_follow_the_services_rules(preset: str, name: str, allowed: bool) -> None:
    assert named(preset, name) == (set() if allowed else {"buckets[0].name"})


@pytest.mark.parametrize("preset", ["", "minio", "DIGITAL_OCEAN", "AWS", 7, None])
def test_what_is_no_preset_is_refused(preset: Any) -> None:
    assert places("S3_COMPATIBLE", preset=preset) == {"preset"}


def test_a_wrong_preset_is_told_with_all_that_there_are() -> None:
    [said] = problems("S3_COMPATIBLE", preset="minio")
    assert said == "preset: must be MINIO, WASABI, ORACLE, CLOUDFLARE_R2, COREWEAVE or OTHER"


@pytest.mark.parametrize("region", [None, "auto", "us-east-1", "US", "fsn1", "a" * 63])
def test_a_region_is_any_name(region: str | None) -> None:
    assert problems("S3_COMPATIBLE", region=region) == []


@pytest.mark.parametrize("region", ["", "-a", "eu west", "eu/west", "a" * 64, "r\u00e9gion", "auto\n"])
def test_what_is_no_region_is_refused(region: str) -> None:
    assert places("S3_COMPATIBLE", region=region) == {"region"}
