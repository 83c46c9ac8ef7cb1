"""What an Azure integration's program is warned about, and what decides when."""

from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations import AzureIntegration
from tests.support.sas import OVER, in_
from tests.support.types import CANARY, CASES, TENANT, sas_token
from tests.unit.resources.mocked import deploy, unknown

CASE = CASES["AZURE"]
GOOD = sas_token(CANARY)
SOON = sas_token(CANARY, in_(8.5))
WIDE = GOOD.replace("sp=rl", "sp=rwl")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Warnings, each with the name of the resource that it stands at."""
    lines: list[tuple[str, str]] = []

    def warn(text: str, resource: pulumi.Resource) -> None:
        lines.append((resource._name, text))

    monkeypatch.setattr(pulumi.log, "warn", warn)
    return lines


def declare(token: Any, *, preview: bool = False, **more: Any) -> None:
    deploy(lambda: AzureIntegration("scans", **CASE.declared(sas_token=token, **more)), preview=preview)


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("passed", [str, pulumi.Output.from_input, pulumi.Output.secret])
@pytest.mark.parametrize("prefix", ["", "?"])
def test_an_end_that_comes_soon_is_told_once_however_it_is_passed(
    said: list[tuple[str, str]], preview: bool, passed: Any, prefix: str
) -> None:
    declare(passed(prefix + SOON), preview=preview)
    [(name, text)] = said
    assert name == "scans"
    assert text.startswith("its SAS token ends on ")
    assert text.endswith(" UTC (in 8 days): renew it")
    assert CANARY not in text


def test_what_a_token_opens_beyond_the_needed_is_told(said: list[tuple[str, str]]) -> None:
    declare(WIDE)
    assert said == [("scans", "its SAS token opens more than blobs to read and list: write")]


@pytest.mark.parametrize("token", [GOOD, OVER, "nonsense", f"{SOON}&sr=c", 7])
def test_what_is_right_or_refused_has_no_warning(said: list[tuple[str, str]], token: Any) -> None:
    declare(token)
    assert said == []


def test_without_a_token_there_is_nothing_to_warn_about(said: list[tuple[str, str]]) -> None:
    declare(None, tenant_id=TENANT)
    assert said == []


def test_a_token_that_is_not_known_yet_is_not_judged(said: list[tuple[str, str]]) -> None:
    declare(pulumi.Output.from_input(unknown()), preview=True)
    assert said == []


@pytest.mark.parametrize(
    ("span", "told"),
    [("8d", False), ("9d", True), (8 * 86_400, False), ("P9D", True), ("520w", True), ("1s", False)],
)
def test_the_span_decides_when(said: list[tuple[str, str]], span: str | int, told: bool) -> None:
    declare(SOON, renew_before=span)
    assert bool(said) is told


@pytest.mark.parametrize("span", ["soon", "", 0, -1, True, None, 1.5, "P1M", "11y", "600w"])
def test_what_is_no_span_stops_the_program_before_anything_is_declared(span: Any) -> None:
    with pytest.raises(pulumi.RunError, match=r"^AzureIntegration: renew_before: must be "):
        AzureIntegration("scans", **CASE.declared(), renew_before=span)


def test_the_span_is_not_sent() -> None:
    recorded = deploy(lambda: AzureIntegration("scans", **CASE.declared(), renew_before="7d"))
    assert "renew_before" not in recorded.inputs("scans")
