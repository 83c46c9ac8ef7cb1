"""The page on the cloud side lists every argument of the components, and the checks as they are made."""

import re
from pathlib import Path
from typing import get_args

import pytest

from pulumi_encord_integrations import components
from pulumi_encord_integrations.model.access_checks import OVER_THE_NETWORK, CheckName, checks_of
from pulumi_encord_integrations.model.scenarios import DIRECT_ACCESS, Reach
from tests.meta.test_documented import section, table

pytest.importorskip("pulumi_aws", reason="Pulumi's SDK for AWS is not installed: the extra aws")
COLUMNS = ("AWS", "OTC", DIRECT_ACCESS)


@pytest.fixture
def page(repository: Path) -> str:
    return (repository / "docs" / "cloud-access.md").read_text()


def names(rows: list[list[str]]) -> set[str]:
    return {name for row in rows for name in re.findall(r"`(\w+)`", row[0])}


@pytest.mark.parametrize(
    ("title", "heading", "args"),
    [
        ("One resource for AWS", "input | rule", "AwsEncordIntegrationArgs"),
        ("AwsBucketAccess", "input | rule | a change", "AwsBucketAccessArgs"),
        ("AwsBucketAccess", "of a bucket | rule", "AwsBucketArgs"),
    ],
)
def test_every_argument_has_its_row(page: str, title: str, heading: str, args: str) -> None:
    assert names(table(section(page, title), heading)) == set(getattr(components, args).__annotations__)


@pytest.mark.parametrize(
    ("title", "name", "more"),
    [("One resource for AWS", "AwsEncordIntegration", {"integration"}), ("AwsBucketAccess",) * 2 + (set(),)],
)
def test_every_output_has_its_row(page: str, title: str, name: str, more: set[str]) -> None:
    outputs = getattr(components, name).__annotations__
    assert names(table(section(page, title), "output | meaning")) == {*outputs, *more}


def test_the_table_of_checks_is_what_is_made(page: str) -> None:
    heading = "check | asks | AWS | OTC, S3_COMPATIBLE | Direct Access | strict client-only | over VPN"
    rows = {row[0].strip("`"): row[2:] for row in table(section(page, "AccessCheck"), heading)}
    assert list(rows) == list(get_args(CheckName))
    for name, cells in rows.items():
        made = [bool(cell) for cell in cells[:3]]
        assert made == [name in checks_of(Reach(type_, False, False)) for type_ in COLUMNS]
        assert (cells[3] != "no") is any(name in checks_of(Reach(type_, True, False)) for type_ in COLUMNS)
        assert (cells[4] == "cannot tell") is (name in OVER_THE_NETWORK)
