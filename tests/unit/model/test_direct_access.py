"""Direct Access: ten sources, two kinds of URLs; the scenarios are in test_scenarios.py."""

from typing import Any

import pytest

from tests.support.matrix import OFF_VPN, ON_VPN
from tests.unit.model.examined import canonical, places, problems

ALL_SOURCES = (
    "GCP, AWS, AZURE, MINIO, DROPBOX, GOOGLE_DRIVE, ONE_DRIVE, DIGITAL_OCEAN, ANY_OBJECT_STORAGE or "
    "ANY_STATIC_HOSTED_FILES"
)


@pytest.mark.parametrize("source", [*ON_VPN, *OFF_VPN])
@pytest.mark.parametrize("url_kind", ["SIGNED", "UNSIGNED"])
def test_every_source_of_the_page_may_be_declared(source: str, url_kind: str) -> None:
    declared = canonical("DIRECT_ACCESS", source=source, url_kind=url_kind)
    assert (declared["source"], declared["url_kind"]) == (source, url_kind)


@pytest.mark.parametrize(
    "source", ["", "aws", "OTC", "WASABI", "GOOGLE-DRIVE", "ONEDRIVE", "S3_COMPATIBLE", 7, ["AWS"], None]
)
def test_what_is_no_source_is_refused(source: Any) -> None:
    assert places("DIRECT_ACCESS", source=source) == {"source"}


@pytest.mark.parametrize("url_kind", ["", "signed", "SIGNED_URL", True, None])
def test_what_is_no_kind_of_url_is_refused(url_kind: Any) -> None:
    assert places("DIRECT_ACCESS", url_kind=url_kind) == {"url_kind"}


def test_a_refusal_names_all_that_is_allowed() -> None:
    assert problems("DIRECT_ACCESS", source="DROPBOXX", url_kind="BOTH") == [
        f"source: must be {ALL_SOURCES}",
        "url_kind: must be SIGNED or UNSIGNED",
    ]


@pytest.mark.parametrize("unknown", ["source", "url_kind", "strict_client_only", "over_vpn"])
def test_the_scenario_is_not_judged_before_it_is_known(unknown: str) -> None:
    outside = {"source": "DROPBOX", "url_kind": "SIGNED", "strict_client_only": False, "over_vpn": True}
    assert problems("DIRECT_ACCESS", unknown, **outside) == []


@pytest.mark.parametrize("name", ["buckets", "endpoint", "role_arn", "secret_access_key"])
def test_what_would_be_needed_to_sign_is_unknown(name: str) -> None:
    assert problems("DIRECT_ACCESS", **{name: "x"})[0].startswith(f'{name}: unknown key "{name}"')
