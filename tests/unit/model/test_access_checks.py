"""Which checks of access each type and scenario gets, and what their answers amount to.

The table is typed by hand from the rule; it is a second source.
"""

from typing import Any

import pytest

from pulumi_encord_integrations.model.access_checks import (
    OVER_THE_NETWORK,
    AccessCheckRequest,
    AccessCheckSpec,
    CheckOutcome,
    checks_of,
    judged,
)
from pulumi_encord_integrations.model.integration_registry import integration_types
from tests.support.matrix import MATRIX, Point
from tests.unit.model.examined import spec_of

UUID = "3f0c1c53-8d0b-4d9c-9d1a-6a5f6f3d2b11"
TRUST = ["assume_with_id", "assume_without_id", "assume_with_wrong_id"]
DATA = ["list", "read", "sign", "write"]
CORS = ["preflight", "preflight_elsewhere"]
CHECKS: dict[tuple[str, bool], list[str]] = {
    # type, strict client-only
    ("AWS", False): [*TRUST, *DATA, *CORS],
    ("AWS", True): [*TRUST, "sign", *CORS],
    ("OTC", False): [*DATA, *CORS],
    ("OTC", True): ["sign", *CORS],
    ("S3_COMPATIBLE", False): [*DATA, *CORS],
    ("S3_COMPATIBLE", True): ["sign", *CORS],
    ("DIRECT_ACCESS", False): ["fetch", "preflight"],
    ("DIRECT_ACCESS", True): ["preflight"],
    ("GCP", False): ["control", *DATA, *CORS],
    ("GCP", True): ["control", "sign", *CORS],
    ("AZURE", False): ["credential", "control", *DATA, *CORS],
    ("AZURE", True): ["credential", "control", "sign", *CORS],
}
"""VPN changes nothing of the names."""


@pytest.mark.parametrize("point", [point for point in MATRIX if point.scenario], ids=str)
def test_each_scenario_gets_the_checks_of_the_rule_in_order(point: Point) -> None:
    declared, wrong = spec_of(point.provider).examine(point.declared())
    assert declared, wrong
    assert list(checks_of(declared.reach)) == CHECKS[point.provider, point.strict]


def test_the_rule_is_about_every_type() -> None:
    types = {kind.provider for kind in integration_types()}
    assert {provider for provider, _ in CHECKS} == types


def test_strict_client_only_data_is_neither_listed_nor_read_nor_written() -> None:
    asked = {name for (_, strict), names in CHECKS.items() if strict for name in names}
    assert not asked & {"list", "read", "write", "fetch"}


def test_over_vpn_what_needs_the_network_cannot_be_told() -> None:
    assert {"credential", "fetch", *CORS} == OVER_THE_NETWORK


def outcome(success: bool | None, required: bool) -> CheckOutcome:
    return CheckOutcome(name="list", success=success, required=required, message="m")


YES, NO, UNKNOWN = (outcome(answer, True) for answer in (True, False, None))
YES_ANYWAY, NO_ANYWAY, UNKNOWN_ANYWAY = (outcome(answer, False) for answer in (True, False, None))
VERDICTS: list[tuple[list[CheckOutcome], bool | None]] = [
    ([], True),
    ([YES], True),
    ([NO], False),
    ([UNKNOWN], None),
    ([YES_ANYWAY], True),
    ([NO_ANYWAY], True),
    ([UNKNOWN_ANYWAY], True),
    ([YES, NO], False),
    ([YES, UNKNOWN], None),
    ([NO, UNKNOWN], False),
    ([UNKNOWN, NO], False),
    ([YES, NO_ANYWAY], True),
    ([YES, UNKNOWN_ANYWAY], True),
    ([NO, YES_ANYWAY], False),
    ([NO, UNKNOWN_ANYWAY], False),
    ([UNKNOWN, YES_ANYWAY], None),
    ([UNKNOWN, NO_ANYWAY], None),
    ([UNKNOWN, NO_ANYWAY, NO], False),
    ([YES, YES, YES], True),
]


@pytest.mark.parametrize(("checks", "valid"), VERDICTS)
def test_a_failure_outweighs_what_cannot_be_told_and_only_what_is_required_counts(
    checks: list[CheckOutcome], valid: bool | None
) -> None:
    found = judged(iter(checks))
    assert (found.valid, found.checks) == (valid, checks)


URL = "https://files.example.com/a.mp4"
GOOD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"urls": [], "writable": False, "required": True, "retry_for": 120, "triggers": None}),
    ({"urls": [URL] * 100}, {"urls": [URL] * 100}),
    ({"retry_for": 1}, {"retry_for": 1}),
    ({"retry_for": "15m"}, {"retry_for": 900}),
    ({"retry_for": "PT90S"}, {"retry_for": 90}),
    ({"settings_revision": 7}, {"settings_revision": 7}),
    ({"triggers": {"any": ["value", 1]}}, {"triggers": {"any": ["value", 1]}}),
    ({"integration": UUID.upper()}, {"integration": UUID}),
]


@pytest.mark.parametrize(("given", "read"), GOOD)
def test_a_check_within_its_bounds_is_read(given: dict[str, Any], read: dict[str, Any]) -> None:
    spec, wrong = AccessCheckSpec.examine({"integration": UUID, **given})
    assert spec, wrong
    assert spec.model_dump().items() >= read.items()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"urls": [URL] * 101}, "urls: has 101 entries; at most 100 are allowed"),
    ({"urls": URL}, "urls: must be a list"),
    ({"urls": [7]}, "urls[0]: must be a string"),
    ({"urls": [URL, None]}, "urls[1]: must be a string"),
    ({"urls": None}, "urls: must be a list"),
    ({"writable": "yes"}, "writable: must be true or false"),
    ({"writable": 1}, "writable: must be true or false"),
    ({"required": None}, "required: must be true or false"),
    ({"required": "false"}, "required: must be true or false"),
    ({"retry_for": 0}, "retry_for: must be 1 second to"),
    ({"retry_for": -1}, "retry_for: must be 1 second to"),
    ({"retry_for": 901}, "retry_for: must be at most 15 minutes (900 seconds)"),
    ({"retry_for": "1h"}, "retry_for: must be at most 15 minutes"),
    ({"retry_for": "11y"}, "retry_for: must be a duration"),
    ({"retry_for": True}, "retry_for: must be a duration"),
    ({"retry_for": 1.5}, "retry_for: must be a duration"),
    ({"retry_for": None}, "retry_for: must be a duration"),
    ({"settings_revision": "x"}, "settings_revision: must be"),
    ({"integration": "prod"}, "integration: must be"),
    ({"integration": None}, "integration: must be"),
    ({"retries": 3}, 'retries: unknown key "retries"'),
]


@pytest.mark.parametrize(("given", "problem"), WRONG)
def test_a_check_outside_its_bounds_is_refused_with_the_place(given: dict[str, Any], problem: str) -> None:
    spec, wrong = AccessCheckSpec.examine({"integration": UUID, **given})
    assert spec is None
    assert any(str(one).startswith(problem) for one in wrong), [*map(str, wrong)]


@pytest.mark.parametrize("name", ["required", "retryFor", "triggers", "integration"])
def test_the_api_is_asked_nothing_of_what_a_program_decides(name: str) -> None:
    request, wrong = AccessCheckRequest.examine({name: True}, wire=True)
    assert (request, str(wrong[0])) == (None, f'{name}: unknown key "{name}"')
