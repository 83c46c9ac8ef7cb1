"""The rows of Encord's page and everything outside them, against a table that was typed by hand."""

import json
from itertools import product

import pytest

from pulumi_encord_integrations.model.integration_registry import integration_type, integration_types
from pulumi_encord_integrations.model.scenarios import SCENARIOS, Reach, judge
from tests.support.matrix import MATRIX, OFF_VPN, ON_VPN, PAGE, PRESETS, Point, allowed

every_point = pytest.mark.parametrize("point", MATRIX, ids=str)


def test_the_table_holds_the_whole_space_once() -> None:
    types = [(kind.provider, "") for kind in integration_types()]
    places = [("S3_COMPATIBLE", preset) for preset in PRESETS]
    places += [("DIRECT_ACCESS", source) for source in (*ON_VPN, *OFF_VPN)]
    plain = [one for one in types if one[0] not in dict(places)]
    space = set(product([*plain, *places], (False, True), (False, True), ("SIGNED", "UNSIGNED")))
    held = [((p.provider, p.place), p.strict, p.over_vpn, p.url_kind) for p in MATRIX]
    assert set(held) == space
    assert len(held) == len(space) == 160


@every_point
def test_the_function_answers_what_the_page_says(point: Point) -> None:
    source = point.place if point.provider == "DIRECT_ACCESS" else None
    verdict = judge(Reach(point.provider, point.strict, point.over_vpn, point.url_kind, source))
    assert (verdict.scenario.name if verdict.scenario else None) == point.scenario
    assert {problem.where for problem in verdict.problems} == {name for name, _ in point.reasons}
    assert point.told_in("; ".join(str(problem) for problem in verdict.problems))


def test_the_rows_are_those_of_the_page_in_its_order() -> None:
    assert [row.name for row in SCENARIOS] == list(PAGE)


@pytest.mark.parametrize("point", [p for p in MATRIX if p.scenario], ids=str)
def test_an_integration_is_answered_with_its_scenario(point: Point) -> None:
    kind = integration_type(point.provider)
    assert kind
    settings = kind.spec.model_validate(point.declared()).model_dump(mode="json")
    assert json.loads(json.dumps(kind.scenario(settings))) == allowed(point.scenario or "")
