"""The pages on the cloud side list every argument of the components, and the checks as they are made."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from pulumi_encord_integrations import components
from pulumi_encord_integrations.model.access_checks import OVER_THE_NETWORK, CheckName, checks_of
from pulumi_encord_integrations.model.scenarios import DIRECT_ACCESS, Reach
from tests.meta.test_documented import section, table
from tests.meta.test_typing import SDKS

for _sdk in SDKS:
    pytest.importorskip(_sdk, reason=f"{_sdk} is not installed: the extras aws, gcp and azure")
COLUMNS = ("AWS", "GCP", "AZURE", "OTC", DIRECT_ACCESS)
INPUTS, INPUTS_THAT_CHANGE, OUTPUTS = "input | rule", "input | rule | a change", "output | meaning"


@pytest.fixture
def pages(repository: Path) -> Callable[[str], str]:
    return lambda name: (repository / "docs" / f"{name}.md").read_text()


def names(rows: list[list[str]]) -> set[str]:
    return {name for row in rows for name in re.findall(r"`(\w+)`", row[0])}


ARGUMENTS = [
    ("aws", "One resource for AWS", INPUTS, "AwsEncordIntegrationArgs"),
    ("aws", "AwsBucketAccess", INPUTS_THAT_CHANGE, "AwsBucketAccessArgs"),
    ("aws", "AwsBucketAccess", "of a bucket | rule", "AwsBucketArgs"),
    ("gcp", "One resource for GCP", INPUTS, "GcpEncordIntegrationArgs"),
    ("gcp", "GcpBucketAccess", INPUTS_THAT_CHANGE, "GcpBucketAccessArgs"),
    ("gcp", "GcpBucketAccess", "of a bucket | rule", "GcpBucketArgs"),
    ("azure", "One resource for Azure", INPUTS, "AzureEncordIntegrationArgs"),
    ("azure", "AzureContainerAccess", INPUTS_THAT_CHANGE, "AzureContainerAccessArgs"),
    ("azure", "A SAS token that is renewed", "of `sas` | rule", "AzureSasArgs"),
]
RESULTS = [
    ("aws", "One resource for AWS", "AwsEncordIntegration", {"integration"}),
    ("aws", "AwsBucketAccess", "AwsBucketAccess", set()),
    ("gcp", "One resource for GCP", "GcpEncordIntegration", {"integration"}),
    ("gcp", "GcpBucketAccess", "GcpBucketAccess", set()),
    ("azure", "One resource for Azure", "AzureEncordIntegration", {"integration"}),
    ("azure", "AzureContainerAccess", "AzureContainerAccess", set()),
]


def test_the_pages_are_about_every_component() -> None:
    assert {row[3] for row in ARGUMENTS} | {row[2] for row in RESULTS} == set(components.__all__)


@pytest.mark.parametrize(("page", "title", "heading", "args"), ARGUMENTS)
def test_every_argument_has_its_row(
    pages: Callable[[str], str], page: str, title: str, heading: str, args: str
) -> None:
    rows = table(section(pages(page), title), heading)
    assert names(rows) == set(getattr(components, args).__annotations__)


@pytest.mark.parametrize(("page", "title", "name", "more"), RESULTS)
def test_every_output_has_its_row(
    pages: Callable[[str], str], page: str, title: str, name: str, more: set[str]
) -> None:
    outputs = getattr(components, name).__annotations__
    assert names(table(section(pages(page), title), OUTPUTS)) == {*outputs, *more}


def test_the_table_of_checks_is_what_is_made(pages: Callable[[str], str]) -> None:
    types = "AWS | GCP | AZURE | OTC, S3_COMPATIBLE | Direct Access"
    heading = f"check | asks | {types} | strict client-only | over VPN"
    rows = {
        row[0].strip("`"): row[2:] for row in table(section(pages("cloud-access"), "AccessCheck"), heading)
    }
    assert list(rows) == list(get_args(CheckName))
    for name, (*of_types, strict, over_vpn) in rows.items():
        made = [bool(cell) for cell in of_types]
        assert made == [name in checks_of(Reach(type_, False, False)) for type_ in COLUMNS]
        assert (strict != "no") is any(name in checks_of(Reach(type_, True, False)) for type_ in COLUMNS)
        assert (over_vpn == "cannot tell") is (name in OVER_THE_NETWORK)
