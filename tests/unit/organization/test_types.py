"""An entry of every type: declared, and refused in the file's own places."""

import json
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.organization.diagnostics import BadDeclaration
from pulumi_encord_integrations.organization.integrations import IntegrationEntry
from pulumi_encord_integrations.organization.loader import load
from tests.support.matrix import MATRIX, Point
from tests.support.types import CANARY, CASES, EXPIRING, Case

every_type = pytest.mark.parametrize("case", CASES.values(), ids=str)


def entry(case: Case, **more: Any) -> dict[str, Any]:
    """As a file holds it: secrets are named by their keys of the configuration."""
    named = {name: {"config": f"my-{name}"} for name in case.secrets}
    return {"type": case.provider.lower(), **case.declared(**named), **more}


def declared(folder: Path, written: dict[str, Any]) -> IntegrationEntry:
    file = folder / "encord.yaml"
    file.write_text(json.dumps({"integrations": {"one": written}}))
    [found] = load(file, "encord.yaml").integrations
    return found


def refusal(folder: Path, written: dict[str, Any]) -> str:
    with pytest.raises(BadDeclaration) as refused:
        declared(folder, written)
    return refused.value.message


@every_type
def test_an_entry_of_every_type_is_declared(tmp_path: Path, case: Case) -> None:
    found = declared(tmp_path, entry(case))
    assert found.kind.resource == case.resource
    assert found.values == {k: v for k, v in case.declared().items() if k not in case.secrets}
    assert {k: ref.config for k, ref in found.secrets.items()} == {k: f"my-{k}" for k in case.secrets}


@every_type
def test_a_secret_never_stands_in_the_file(tmp_path: Path, case: Case) -> None:
    for name in case.secrets:
        said = refusal(tmp_path, entry(case, **{name: case.inputs[name]}))
        assert said.startswith(f"error: {name} must not stand in the file")
        assert CANARY not in said


@pytest.mark.parametrize("point", [p for p in MATRIX if p.reasons], ids=str)
def test_a_scenario_outside_the_page_is_refused_with_every_reason(tmp_path: Path, point: Point) -> None:
    said = refusal(tmp_path, entry(CASES[point.provider], **point.settings))
    assert point.told_in(said.replace("\nhelp: ", "; "))


@pytest.mark.parametrize("case", [c for c in CASES.values() if c.provider not in EXPIRING], ids=str)
def test_an_expiry_where_there_is_none_is_refused_with_the_page_s_words(tmp_path: Path, case: Case) -> None:
    said = refusal(tmp_path, entry(case, signed_url_expiry="12h"))
    assert (
        "signed_url_expiry: custom signed URL expiration times are only available for AWS, GCP, and OTC"
        in said
    )


@pytest.mark.parametrize("provider", EXPIRING)
@pytest.mark.parametrize("written", ["12h", 43200, "PT12H", "7d"])
def test_an_expiry_is_passed_on_as_it_is_written(tmp_path: Path, provider: str, written: Any) -> None:
    found = declared(tmp_path, entry(CASES[provider], signed_url_expiry=written))
    assert found.values["signed_url_expiry"] == written


def test_azure_needs_one_way_in(tmp_path: Path) -> None:
    without = {name: value for name, value in entry(CASES["AZURE"]).items() if name != "sas_token"}
    assert "sas_token is required" in refusal(tmp_path, without)


@pytest.mark.parametrize(("written", "seconds"), [("7d", 604_800), (3_600, 3_600), ("P1W", 604_800)])
def test_the_span_before_a_token_s_end_is_passed_on(tmp_path: Path, written: str | int, seconds: int) -> None:
    found = declared(tmp_path, entry(CASES["AZURE"], renew_before=written))
    assert found.values["renew_before"] == seconds
    assert "renew_before" not in declared(tmp_path, entry(CASES["AZURE"])).values


@pytest.mark.parametrize("written", ["soon", 0, True, [], "P1M"])
def test_what_is_no_span_before_an_end_is_refused(tmp_path: Path, written: Any) -> None:
    assert "error: renew_before must be " in refusal(tmp_path, entry(CASES["AZURE"], renew_before=written))


@pytest.mark.parametrize("case", [c for c in CASES.values() if c.provider != "AZURE"], ids=str)
def test_a_span_before_an_end_that_is_not_known_is_refused(tmp_path: Path, case: Case) -> None:
    said = refusal(tmp_path, entry(case, renew_before="7d"))
    assert said.startswith("error: renew_before is about SAS tokens, and this type has none\n")
    assert said.endswith("help: leave it out")
