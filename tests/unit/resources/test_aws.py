"""What an AWS integration's program is warned about."""

from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations import AwsIntegration
from tests.support.types import CASES
from tests.unit.resources.mocked import deploy, unknown

CASE = CASES["AWS"]


@pytest.mark.parametrize(
    ("buckets", "region", "told"),
    [
        (["acme"], None, []),
        (["acme_raw"], "us-east-1", []),
        (["acme", "acme_raw", {"name": "AcmeRaw"}], None, ["acme_raw, AcmeRaw"]),
        (pulumi.Output.from_input(["acme_raw"]), None, ["acme_raw"]),
        (["not a bucket", 7, {"names": "A"}], None, []),
        ("acme_raw", None, []),
        (unknown(), None, []),
    ],
)
def test_a_bucket_name_that_s3_no_longer_allows_is_told_once(
    buckets: Any, region: str | None, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, resource: said.append(f"{resource._name}: {text}"))
    declared = CASE.declared(buckets=buckets, region=region)
    deploy(lambda: AwsIntegration("prod", **declared), preview=True)
    begin = "prod: S3 no longer allows such bucket names: "
    assert [line.removeprefix(begin).partition(". ")[0] for line in said] == told
